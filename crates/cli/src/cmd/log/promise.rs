//! `log promise`: what a promise is worth, held against its author's log.

use super::{
    believed::Believed,
    files::{Files, read_failure},
    instant,
};
use crate::{
    Answer,
    failure::{FALSE, Failure, REFUSED},
    home::Home,
    ui::Ui,
};
use clap::Args;
use jiff::Timestamp;
use portcullis_core::{
    digest::Digest,
    id::{CaseId, PackageId},
    member::MemberId,
    office::Office,
    register::Register,
    statement::{Event, Recorded},
};
use portcullis_node::{Breach, Node, Promise as Word, Viewed};
use portcullis_tlog::{
    hash::Hash,
    note::SignedNote,
    tile::{FileTiles, Tile},
    tree::{Frontier, HashReader as _},
};
use portcullis_verdict::{bundle::inclusion_from_bytes, statement, text::sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::ExitCode,
};

/// How many origins of a log are looked at: a new one is opened only when a tree was lost.
const GENERATIONS_MAX: u32 = 64;

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

/// Where a promised leaf is: origin, index.
type Places = BTreeMap<Hash, (String, u64)>;

impl Promise {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        let viewed = node.view(self.case)?;
        let given = self.find(&node, &viewed)?;
        let known = known_in_time(&node, &viewed, &given)?;
        let (places, in_time) = survey(&home, &node, &given, known)?;
        let kept = |hash: &Hash| {
            places
                .get(hash)
                .is_some_and(|(origin, index)| in_time.get(origin).is_some_and(|size| index < size))
        };
        let now = node.now();
        let weighed = given
            .word
            .weigh(now, kept)
            .map_err(|why| Failure::false_("promise.malformed", why))?;
        let all_there = given.word.leaves.iter().all(|leaf| {
            leaf.parse()
                .is_ok_and(|hash: Hash| places.contains_key(&hash))
        });
        let (worth, exit) = match weighed {
            Breach::Kept => ("KEPT", 0),
            Breach::Open => ("OPEN", 0),
            Breach::Broken if all_there => ("LATE", REFUSED),
            Breach::Broken => ("BROKEN", FALSE),
        };
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
            let place = leaf.parse().ok().and_then(|hash: Hash| places.get(&hash));
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
            "found": places.len(),
            "worth": worth.to_lowercase(),
        }));
        Ok(ExitCode::from(exit))
    }

    /// The promise that the release named, as its author's node signed it.
    fn find(&self, node: &Node, viewed: &Viewed) -> Result<Given, Failure> {
        let none = || {
            Failure::refused(
                "promise.none",
                format!("{} was not released on a promise", self.package),
            )
            .hint("`portcullis case show CASE` says on what the release rests")
        };
        let (record, digest) = viewed
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
            .ok_or_else(none)?;
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

/// Trees of the author's log that a quorum had cosigned by the promised time, as the proofs in
/// this case show them: origin, size and root.
fn known_in_time(
    node: &Node,
    viewed: &Viewed,
    given: &Given,
) -> Result<BTreeSet<(String, u64, Hash)>, Failure> {
    let believed = Believed::by_register(node.history()?, None);
    let latest = latest(given)?;
    let mut known = BTreeSet::new();
    for record in viewed
        .record
        .statements
        .iter()
        .filter(|record| record.author == given.author)
    {
        let Some(inclusion) = record
            .proof
            .as_ref()
            .and_then(|bytes| inclusion_from_bytes(bytes).ok())
        else {
            continue;
        };
        let Ok(cosigned) = believed.verify(inclusion.proof.checkpoint()) else {
            continue;
        };
        if cosigned
            .quorum_at
            .is_some_and(|at| i64::try_from(at).is_ok_and(|at| at <= latest.as_second()))
        {
            let checkpoint = cosigned.checkpoint;
            known.insert((
                checkpoint.origin.to_string(),
                checkpoint.size.0,
                checkpoint.root,
            ));
        }
    }
    Ok(known)
}

fn latest(given: &Given) -> Result<Timestamp, Failure> {
    given
        .word
        .latest
        .parse()
        .map_err(|error| Failure::false_("promise.malformed", format!("its time: {error}")))
}

/// Goes through every leaf hash of the author's log, from its public files: where the promised
/// ones are, and up to which size each origin was cosigned in time.
fn survey(
    home: &Home,
    node: &Node,
    given: &Given,
    known: BTreeSet<(String, u64, Hash)>,
) -> Result<(Places, BTreeMap<String, u64>), Failure> {
    let believed = Believed::by_register(node.history()?, None);
    let latest = latest(given)?;
    let wanted: BTreeSet<Hash> = given
        .word
        .leaves
        .iter()
        .filter_map(|leaf| leaf.parse().ok())
        .collect();
    let (mut places, mut in_time) = (Places::new(), BTreeMap::new());
    for generation in 1..=GENERATIONS_MAX {
        let prefix = format!("log/{generation}");
        let files = if given.author == *node.me() {
            Files::Folder(home.blobs_dir().join(&prefix))
        } else {
            Files::at(&node.peer(&given.author)?, prefix)?
        };
        let Some(bytes) = files.maybe("checkpoint")? else {
            // An origin that was closed before anything was cosigned has no checkpoint.
            if files.maybe("closed")?.is_some() {
                continue;
            }
            break;
        };
        let note = SignedNote::parse(&bytes)
            .map_err(|error| Failure::false_("log.checkpoint", error.to_string()))?;
        let cosigned = believed.verify(&note)?;
        let (origin, size) = (
            cosigned.checkpoint.origin.to_string(),
            cosigned.checkpoint.size,
        );
        if origin != format!("{}/{generation}", given.word.log) {
            return Err(Failure::false_(
                "log.other",
                format!("`{origin}` is not the log that was promised"),
            ));
        }
        let mut trees: BTreeMap<u64, Hash> = known
            .iter()
            .filter(|(name, ..)| *name == origin)
            .map(|(_, size, root)| (*size, *root))
            .collect();
        if cosigned
            .quorum_at
            .is_some_and(|at| i64::try_from(at).is_ok_and(|at| at <= latest.as_second()))
        {
            trees.insert(size.0, cosigned.checkpoint.root);
        }
        let mut tree = Frontier::new();
        let mut index = 0;
        while let Some(tile) = Tile::in_tree(0, index, size) {
            for hash in FileTiles(&files)
                .tile(tile)
                .map_err(|error| read_failure(&error))?
            {
                if wanted.contains(&hash) {
                    places
                        .entry(hash)
                        .or_insert((origin.clone(), tree.size().0));
                }
                tree.append(hash);
                let grown = tree.size().0;
                match trees.get(&grown) {
                    Some(root) if *root == tree.root() => {
                        in_time.insert(origin.clone(), grown);
                    }
                    Some(_) => {
                        let text = format!(
                            "`{origin}` showed another tree of {grown} entries before: keep the bundle of this case as evidence"
                        );
                        return Err(Failure::false_("log.fork", text));
                    }
                    None => {}
                }
            }
            index += 1;
        }
        if tree.root() != cosigned.checkpoint.root {
            let at = cosigned.quorum_at.map(instant).unwrap_or_default();
            return Err(Failure::false_(
                "log.root",
                format!(
                    "the root of `{origin}` at {size}, cosigned at {at}, does not follow from its tiles"
                ),
            ));
        }
    }
    Ok((places, in_time))
}
