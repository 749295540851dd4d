//! The table of rooms in `ARCHITECTURE.md` against the workspace's real
//! dependencies.

use crate::page;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

/// Rooms that know no other.
const GROUND: &[&str] = &["core", "sign", "tlog", "ballot", "stix"];

/// Rooms that neither wait, nor listen, nor keep.
const PURE: &[&str] = &["core", "sign", "tlog", "ballot", "stix", "seal", "verdict"];

/// What a pure room never reaches, not even through another crate.
const OUTSIDE: &[&str] = &["tokio", "axum", "hyper", "rusqlite", "reqwest"];

/// Which rooms each room knows.
type Rooms = BTreeMap<String, BTreeSet<String>>;

/// Reads the table whose head has a column `room` and a column `knows`.
fn parse(page: &str) -> Result<Rooms, String> {
    let mut lines = page.lines().map(cells);
    let head = lines
        .by_ref()
        .find(|cells| cells.contains(&"room") && cells.contains(&"knows"))
        .ok_or("there is no table with the columns `room` and `knows`")?;
    let column = |name| head.iter().position(|cell| *cell == name);
    let mut rooms = Rooms::new();
    for row in lines.skip(1).take_while(|cells| !cells.is_empty()) {
        let cell = |name| column(name).and_then(|at| row.get(at)).copied();
        let (Some(room), Some(knows)) = (cell("room"), cell("knows")) else {
            return Err(format!("a cell is missing in the row {row:?}"));
        };
        let room = name(room)?;
        let knows = match knows {
            "—" => BTreeSet::new(),
            some => some.split(", ").map(name).collect::<Result<_, _>>()?,
        };
        if rooms.insert(room.clone(), knows).is_some() {
            return Err(format!("`{room}` has two rows"));
        }
    }
    Ok(rooms)
}

/// The cells of a row of a table; none if the line is no row.
fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().strip_prefix('|');
    let inner = inner.and_then(|inner| inner.strip_suffix('|'));
    inner.map_or_else(Vec::new, |inner| inner.split('|').map(str::trim).collect())
}

fn name(cell: &str) -> Result<String, String> {
    let bare = cell
        .strip_prefix('`')
        .and_then(|cell| cell.strip_suffix('`'));
    let word = bare.filter(|bare| !bare.is_empty() && bare.chars().all(|c| c.is_ascii_lowercase()));
    word.map(str::to_owned)
        .ok_or(format!("`{cell}` is no name of a room in backticks"))
}

/// The workspace as cargo resolves it for this machine.
fn metadata() -> Metadata {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(rustc.stdout).unwrap();
    let mut lines = version.lines();
    let host = lines.find_map(|line| line.strip_prefix("host: ")).unwrap();
    let here = ["--filter-platform", host].map(str::to_owned);
    MetadataCommand::new().other_options(here).exec().unwrap()
}

/// The room that a package is, by its folder under `crates`.
fn room(package: &Package) -> Option<String> {
    let folder = package.manifest_path.parent()?;
    let inside = folder.parent()?.file_name() == Some("crates");
    inside.then(|| folder.file_name().map(str::to_owned))?
}

/// Which rooms each room's manifest depends on, tests aside.
fn real(metadata: &Metadata) -> Rooms {
    let packages = metadata.workspace_packages();
    let rooms: BTreeMap<&str, String> = packages
        .iter()
        .filter_map(|package| Some((package.name.as_str(), room(package)?)))
        .collect();
    packages
        .iter()
        .filter_map(|package| {
            let normal = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind == DependencyKind::Normal);
            let knows =
                normal.filter_map(|dependency| rooms.get(dependency.name.as_str()).cloned());
            Some((room(package)?, knows.collect()))
        })
        .collect()
}

/// Everything that a room is built from, tests and build scripts aside.
fn reach(metadata: &Metadata, from: &str) -> BTreeSet<String> {
    let nodes = &metadata.resolve.as_ref().unwrap().nodes;
    let next: BTreeMap<&PackageId, Vec<&PackageId>> = nodes
        .iter()
        .map(|node| {
            let normal = node.deps.iter().filter(|dep| {
                let mut kinds = dep.dep_kinds.iter();
                kinds.any(|kind| kind.kind == DependencyKind::Normal)
            });
            (&node.id, normal.map(|dep| &dep.pkg).collect())
        })
        .collect();
    let packages = metadata.workspace_packages();
    let start = packages
        .iter()
        .find(|package| room(package).as_deref() == Some(from));
    let mut waiting = vec![&start.unwrap().id];
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if seen.insert(id) {
            waiting.extend(&next[id]);
        }
    }
    seen.into_iter()
        .map(|id| metadata[id].name.to_string())
        .collect()
}

#[test]
fn every_room_knows_exactly_what_its_row_says() {
    let table = parse(&page("ARCHITECTURE.md")).unwrap();
    let real = real(&metadata());
    assert_eq!(
        table.keys().collect::<Vec<_>>(),
        real.keys().collect::<Vec<_>>(),
        "left the rows of the table, right the folders under `crates`"
    );
    for (room, knows) in &real {
        assert_eq!(
            table[room], *knows,
            "`{room}`: left its row, right what its manifest depends on"
        );
    }
}

#[test]
fn the_rooms_on_the_ground_know_no_other() {
    let real = real(&metadata());
    for room in GROUND {
        assert_eq!(real[*room], BTreeSet::new(), "`{room}`");
    }
}

#[test]
fn a_pure_room_reaches_neither_network_nor_database() {
    let metadata = metadata();
    for room in PURE {
        let reach = reach(&metadata, room);
        for outside in OUTSIDE {
            assert!(!reach.contains(*outside), "`{room}` reaches `{outside}`");
        }
    }
}

#[test]
fn what_listens_and_keeps_does_reach_them() {
    let metadata = metadata();
    assert!(reach(&metadata, "store").contains("rusqlite"));
    for outside in ["tokio", "axum", "hyper"] {
        assert!(reach(&metadata, "web").contains(outside), "{outside}");
    }
}

const TABLE: &str = "\
Before.

| room | holds | knows |
|---|---|---|
| `core` | a, b | — |
| `node` | c | `core`, `store` |

| other | table |
|---|---|
| `x` | y |
";

#[test]
fn a_table_is_read_until_it_ends() {
    let rooms = parse(TABLE).unwrap();
    assert_eq!(rooms.len(), 2);
    assert_eq!(rooms["core"], BTreeSet::new());
    assert_eq!(rooms["node"], ["core", "store"].map(str::to_owned).into());
}

#[test]
fn a_table_that_cannot_be_read_is_not_taken_for_an_empty_one() {
    for (from, to) in [
        ("knows", "depends on"),
        ("`core`, `store`", "`core` and `store`"),
        ("| — |", "| |"),
        ("| — |", "|"),
        ("| `node`", "| `core`"),
        ("| `node`", "| node"),
    ] {
        let damaged = TABLE.replace(from, to);
        assert!(parse(&damaged).is_err(), "{damaged}");
    }
}
