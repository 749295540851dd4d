//! Cells: the thirty-two boxes of a ballot, of which a leaf crosses at most one.

use core::num::NonZeroU8;

/// How many cells a schema has.
pub const CELLS: usize = 32;
/// The last cell's number.
const LAST: u8 = 32;

/// The number of one cell, 1 to 32.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Cell(NonZeroU8);

impl Cell {
    /// The cell of this number, if there is one.
    pub const fn new(number: u8) -> Option<Self> {
        match NonZeroU8::new(number) {
            Some(number) if number.get() <= LAST => Some(Self(number)),
            _ => None,
        }
    }

    /// Its number, 1 to 32.
    pub const fn number(self) -> u8 {
        self.0.get()
    }

    /// All cells, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=LAST).filter_map(Self::new)
    }
}

/// A set of cells: bit k−1 of the mask stands for cell k.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct CellSet(pub u32);

impl CellSet {
    /// Whether `cell` is one of them.
    pub const fn contains(self, cell: Cell) -> bool {
        self.0 & bit(cell) > 0
    }

    /// The same set and `cell`.
    #[must_use]
    pub const fn with(self, cell: Cell) -> Self {
        Self(self.0 | bit(cell))
    }

    /// Its cells, ascending.
    pub fn cells(self) -> impl Iterator<Item = Cell> {
        Cell::all().filter(move |cell| self.contains(*cell))
    }
}

impl FromIterator<Cell> for CellSet {
    fn from_iter<I: IntoIterator<Item = Cell>>(cells: I) -> Self {
        cells.into_iter().fold(Self(0), Self::with)
    }
}

const fn bit(cell: Cell) -> u32 {
    1 << (cell.number() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_numbered_from_one_to_thirty_two() {
        assert_eq!(Cell::new(0), None);
        assert_eq!(Cell::new(33), None);
        assert_eq!(Cell::all().count(), CELLS);
        assert_eq!(Cell::all().last().map(Cell::number), Some(32));
    }

    #[test]
    fn a_set_keeps_its_cells_as_bits() {
        let set: CellSet = [32, 1, 3].into_iter().filter_map(Cell::new).collect();
        assert_eq!(set, CellSet(0x8000_0005));
        let numbers: Vec<_> = set.cells().map(Cell::number).collect();
        assert_eq!(numbers, [1, 3, 32]);
    }
}
