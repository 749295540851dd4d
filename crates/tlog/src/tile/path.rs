//! Paths of tiles: `tile/0/x001/x234/067.p/5`, `tile/entries/000`.
//!
//! C2SP tlog-tiles, "Merkle Tree" and "Partial Tiles": the level without padding, the index in
//! groups of three digits of which all but the last start with `x`, and the width of a partial
//! tile after `.p/`. There is one path for every tile and no other.

use std::fmt;
use std::str::FromStr;

use crate::text::parse_decimal;
use crate::tile::{EntryTile, TILE_WIDTH, Tile};

/// The text is not the path of a tile or bundle in its one spelling.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not the path of a tile")]
pub struct PathError;

impl Tile {
    /// The path below the log's prefix, `tile/<level>/<index>[.p/<width>]`.
    pub fn path(self) -> String {
        format!("tile/{}/{}", self.level, number(self.index, self.width))
    }
}

impl EntryTile {
    /// The path below the log's prefix, `tile/entries/<index>[.p/<width>]`.
    pub fn path(self) -> String {
        format!("tile/entries/{}", number(self.index, self.width))
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

impl fmt::Display for EntryTile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

impl FromStr for Tile {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let rest = path.strip_prefix("tile/").ok_or(PathError)?;
        let (level, rest) = rest.split_once('/').ok_or(PathError)?;
        let level = parse_decimal(level).and_then(|level| u8::try_from(level).ok());
        let (index, width) = parse_number(rest)?;
        Self::new(level.ok_or(PathError)?, index, width).ok_or(PathError)
    }
}

impl FromStr for EntryTile {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let rest = path.strip_prefix("tile/entries/").ok_or(PathError)?;
        let (index, width) = parse_number(rest)?;
        Self::new(index, width).ok_or(PathError)
    }
}

fn number(index: u64, width: u16) -> String {
    let mut text = format!("{:03}", index % 1000);
    let mut above = index / 1000;
    while above > 0 {
        text = format!("x{:03}/{text}", above % 1000);
        above /= 1000;
    }
    if width < TILE_WIDTH {
        format!("{text}.p/{width}")
    } else {
        text
    }
}

fn parse_number(text: &str) -> Result<(u64, u16), PathError> {
    let (groups, width) = match text.split_once(".p/") {
        Some((groups, width)) => (groups, parse_width(width)?),
        None => (text, TILE_WIDTH),
    };
    let mut index = 0_u64;
    let mut rest = groups;
    loop {
        let (group, after) = match rest.strip_prefix('x') {
            Some(inner) => inner
                .split_once('/')
                .map(|(group, after)| (group, Some(after))),
            None => Some((rest, None)),
        }
        .ok_or(PathError)?;
        index = index.checked_mul(1000).ok_or(PathError)?;
        index = index.checked_add(parse_group(group)?).ok_or(PathError)?;
        // The first group of several is never zero: that would be a second spelling.
        if after.is_some() && index == 0 {
            return Err(PathError);
        }
        match after {
            Some(after) => rest = after,
            None => return Ok((index, width)),
        }
    }
}

fn parse_group(group: &str) -> Result<u64, PathError> {
    let digits = group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    if digits {
        group.parse().map_err(|_| PathError)
    } else {
        Err(PathError)
    }
}

fn parse_width(text: &str) -> Result<u16, PathError> {
    let width = parse_decimal(text).and_then(|width| u16::try_from(width).ok());
    width.filter(|&width| width < TILE_WIDTH).ok_or(PathError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(path: &str, level: u8, index: u64, width: u16) {
        let tile = Tile::new(level, index, width).unwrap();
        assert_eq!(tile.path(), path);
        assert_eq!(path.parse(), Ok(tile));
    }

    #[test]
    fn a_tile_has_the_path_of_the_specification() {
        check("tile/0/x001/x234/067", 0, 1_234_067, 256);
        check("tile/0/x001/x234/067.p/5", 0, 1_234_067, 5);
        check("tile/0/000", 0, 0, 256);
        check("tile/1/000.p/1", 1, 0, 1);
        check("tile/63/999.p/255", 63, 999, 255);
        check("tile/7/x018/x446/x744/x073/x709/x551/615", 7, u64::MAX, 256);
    }

    #[test]
    fn a_bundle_has_the_path_of_the_specification() {
        let bundle = EntryTile::new(1_234_067, 8).unwrap();
        assert_eq!(bundle.path(), "tile/entries/x001/x234/067.p/8");
        assert_eq!(bundle.path().parse(), Ok(bundle));
        assert_eq!(bundle.full().path(), "tile/entries/x001/x234/067");
    }

    #[test]
    fn other_spellings_are_refused() {
        for wrong in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/00/000",
            "tile/64/000",
            "tile/0/0000",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/0/x001/",
            "tile/0/x001/x002",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/05",
            "tile/0/000.p/",
            "tile/0/000.p",
            "/tile/0/000",
            "tile/0/000/",
            "tile/0/+01",
            "tile/entries/000",
            "tile/-1/000",
            "tile/0/000.p/1.p/1",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/0/x001/x018/x446/x744/x073/x709/x551/615",
        ] {
            assert_eq!(wrong.parse::<Tile>(), Err(PathError), "{wrong:?}");
        }
        assert_eq!("tile/0/000".parse::<EntryTile>(), Err(PathError));
    }

    proptest! {
        #[test]
        fn every_path_reads_back(level in 0..=63_u8, index: u64, width in 1..=256_u16) {
            let tile = Tile::new(level, index, width).unwrap();
            prop_assert_eq!(tile.path().parse(), Ok(tile));
            let bundle = EntryTile::new(index, width).unwrap();
            prop_assert_eq!(bundle.path().parse(), Ok(bundle));
        }

        #[test]
        fn what_parses_prints_the_same(path in "tile/(entries|[0-9]{1,2})/(x?[0-9]{3}/){0,3}[0-9]{3}(\\.p/[0-9]{1,3})?") {
            if let Ok(tile) = path.parse::<Tile>() {
                prop_assert_eq!(tile.path(), path.clone());
            }
            if let Ok(bundle) = path.parse::<EntryTile>() {
                prop_assert_eq!(bundle.path(), path);
            }
        }
    }
}
