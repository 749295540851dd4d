//! `inspect verify`: a case's evidence, offline.

use super::{Answer, Failure, PathBuf, Ui, parts::read_parts, read};
use crate::{
    cmd::order::printable,
    failure::{FALSE, REFUSED},
};
use clap::Args;
use jiff::Timestamp;
use portcullis_core::digest::Digest;
use portcullis_verdict::{
    Anchor,
    evidence::{DocketShown, Evidence, Held, Package, Story, Told, Unpublished, tell},
    law::LAW_BYTES_MAX,
    parts::Contents,
    text::sha256,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, process::ExitCode};

/// Tells what a case's evidence shows: offline, with nothing but this program and the file.
///
/// Every part is the one that was sealed; every statement is judged under the registers in the
/// file, every proof under their witnesses, every opened docket under its schema. What is missing
/// is said, and so is what is false. It is judged as of when the file was made, or of `--at`.
///
/// Whoever made the file chose the laws and schemas in it. One that does not come with this program
/// is named with a `!`, and counts for nothing until you name it: read it, and give it with `--law`.
///
/// Example: `portcullis inspect verify case.pack --register-id sha256:…`
///
/// Exit codes: 0 nothing is false; 1 the register was not compared with one that you trust, or a
/// law or schema is known from the file alone; 4 something is false, or the file was altered.
#[derive(Args)]
pub(crate) struct Verify {
    /// What `portcullis inspect pack` wrote.
    file: PathBuf,
    /// The id of the register that you trust, as people compared it.
    #[arg(long, value_name = "SHA256")]
    register_id: Option<Digest>,
    /// A law or a schema that you know and rely on, of those in the file; may be repeated.
    #[arg(long, value_name = "FILE")]
    law: Vec<PathBuf>,
    /// Judges as of then.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

impl Verify {
    pub(super) fn run(self, ui: Ui) -> Answer {
        let (envelope, head, parts) = read_parts(&self.file, Contents::Evidence)?;
        let false_ = |error: &portcullis_verdict::evidence::EvidenceError| {
            Failure::false_(error.code(), format!("`{}`: {error}", self.file.display()))
        };
        let listed: Vec<_> = parts
            .iter()
            .map(|part| json!({ "name": part.name, "bytes": part.bytes.len() }))
            .collect();
        let mut named = BTreeSet::new();
        for path in &self.law {
            named.insert(sha256(&read(path, LAW_BYTES_MAX)?));
        }
        let at = self.at.unwrap_or(head.made_at);
        let made_at = head.made_at;
        let evidence = Evidence {
            envelope,
            head,
            held: Held::from_parts(parts).map_err(|error| false_(&error))?,
        };
        let story =
            tell(&evidence, self.register_id.map(Anchor), at).map_err(|error| false_(&error))?;
        let judged = Judged {
            story: &story,
            named: &named,
            made_at,
            at,
        };
        for line in judged.lines() {
            ui.say(printable(&line));
        }
        ui.answer(&judged.json(&listed));
        Ok(ExitCode::from(if !story.false_.is_empty() {
            FALSE
        } else if judged.holds() {
            0
        } else {
            REFUSED
        }))
    }
}

/// A story, and what whoever reads it relies on.
struct Judged<'a> {
    story: &'a Story,
    /// The laws and schemas given with `--law`.
    named: &'a BTreeSet<Digest>,
    made_at: Timestamp,
    at: Timestamp,
}

impl Judged<'_> {
    /// The laws and schemas that nobody but the file's maker vouches for.
    fn unknown(&self) -> impl Iterator<Item = &Unpublished> {
        let all = self.story.unpublished.iter();
        all.filter(|one| !self.named.contains(&one.digest))
    }

    fn holds(&self) -> bool {
        let story = self.story;
        story.false_.is_empty() && story.compared && self.unknown().next().is_none()
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = lines(self.story, self.made_at, self.at);
        let warnings = self.unknown().map(|one| {
            format!(
                "  ! THE {} {} DOES NOT COME WITH THIS PROGRAM: whoever made the file may have written it; read it, and name it with `--law FILE`",
                one.what.to_uppercase(),
                one.digest
            )
        });
        // Before the verdict, which rests on them.
        lines.splice(1..1, warnings);
        lines
    }

    fn json(&self, parts: &[Value]) -> Value {
        let mut json = json_of(self.story, self.made_at, self.at, parts);
        let unpublished = |one: &Unpublished| {
            json!({
                "what": one.what,
                "digest": one.digest.to_string(),
                "named": self.named.contains(&one.digest),
            })
        };
        let all = self.story.unpublished.iter();
        json["unpublished"] = all.map(unpublished).collect();
        json["holds"] = self.holds().into();
        json
    }
}

