//! `package seal`: the first officer holds what is asked against what would leave.

use super::sealed_file;
use crate::{Answer, failure::Failure, home::Home, signer::SignArgs, ui::Ui, wrong::one_of};
use clap::Args;
use indicatif::HumanBytes;
use jiff::Timestamp;
use portcullis_core::{
    case::{Case, ItemState},
    id::{CaseId, PackageId},
    order::{ItemNumber, Span},
    selector::Selector,
    statement::{Event, Seal as Sealing},
};
use portcullis_node::{Env as _, Node};
use portcullis_seal::{
    folder,
    plan::{Mapping, OutOfScope, Plan, Row, plan},
    seal::{SealError, Sealed},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
};

/// Seals files to the authority's key, for items of the order and nothing else.
///
/// Each `--item` maps a file or a folder to an item: `--item 1=subscriber.json`. Several may name
/// the same item. Where the data have a time of their own, say it, and it is held against the
/// order's: `--item 2=calls.csv@2026-03-01T00:00:00Z/2026-03-31T23:59:59Z`.
///
/// Files are read twice: once to measure, once to seal; one that changes in between stops it.
/// Nothing leaves yet: a second officer releases the package.
#[derive(Args)]
#[command(group(one_of("contents").args(["items", "signature"])))]
pub(crate) struct Seal {
    /// The case.
    case: CaseId,
    /// An item's number and the file or folder that answers it. Repeat for several.
    #[arg(long = "item", value_name = "N=PATH[@FROM/TO]")]
    items: Vec<Mapped>,
    /// Seals without asking.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    sign: SignArgs,
}

/// `N=PATH` or `N=PATH@FROM/TO`.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Mapped {
    item: ItemNumber,
    path: PathBuf,
    span: Option<Span>,
}

impl FromStr for Mapped {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, rest) = text
            .split_once('=')
            .ok_or("write N=PATH, such as 1=subscriber.json")?;
        let item = number
            .parse()
            .map_err(|_| format!("`{number}` is no item's number"))?;
        // A path may hold `@` too; only two instants behind the last one make a span.
        let spanned = rest.rsplit_once('@').and_then(|(path, span)| {
            let (from, to) = span.split_once('/')?;
            Some((
                path,
                from.parse::<Timestamp>().ok()?,
                to.parse::<Timestamp>().ok()?,
            ))
        });
        match spanned {
            Some((path, from, to)) => {
                let span = Span::new(from, to)
                    .ok_or_else(|| format!("`{from}/{to}` ends before it begins"))?;
                Ok(Self {
                    item,
                    path: path.into(),
                    span: Some(span),
                })
            }
            None => Ok(Self {
                item,
                path: rest.into(),
                span: None,
            }),
        }
    }
}

impl Seal {
    pub(super) fn run(self, home: &Home, ui: Ui) -> Answer {
        let node = home.node()?;
        if let Some(signature) = self.sign.signature.clone() {
            return self.complete(home, &node, &signature, ui);
        }
        let case = node.view(self.case)?.case;
        let items: BTreeSet<ItemNumber> = self.items.iter().map(|mapped| mapped.item).collect();
        if let Some(item) = items
            .iter()
            .find(|item| !case.order.items.contains_key(item))
        {
            return Err(out_of_scope(&OutOfScope::Item(*item)));
        }
        let grant = node.grant(self.case, &items)?;
        let mut random = [0; 12];
        home.env.fill(&mut random);
        let package = PackageId::new(node.realm(), random);
        let plan = plan(&grant, package, self.mapping()?, node.now())
            .map_err(|error| out_of_scope(&error))?;
        let rows = plan.comparison();
        show(&case, &rows, ui);
        self.confirm(ui)?;
        let path = sealed_file(home, &package);
        let sealed = write(home, &node, plan, &package, ui)?;
        let event = Event::Sealed(Sealing {
            package,
            items: rows.iter().map(|row| row.item).collect(),
            ciphertext: sealed.ciphertext,
            size_bytes: sealed.size_bytes,
            manifest: sealed.manifest,
            order: grant.order(),
        });
        let said = match self
            .sign
            .say(home, &node, Some(self.case), &event, None, &ui)
        {
            Ok(said) => said,
            // The store may have it all the same, and then the bytes are owed.
            Err(failure) if failure.code == "store.unavailable" => {
                return Err(failure.hint(format!(
                    "the package is `{}`; see `portcullis package list`",
                    path.display()
                )));
            }
            Err(failure) => {
                let _ = std::fs::remove_file(&path);
                return Err(failure);
            }
        };
        ui.say(format_args!(
            "{package}  {}  {}",
            HumanBytes(sealed.size_bytes),
            path.display()
        ));
        match &said {
            Some(said) => ui.say(format_args!(
                "sealed in statement {}; now a second officer releases it",
                said.digest
            )),
            None => ui.say("the package waits; it counts once the statement is signed"),
        }
        ui.answer(&serde_json::json!({
            "case": self.case.to_string(),
            "package": package.to_string(),
            "statement": said.map(|said| said.digest.to_string()),
            "ciphertext": sealed.ciphertext.to_string(),
            "manifest": sealed.manifest.to_string(),
            "size_bytes": sealed.size_bytes,
            "file": path.display().to_string(),
            "items": json_rows(&case, &rows),
        }));
        Ok(ExitCode::SUCCESS)
    }

