//! Which commitments a log has shown: fingerprints of eight bytes, in sorted runs.
//!
//! A fingerprint is the beginning of SHA-256(key ‖ commitment) under a key that the log does not
//! know, so a log cannot make two commitments collide on purpose; by chance, of the 13.5 million
//! leaves of a year, it happens once in 200,000 years. On a hit the tiles are read again and the
//! commitments themselves are compared, so what is said is exact.
//!
//! In memory are the newest at most [`RECENT_MAX`] fingerprints; all others lie on a [`Shelf`], 8
//! bytes each (108 MB for a year of one tile every ten minutes). Runs are written once; eight of
//! about one size are merged into one, so there are at most some 32, and a look costs one or two
//! reads of 8 kB in each.

use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// How many fingerprints stay in memory before they become a run: some megabytes.
pub const RECENT_MAX: usize = 65_536;
/// How many runs of one size class there are before they become one.
const RUNS_OF_A_CLASS: usize = 8;
/// How many values are read at once.
const BLOCK: u64 = 1024;
/// The most runs: more cannot come about below 2^63 leaves.
pub(super) const RUNS_MAX: usize = 256;

/// Where runs of fingerprints lie. A run is never changed once it is written.
pub trait Shelf {
    /// `count` values of a run from number `first` on.
    ///
    /// # Errors
    ///
    /// [`ShelfError`] when they cannot be had.
    fn read(&self, run: u64, first: u64, count: u64) -> Result<Vec<u64>, ShelfError>;

    /// Writes a run durably, in the order of the values; over one of this number that nobody has
    /// referred to yet.
    ///
    /// # Errors
    ///
    /// [`ShelfError`] of a value, or when it cannot be written.
    fn write(
        &self,
        run: u64,
        values: &mut dyn Iterator<Item = Result<u64, ShelfError>>,
    ) -> Result<(), ShelfError>;
}

/// Why fingerprints cannot be had or kept.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("fingerprints: {0}")]
pub struct ShelfError(pub String);

/// A run of fingerprints on the shelf.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Run {
    /// Its name on the shelf.
    pub(super) number: u64,
    /// How many there are; never 0.
    pub(super) count: u64,
}

/// The commitments that were seen.
#[derive(Clone, Eq, PartialEq)]
pub struct Seen {
    pub(super) key: [u8; 32],
    // INVARIANT: no value is both here and in a run.
    pub(super) recent: BTreeSet<u64>,
    // INVARIANT: numbers ascend, and are below `next`.
    pub(super) runs: Vec<Run>,
    pub(super) next: u64,
}

impl core::fmt::Debug for Seen {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Seen({} fingerprints)", self.len())
    }
}

impl Seen {
    /// Nothing yet, under a random key.
    pub fn new(key: [u8; 32]) -> Self {
        Self {
            key,
            recent: BTreeSet::new(),
            runs: Vec::new(),
            next: 0,
        }
    }