fn lines(story: &Story, made_at: Timestamp, at: Timestamp) -> Vec<String> {
    let (register, version) = story.register;
    let mut lines = vec![format!("{}  as `{}` holds it", story.case, story.member)];
    if !story.compared {
        lines.push(format!(
            "  ! THE REGISTER WAS NOT COMPARED with one that you trust: give `--register-id`; the file says it is {}",
            register.0
        ));
    }
    lines.push(match &story.sealed_by {
        Ok(offices) => {
            let offices: Vec<_> = offices.iter().map(|office| office.as_str()).collect();
            format!("  sealed by {} at {made_at}", offices.join(", "))
        }
        Err((_, why)) => format!("  ✗ {why}"),
    });
    lines.push(format!(
        "  judged as of {at} under register {} version {version}",
        register.0
    ));
    lines.push(format!("  {}", story.verdict.line));
    lines.push("statements".into());
    lines.extend(story.told.iter().map(told_words));
    if !story.packages.is_empty() {
        lines.push("packages, by their digests".into());
        lines.extend(story.packages.iter().map(package_words));
    }
    if !story.opened.is_empty() {
        lines.push("opened dockets".into());
        lines.extend(story.opened.iter().map(docket_words));
    }
    if story.attachments > 0 {
        lines.push(format!(
            "  ! {} attachment(s): grounds and persons are in this file",
            story.attachments
        ));
    }
    if !story.missing.is_empty() {
        lines.push("missing".into());
        lines.extend(story.missing.iter().map(|what| format!("  · {what}")));
    }
    if !story.false_.is_empty() {
        lines.push("FALSE".into());
        let each = story.false_.iter();
        lines.extend(each.map(|(code, why)| format!("  ✗ {why} [{code}]")));
    }
    lines
}

fn told_words(told: &Told) -> String {
    let mark = if told.false_.is_some() { '✗' } else { '✓' };
    let offices: Vec<_> = told.offices.iter().map(|office| office.as_str()).collect();
    let proof = match (told.witnessed, told.index) {
        (Some(at), Some(index)) => format!("recorded at {index}, witnessed {at}"),
        _ => "not proved to be recorded".into(),
    };
    format!(
        "  {mark} {}  {:22} {} of {}; {proof}",
        told.time,
        told.kind,
        offices.join(", "),
        told.author
    )
}

fn package_words(package: &Package) -> String {
    let collected = match package.collected {
        Some((at, true)) => format!(", collected {at}"),
        Some((at, false)) => format!(", collected {at} AS OTHER BYTES"),
        None => String::new(),
    };
    let released = package
        .released
        .map_or_else(String::new, |at| format!(", released {at}"));
    format!(
        "  {}  {}, {} bytes{released}{collected}",
        package.package, package.ciphertext, package.size_bytes
    )
}

fn docket_words(docket: &DocketShown) -> String {
    match &docket.found {
        Ok((kind, 0)) => format!("  ✓ leaf {}: `{kind}`, counted in no cell", docket.index),
        Ok((kind, cell)) => format!(
            "  ✓ leaf {}: `{kind}`, counted in cell {cell}",
            docket.index
        ),
        Err((code, why)) => format!("  ✗ leaf {}: {why} [{code}]", docket.index),
    }
}