    fn mapping(&self) -> Result<Mapping, Failure> {
        let mut mapping: Mapping = BTreeMap::new();
        for mapped in &self.items {
            let mut sources = folder::sources(&mapped.path).map_err(|error| {
                Failure::unable(error.code(), error.to_string()).hint(error.hint())
            })?;
            for source in &mut sources {
                source.span = mapped.span;
            }
            mapping.entry(mapped.item).or_default().extend(sources);
        }
        Ok(mapping)
    }

    /// Asks, where somebody sits who can answer.
    fn confirm(&self, ui: Ui) -> Result<(), Failure> {
        // A machine that asks for JSON has made up its mind.
        if self.yes || ui.is_json() {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::usage("nobody is here to look at what would leave")
                .hint("add `--yes` to seal without asking"));
        }
        eprint!("Seal these? [y/N] ");
        let _ = std::io::stderr().flush();
        let mut line = String::new();
        std::io::stdin()
            .read_line(&mut line)
            .map_err(|error| Failure::unable("input", error.to_string()))?;
        if matches!(line.trim(), "y" | "Y" | "yes") {
            Ok(())
        } else {
            Err(Failure::refused(
                "package.not_confirmed",
                "nothing was sealed",
            ))
        }
    }

    /// The hardware key has signed: says what was prepared, if the package still waits.
    fn complete(&self, home: &Home, node: &Node, signature: &Path, ui: Ui) -> Answer {
        let mut name = signature.with_extension("").into_os_string();
        name.push(".payload");
        let file = PathBuf::from(name);
        let payload = std::fs::read(&file).map_err(|error| Failure::file(&file, &error))?;
        let not_ours = |why: String| Failure::usage(format!("`{}`: {why}", file.display()));
        let (header, event) = portcullis_verdict::statement::parse_payload(&payload)
            .map_err(|error| not_ours(error.to_string()))?;
        let Event::Sealed(sealing) = &event else {
            return Err(not_ours("not the sealing of a package".into()));
        };
        if header.case != self.case {
            return Err(not_ours(format!("it belongs to {}", header.case)));
        }
        let path = sealed_file(home, &sealing.package);
        let size = std::fs::metadata(&path)
            .map_err(|error| Failure::file(&path, &error))?
            .len();
        if size != sealing.size_bytes {
            return Err(Failure::false_(
                "package.tampered",
                format!(
                    "`{}` has {size} bytes; {} are signed for",
                    path.display(),
                    sealing.size_bytes
                ),
            ));
        }
        let said = self
            .sign
            .say(home, node, Some(self.case), &event, None, &ui)?;
        ui.say(format_args!(
            "{} is sealed; now a second officer releases it",
            sealing.package
        ));
        ui.answer(&serde_json::json!({
            "case": self.case.to_string(),
            "package": sealing.package.to_string(),
            "statement": said.map(|said| said.digest.to_string()),
        }));
        Ok(ExitCode::SUCCESS)
    }
}

