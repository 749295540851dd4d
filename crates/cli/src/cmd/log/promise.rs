//! `log promise`: what a promise is worth, held against its author's log.

mod survey;

use crate::{
    Answer,
    failure::{FALSE, Failure, REFUSED},
    home::Home,
    ui::Ui,
};
use clap::Args;
use portcullis_core::{
    digest::Digest,
    id::{CaseId, PackageId},
    member::MemberId,
    office::Office,
    register::Register,
    statement::{Event, Recorded},
};
use portcullis_node::{Breach, Node, Promise as Word, Viewed};
use portcullis_tlog::hash::Hash;
use portcullis_verdict::{statement, text::sha256};
use std::{collections::BTreeMap, path::Path, process::ExitCode};
use survey::Survey;

/// Shows the promise on which a package was released, and weighs it.
///
/// KEPT: every promised leaf is in the author's log, cosigned in time. OPEN: there is time left.
/// LATE: they are in the log, and nothing at hand shows that they were there in time. BROKEN: the
/// time is over and a leaf is missing from the whole log; that is evidence (exit code 4).
#[derive(Args)]
pub(crate) struct Promise {
    /// The case.
    case: CaseId,
    /// The package.
    package: PackageId,
}

/// A promise that was found and verified.
struct Given {
    author: MemberId,
    word: Word,
    digest: Digest,
}

/// A promise held against its author's log.
pub(super) struct Weighed {
    /// What it is worth: `KEPT`, `OPEN`, `LATE`, `BROKEN`.
    pub(super) worth: &'static str,
    exit: u8,
    given: Given,
    survey: Survey,
}

impl Weighed {
    /// Who promised, and by when, in a line.
    pub(super) fn line(&self) -> String {
        format!(
            "promise {} of {}: {}, cosigned in `{}` by {} at the latest",
            self.given.digest,
            self.given.author,
            self.worth,
            self.given.word.log,
            self.given.word.latest
        )
    }
}

impl Promise {
    /// The promise on which a package of a case was released.
    pub(super) const fn of(case: CaseId, package: PackageId) -> Self {
        Self { case, package }
    }

    /// Holds the promise against its author's log.
    pub(super) fn weigh(
        &self,
        home: &Home,
        node: &Node,
        viewed: &Viewed,
    ) -> Result<Weighed, Failure> {
        let given = self.find(node, viewed)?;
        let survey = Survey::of(home, node, viewed, &given)?;
        let weighed = given
            .word
            .weigh(node.now(), |leaf| survey.shows_in_time(leaf))
            .map_err(|why| Failure::false_("promise.malformed", why))?;
        let (worth, exit) = match weighed {
            Breach::Kept => ("KEPT", 0),
            Breach::Open => ("OPEN", 0),
            Breach::Broken if survey.found_all() => ("LATE", REFUSED),
            Breach::Broken => ("BROKEN", FALSE),
        };
        Ok(Weighed {
            worth,
            exit,
            given,
            survey,
        })
    }

    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        let viewed = node.view(self.case)?;
        let Weighed {
            worth,
            exit,
            given,
            survey,
        } = self.weigh(&home, &node, &viewed)?;
        let now = node.now();
        ui.say(format_args!(
            "promise {} of {}: {worth}",
            given.digest, given.author
        ));
        ui.say(format_args!("  for statement {}", given.word.statement));
        ui.say(format_args!(
            "  cosigned in `{}` by {} at the latest; it is {now}",
            given.word.log, given.word.latest
        ));
        for leaf in &given.word.leaves {
            let place = leaf.parse().ok().and_then(|leaf: Hash| survey.place(&leaf));
            let place = place.map_or_else(
                || "not in the log".to_owned(),
                |(origin, index)| format!("entry {index} of {origin}"),
            );
            ui.say(format_args!("  {leaf}  {place}"));
        }
        ui.answer(&serde_json::json!({
            "promise": given.digest.to_string(),
            "author": given.author.as_str(),
            "statement": given.word.statement,
            "log": given.word.log,
            "latest": given.word.latest,
            "leaves": given.word.leaves,
            "found": survey.found(),
            "worth": worth.to_lowercase(),
        }));
        Ok(ExitCode::from(exit))
    }

    /// The promise that the release named, as its author's node signed it.
    fn find(&self, node: &Node, shown: &Viewed) -> Result<Given, Failure> {
        let no_promise = || {
            Failure::refused(
                "promise.none",
                format!("{} was not released on a promise", self.package),
            )
            .hint("`portcullis case show CASE` says on what the release rests")
        };
        let (record, digest) = shown
            .record
            .statements
            .iter()
            .filter(|record| record.kind == "released")
            .find_map(
                |record| match statement::parse(&record.envelope).ok()?.event {
                    Event::Released {
                        package,
                        recorded: Recorded::Promised(digest),
                    } if package == self.package => Some((record, digest)),
                    _ => None,
                },
            )
            .ok_or_else(no_promise)?;
        let sealed = node.sealed_statement(self.case, &self.package)?;
        let kept = node
            .store()
            .promise(&sealed)
            .map_err(portcullis_node::NodeError::from)?;
        let bytes =
            record.attachment.clone().or(kept).ok_or_else(|| {
                Failure::unable("promise.missing", "the promise itself is not here")
            })?;
        if sha256(&bytes) != digest {
            return Err(Failure::false_(
                "promise.other",
                "the promise here is not the one that the release names",
            ));
        }
        let history = node.history()?;
        let word = signed_by_node(&history.newest().register, &record.author, &bytes)?;
        if word.statement != sealed.to_string() {
            return Err(Failure::false_(
                "promise.other",
                "the promise is for another statement",
            ));
        }
        Ok(Given {
            author: record.author.clone(),
            word,
            digest,
        })
    }
}

/// Reads a promise that one of the author's node keys signed.
fn signed_by_node(register: &Register, author: &MemberId, bytes: &[u8]) -> Result<Word, Failure> {
    let keys = register.members.get(author).map(|member| &member.keys);
    let mut why = format!("the register lists no node's key of `{author}`");
    for key in keys
        .into_iter()
        .flat_map(BTreeMap::values)
        .filter(|key| key.offices.contains_key(&Office::Node))
    {
        let Ok(public) = key.public.parse() else {
            continue;
        };
        match Word::verify(bytes, &public) {
            Ok(word) => return Ok(word),
            Err(error) => why = error,
        }
    }
    Err(Failure::false_("promise.false_signature", why))
}
