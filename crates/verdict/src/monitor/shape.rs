//! The shape of a log: how fast it grows, in a note that the log signed.
//!
//! ```text
//! portcullis/log-shape/v1
//! <origin>
//! tick <milliseconds>
//! tiles <whole tiles a tick>
//! schema <hex>
//! report-key <base64>
//! since <tree size from which it holds>
//! ```

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_tlog::{
    checkpoint::Origin,
    note::{SignedNote, VerifierKey},
    tile::TILE_WIDTH,
    tree::TreeSize,
};
use std::fmt::Write as _;

/// The most bytes that are read of a shape.
pub const SHAPE_BYTES_MAX: usize = 4096;
/// The most tiles a tick: 2^24 leaves.
const TILES_MAX: u32 = 65_536;
/// The first line.
const HEAD: &str = "portcullis/log-shape/v1";

/// How a log says that it grows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogShape {
    /// Which log.
    pub origin: Origin,
    /// From one tick to the next, in milliseconds; never 0.
    pub tick_ms: u64,
    /// Whole tiles of 256 leaves a tick; never 0.
    pub tiles: u32,
    /// The schema of cells: SHA-256 of its file.
    pub schema: [u8; 32],
    /// The key for joint reports, an encoded point.
    pub report_key: [u8; 32],
    /// From which size on it holds.
    pub since: TreeSize,
}

/// Why bytes are no shape of this log.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ShapeError {
    /// Not a signed note.
    #[error("it is no signed note: {0}")]
    Note(String),
    /// Not signed by the log.
    #[error("it is not signed by the log: {0}")]
    Signature(String),
    /// Another log's.
    #[error("it is of `{0}`")]
    Origin(Origin),
    /// A line is not what it should be.
    #[error("its line `{0}` is malformed")]
    Line(&'static str),
}

impl LogShape {
    /// Reads a shape that the log signed.
    ///
    /// # Errors
    ///
    /// [`ShapeError`], every variant.
    pub fn verify(bytes: &[u8], key: &VerifierKey) -> Result<Self, ShapeError> {
        if bytes.len() > SHAPE_BYTES_MAX {
            return Err(ShapeError::Note(format!("{} bytes", bytes.len())));
        }
        let note = SignedNote::parse(bytes).map_err(|error| ShapeError::Note(error.to_string()))?;
        note.verify([key])
            .map_err(|error| ShapeError::Signature(error.to_string()))?;
        let shape = Self::parse(note.text())?;
        if shape.origin.as_str() == key.name().as_str() {
            Ok(shape)
        } else {
            Err(ShapeError::Origin(shape.origin))
        }
    }

    /// Reads the text of a shape.
    ///
    /// # Errors
    ///
    /// [`ShapeError::Line`] with the word of the first line that is not canonical.
    pub fn parse(text: &str) -> Result<Self, ShapeError> {
        let mut lines = text.split('\n');
        if lines.next() != Some(HEAD) {
            return Err(ShapeError::Line(HEAD));
        }
        let origin = lines.next().and_then(|line| line.parse().ok());
        let mut value = |word: &'static str| {
            let line = lines.next().unwrap_or_default();
            let rest = line
                .strip_prefix(word)
                .and_then(|rest| rest.strip_prefix(' '));
            rest.ok_or(ShapeError::Line(word))
        };
        let shape = Self {
            origin: origin.ok_or(ShapeError::Line("origin"))?,
            tick_ms: number(value("tick")?, u64::MAX).ok_or(ShapeError::Line("tick"))?,
            tiles: number(value("tiles")?, u64::from(TILES_MAX))
                .and_then(|tiles| u32::try_from(tiles).ok())
                .ok_or(ShapeError::Line("tiles"))?,
            schema: from_hex(value("schema")?).ok_or(ShapeError::Line("schema"))?,
            report_key: from_base64(value("report-key")?).ok_or(ShapeError::Line("report-key"))?,
            since: value("since")?
                .parse()
                .map_err(|_| ShapeError::Line("since"))?,
        };
        // What prints another way, or goes on, is not canonical.
        if shape.to_text() == text {
            Ok(shape)
        } else {
            Err(ShapeError::Line("since"))
        }
    }

    /// Its text.
    pub fn to_text(&self) -> String {
        let mut schema = String::with_capacity(64);
        for byte in self.schema {
            // Writing to a string cannot fail.
            let _ = write!(schema, "{byte:02x}");
        }
        format!(
            "{HEAD}\n{}\ntick {}\ntiles {}\nschema {schema}\nreport-key {}\nsince {}\n",
            self.origin,
            self.tick_ms,
            self.tiles,
            STANDARD.encode(self.report_key),
            self.since,
        )
    }

    /// How many leaves a tick brings.
    pub fn leaves_a_tick(&self) -> u64 {
        u64::from(self.tiles) * u64::from(TILE_WIDTH)
    }

    /// Whether a tree of this size can be one of whole ticks; trees from before it hold anything.
    pub fn admits_size(&self, size: TreeSize) -> bool {
        size.0
            .checked_sub(self.since.0)
            .is_none_or(|grown| grown.is_multiple_of(self.leaves_a_tick()))
    }

    /// The most leaves by which the log may grow within so many seconds: the ticks in it, and two
    /// more for the ends.
    pub fn growth_max(&self, seconds: u64) -> u64 {
        let ticks = seconds.saturating_mul(1000) / self.tick_ms.max(1);
        ticks.saturating_add(2).saturating_mul(self.leaves_a_tick())
    }
}

/// A decimal from 1 to `most`.
fn number(text: &str, most: u64) -> Option<u64> {
    let number = text.parse().ok()?;
    (1..=most).contains(&number).then_some(number)
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn from_base64(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