fn json_of(story: &Story, made_at: Timestamp, at: Timestamp, parts: &[Value]) -> Value {
    let told = |told: &Told| {
        json!({
            "digest": told.digest.to_string(),
            "kind": told.kind,
            "author": told.author.as_str(),
            "number": told.number,
            "time": told.time.to_string(),
            "offices": told.offices.iter().map(|office| office.as_str()).collect::<Vec<_>>(),
            "witnessed": told.witnessed.map(|at| at.to_string()),
            "index": told.index,
            "false": told.false_.as_ref().map(|(code, why)| json!({ "code": code, "detail": why })),
        })
    };
    let package = |package: &Package| {
        json!({
            "package": package.package.to_string(),
            "ciphertext": package.ciphertext.to_string(),
            "size_bytes": package.size_bytes,
            "manifest": package.manifest.to_string(),
            "items": package.items,
            "released": package.released.map(|at| at.to_string()),
            "collected": package.collected.map(|(at, _)| at.to_string()),
            "as_sealed": package.collected.map(|(_, same)| same),
        })
    };
    let docket = |docket: &DocketShown| match &docket.found {
        Ok((kind, cell)) => json!({ "index": docket.index, "kind": kind, "cell": cell }),
        Err((code, why)) => json!({ "index": docket.index, "code": code, "detail": why }),
    };
    json!({
        "case": story.case.to_string(),
        "member": story.member.as_str(),
        "made_at": made_at.to_string(),
        "at": at.to_string(),
        "parts": parts,
        "register": story.register.0.0.to_string(),
        "register_version": story.register.1,
        "register_compared": story.compared,
        "sealed_by": story.sealed_by.as_ref().ok().map(|offices| {
            offices.iter().map(|office| office.as_str()).collect::<Vec<_>>()
        }),
        "outcome": story.verdict.outcome.as_str(),
        "line": story.verdict.line,
        "statements": story.told.iter().map(told).collect::<Vec<_>>(),
        "packages": story.packages.iter().map(package).collect::<Vec<_>>(),
        "opened": story.opened.iter().map(docket).collect::<Vec<_>>(),
        "attachments": story.attachments,
        "missing": story.missing,
        "false": story.false_.iter()
            .map(|(code, why)| json!({ "code": code, "detail": why }))
            .collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_core::grant::GrantKind;
    use portcullis_verdict::{Outcome, Verdict};

    const LAW: Digest = Digest([7; 32]);

    /// A genuine order, told under a law of the file's own.
    fn story(at: Timestamp) -> Story {
        Story {
            case: "case_00000000000000000000000000000001".parse().unwrap(),
            member: "mail.example".parse().unwrap(),
            sealed_by: Ok([].into()),
            register: (Anchor(Digest([1; 32])), 1),
            compared: true,
            unpublished: vec![Unpublished {
                what: "law",
                digest: LAW,
            }],
            verdict: Verdict {
                outcome: Outcome::Genuine,
                kind: GrantKind::Order,
                line: "GENUINE".into(),
                code: None,
                checks: Vec::new(),
                at,
                case: None,
            },
            told: Vec::new(),
            packages: Vec::new(),
            opened: Vec::new(),
            attachments: 0,
            missing: Vec::new(),
            false_: Vec::new(),
        }
    }

    #[test]
    fn a_homemade_law_holds_for_whoever_named_it_and_a_register_once_it_was_compared() {
        let at: Timestamp = "2026-03-04T09:00:00Z".parse().unwrap();
        let check = |story: &Story, named: &[Digest]| {
            let named = named.iter().copied().collect();
            let judged = Judged {
                story,
                named: &named,
                made_at: at,
                at,
            };
            let (lines, json) = (judged.lines(), judged.json(&[]));
            let place = |word: &str| lines.iter().position(|line| line.contains(word));
            let warned = place("DOES NOT COME WITH THIS PROGRAM");
            assert!(warned.is_none() || warned < place("GENUINE"), "{lines:?}");
            assert_eq!(json["unpublished"][0]["digest"], LAW.to_string());
            assert_eq!(json["unpublished"][0]["named"], warned.is_none());
            assert_eq!(json["holds"], judged.holds());
            (judged.holds(), warned.is_some())
        };
        let told = story(at);
        assert_eq!(check(&told, &[]), (false, true));
        assert_eq!(check(&told, &[Digest([8; 32])]), (false, true));
        assert_eq!(check(&told, &[LAW]), (true, false));
        let alone = Story {
            compared: false,
            ..story(at)
        };
        assert_eq!(check(&alone, &[LAW]), (false, false));
    }
}