/// Measures, then seals into the folder of packages; whole under its name or not there.
fn write(
    home: &Home,
    node: &Node,
    plan: Plan,
    package: &PackageId,
    ui: Ui,
) -> Result<Sealed, Failure> {
    let path = sealed_file(home, package);
    let folder = path.parent().unwrap_or(&home.dir).to_owned();
    std::fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let total = plan.size_bytes();
    let bar = ui.bytes_bar(total, "measuring");
    let measured = plan
        .measure(&mut |done| bar.set_position(done))
        .map_err(|error| unsealed(&error))?;
    bar.finish_and_clear();
    let written = |error: std::io::Error| Failure::file(&folder, &error);
    // CRASH: a part with a name of its own stays behind; it is nobody's package.
    let part = tempfile::Builder::new()
        .prefix(&format!(".{package}."))
        .suffix(".part")
        .tempfile_in(&folder)
        .map_err(written)?;
    let bar = ui.bytes_bar(total, "sealing");
    let sealed = measured
        .seal(part.as_file(), &mut |done| bar.set_position(done))
        .map_err(|error| unsealed(&error))?;
    bar.finish_and_clear();
    part.as_file().sync_all().map_err(written)?;
    part.persist_noclobber(&path)
        .map_err(|error| Failure::file(&path, &error.error))?;
    node.blobs()
        .sync([Node::package_path(package).as_str()])
        .map_err(|error| Failure::unable("store.unavailable", error.to_string()))?;
    Ok(sealed)
}

fn out_of_scope(error: &OutOfScope) -> Failure {
    Failure::refused(error.code(), error.to_string()).hint(error.hint())
}

fn unsealed(error: &SealError) -> Failure {
    Failure::unable(error.code(), error.to_string()).hint(error.hint())
}

/// Asked against leaving, every item of the order.
fn show(case: &Case, rows: &[Row], ui: Ui) {
    ui.say(format_args!(
        "{:>4}  {:16}  {:18}  {:41}  leaves",
        "item", "target", "asked", "from – to"
    ));
    for (number, item) in &case.order.items {
        let row = rows.iter().find(|row| row.item == *number);
        let target = case
            .order
            .targets
            .get(&item.target)
            .map_or("?", Selector::value);
        let span = row.map_or(item.span, |row| row.span);
        let leaves = match row {
            Some(row) => format!(
                "{} files, {}{}",
                row.files,
                HumanBytes(row.size_bytes),
                declared(row)
            ),
            None => format!("nothing ({})", state(case, *number)),
        };
        ui.say(format_args!(
            "{number:>4}  {target:16}  {:18}  {} – {}  {leaves}",
            item.category.as_str(),
            span.from(),
            span.to()
        ));
    }
}

fn declared(row: &Row) -> String {
    row.declared.map_or_else(String::new, |span| {
        format!(", of {} – {}", span.from(), span.to())
    })
}

/// What became of an item, where nothing leaves for it now.
fn state(case: &Case, item: ItemNumber) -> String {
    if let Some((package, _)) = case
        .packages
        .iter()
        .find(|(_, held)| held.seal.items.contains(&item))
    {
        return format!("in {package}");
    }
    match case.items.get(&item) {
        Some(ItemState::Accepted) => "accepted, not in this package".into(),
        Some(ItemState::Narrowed(_)) => "narrowed, not in this package".into(),
        Some(ItemState::Challenged(reason)) => format!("challenged: {reason}"),
        Some(ItemState::Declined(reason)) => format!("declined: {reason}"),
        Some(ItemState::Open) | None => "not answered yet".into(),
    }
}

fn json_rows(case: &Case, rows: &[Row]) -> Vec<serde_json::Value> {
    let value = |(number, item): (&ItemNumber, &portcullis_core::order::Item)| {
        let row = rows.iter().find(|row| row.item == *number);
        let span = row.map_or(item.span, |row| row.span);
        serde_json::json!({
            "item": number,
            "target": case.order.targets.get(&item.target).map(Selector::value),
            "category": item.category.as_str(),
            "from": span.from().to_string(),
            "to": span.to().to_string(),
            "files": row.map_or(0, |row| row.files),
            "size_bytes": row.map_or(0, |row| row.size_bytes),
            "why_nothing": row.is_none().then(|| state(case, *number)),
        })
    };
    case.order.items.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_mapped_to_a_path_and_perhaps_a_span() {
        let check = |text: &str, item, path: &str, span: bool| {
            let mapped: Mapped = text.parse().unwrap();
            assert_eq!(
                (mapped.item, mapped.path, mapped.span.is_some()),
                (item, path.into(), span)
            );
        };
        check("1=a/b", 1, "a/b", false);
        check("2=mail@example", 2, "mail@example", false);
        check("2=a=b@c/d", 2, "a=b@c/d", false);
        check(
            "3=x@y@2026-01-01T00:00:00Z/2026-01-02T00:00:00Z",
            3,
            "x@y",
            true,
        );
        assert!("a".parse::<Mapped>().is_err());
        assert!("-1=a".parse::<Mapped>().is_err());
        assert!(
            "1=a@2026-01-02T00:00:00Z/2026-01-01T00:00:00Z"
                .parse::<Mapped>()
                .is_err()
        );
    }
}