    /// How many fingerprints there are.
    pub fn len(&self) -> u64 {
        let runs: u64 = self.runs.iter().map(|run| run.count).sum();
        runs.saturating_add(self.recent.len() as u64)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The runs on the shelf that are in use: all others may be thrown away once this is saved.
    pub fn runs(&self) -> impl Iterator<Item = u64> {
        self.runs.iter().map(|run| run.number)
    }

    /// Takes in a commitment. False when its fingerprint was there before.
    ///
    /// # Errors
    ///
    /// [`ShelfError`].
    pub fn insert(
        &mut self,
        commitment: &[u8],
        keeper: &(impl Shelf + ?Sized),
    ) -> Result<bool, ShelfError> {
        let value = self.fingerprint(commitment);
        if self.recent.contains(&value) {
            return Ok(false);
        }
        for run in &self.runs {
            if holds(keeper, *run, value)? {
                return Ok(false);
            }
        }
        self.recent.insert(value);
        if self.recent.len() >= RECENT_MAX {
            self.shelve(keeper)?;
        }
        Ok(true)
    }

    fn fingerprint(&self, commitment: &[u8]) -> u64 {
        let digest = Sha256::new()
            .chain_update(self.key)
            .chain_update(commitment)
            .finalize();
        let first = digest.first_chunk().copied().unwrap_or_default();
        u64::from_be_bytes(first)
    }

    /// Makes a run of the newest, and one of many where there are many.
    fn shelve(&mut self, keeper: &(impl Shelf + ?Sized)) -> Result<(), ShelfError> {
        let count = self.recent.len() as u64;
        let mut values = self.recent.iter().copied().map(Ok);
        keeper.write(self.next, &mut values)?;
        self.push_run(count);
        self.recent.clear();
        while let Some(class) = self.full_class() {
            let (full, kept): (Vec<Run>, Vec<Run>) =
                self.runs.iter().partition(|run| class_of(**run) == class);
            keeper.write(self.next, &mut Merge::of(keeper, &full))?;
            self.runs = kept;
            self.push_run(full.iter().map(|run| run.count).sum());
        }
        Ok(())
    }

    fn push_run(&mut self, count: u64) {
        let number = self.next;
        self.runs.push(Run { number, count });
        self.next = self.next.saturating_add(1);
    }

    fn full_class(&self) -> Option<u32> {
        let classes: BTreeSet<u32> = self.runs.iter().map(|run| class_of(*run)).collect();
        let of = |class: u32| {
            self.runs
                .iter()
                .filter(|run| class_of(**run) == class)
                .count()
        };
        classes
            .into_iter()
            .find(|class| RUNS_OF_A_CLASS <= of(*class))
    }
}

/// Runs within a factor of eight are of one class.
fn class_of(run: Run) -> u32 {
    run.count.checked_ilog2().unwrap_or_default() / 3
}

/// Whether a sorted run holds a value: fingerprints are spread evenly, so its place is guessed, and
/// guessed again within what is left.
fn holds(keeper: &(impl Shelf + ?Sized), run: Run, value: u64) -> Result<bool, ShelfError> {
    // The value is at a place in `low..high` and between the bounds, if it is there.
    let (mut low, mut high) = (0, run.count);
    let (mut least, mut most) = (0, u64::MAX);
    while low < high {
        let guess = low + share(value - least, most - least, high - low);
        let first = guess.saturating_sub(BLOCK / 2).clamp(low, high - 1);
        let count = BLOCK.min(high - first);
        let block = keeper.read(run.number, first, count)?;
        let (Some(&head), Some(&tail)) = (block.first(), block.last()) else {
            return Err(ShelfError(format!(
                "run {} is shorter than it was",
                run.number
            )));
        };
        if block.len() as u64 != count || head < least || tail < head || most < tail {
            return Err(ShelfError(format!("run {} is damaged", run.number)));
        }
        if value < head {
            (high, most) = (first, head);
        } else if tail < value {
            (low, least) = (first + count, tail);
        } else {
            return Ok(block.binary_search(&value).is_ok());
        }
    }
    Ok(false)
}

/// `of` × `part` / `whole`, at most `of` − 1.
fn share(part: u64, whole: u64, of: u64) -> u64 {
    let share = u128::from(of) * u128::from(part) / u128::from(whole.max(1));
    u64::try_from(share)
        .unwrap_or(u64::MAX)
        .min(of.saturating_sub(1))
}

/// Several sorted runs as one.
struct Merge<'s, S: Shelf + ?Sized> {
    keeper: &'s S,
    // Of each run: what is read and not yet taken, last first.
    heads: Vec<Head>,
}

struct Head {
    run: Run,
    read: u64,
    values: Vec<u64>,
}

impl<'s, S: Shelf + ?Sized> Merge<'s, S> {
    fn of(keeper: &'s S, runs: &[Run]) -> Self {
        let heads = runs.iter().map(|run| Head {
            run: *run,
            read: 0,
            values: Vec::new(),
        });
        Self {
            keeper,
            heads: heads.collect(),
        }
    }
}

impl<S: Shelf + ?Sized> Iterator for Merge<'_, S> {
    type Item = Result<u64, ShelfError>;

    fn next(&mut self) -> Option<Self::Item> {
        for head in &mut self.heads {
            if head.values.is_empty() && head.read < head.run.count {
                let count = (BLOCK * 8).min(head.run.count - head.read);
                match self.keeper.read(head.run.number, head.read, count) {
                    Ok(values) if values.len() as u64 == count => {
                        head.values = values;
                        head.values.reverse();
                        head.read += count;
                    }
                    Ok(_) => return Some(Err(ShelfError("a run is shorter than it was".into()))),
                    Err(error) => return Some(Err(error)),
                }
            }
        }
        let least = self
            .heads
            .iter_mut()
            .filter(|head| !head.values.is_empty())
            .min_by_key(|head| head.values.last().copied())?;
        least.values.pop().map(Ok)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{cell::RefCell, collections::BTreeMap};

    /// Runs in memory.
    #[derive(Clone, Debug, Default)]
    pub(in crate::monitor) struct Table(pub(in crate::monitor) RefCell<BTreeMap<u64, Vec<u64>>>);

    impl Shelf for Table {
        fn read(&self, run: u64, first: u64, count: u64) -> Result<Vec<u64>, ShelfError> {
            let runs = self.0.borrow();
            let run = runs.get(&run).ok_or_else(|| ShelfError("no run".into()))?;
            let [first, end] = [first, first + count].map(|at| usize::try_from(at).unwrap());
            run.get(first..end)
                .map(<[u64]>::to_vec)
                .ok_or_else(|| ShelfError("beyond its end".into()))
        }

        fn write(
            &self,
            run: u64,
            values: &mut dyn Iterator<Item = Result<u64, ShelfError>>,
        ) -> Result<(), ShelfError> {
            let values = values.collect::<Result<Vec<_>, _>>()?;
            assert!(values.is_sorted());
            self.0.borrow_mut().insert(run, values);
            Ok(())
        }
    }

    #[test]
    fn every_commitment_is_known_again_however_many_runs_there_are() {
        let (mut seen, table) = (Seen::new([7; 32]), Table::default());
        let count = u32::try_from(RECENT_MAX).unwrap() * 9 + 5;
        for number in 0..count {
            assert!(seen.insert(&number.to_be_bytes(), &table).unwrap());
        }
        assert_eq!(seen.len(), u64::from(count));
        assert_eq!(seen.runs.len(), 2, "eight runs became one: {:?}", seen.runs);
        for number in (0..count).step_by(997) {
            assert!(!seen.insert(&number.to_be_bytes(), &table).unwrap());
        }
        assert!(seen.insert(b"new", &table).unwrap());
    }

    #[test]
    fn a_damaged_run_is_told_from_an_unknown_value() {
        let run = Run {
            number: 0,
            count: 4000,
        };
        let values: Vec<u64> = (0..4000).map(|n| n << 52).collect();
        let table = Table::default();
        table.0.borrow_mut().insert(0, values.clone());
        assert_eq!(holds(&table, run, 5 << 52), Ok(true));
        assert_eq!(holds(&table, run, (5 << 52) + 1), Ok(false));
        table.0.borrow_mut().insert(0, values[..3000].to_vec());
        assert!(holds(&table, run, 3999 << 52).is_err());
        assert!(holds(&Table::default(), run, 1).is_err());
    }

    proptest! {
        #[test]
        fn a_run_holds_what_was_put_there_and_nothing_else(
            mut values in proptest::collection::btree_set(any::<u64>(), 1..3000),
            skewed in proptest::collection::btree_set(0_u64..5000, 0..3000),
            other: u64,
        ) {
            values.extend(skewed);
            let run = Run { number: 0, count: values.len() as u64 };
            let table = Table::default();
            table.0.borrow_mut().insert(0, values.iter().copied().collect());
            for value in &values {
                prop_assert_eq!(holds(&table, run, *value), Ok(true));
            }
            prop_assert_eq!(holds(&table, run, other), Ok(values.contains(&other)));
        }
    }
}
