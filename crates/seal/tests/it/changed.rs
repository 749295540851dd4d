//! A file that changes under way ends the sealing.

use crate::kit::{self, source_of};
use portcullis_seal::{
    key::Identity,
    plan::{Content, Mapping, plan},
    seal::SealError,
};
use std::{
    cell::Cell,
    io::{self, Read},
};

/// Gives one thing the first time and another from then on.
struct Changing {
    first: Vec<u8>,
    then: io::Result<Vec<u8>>,
    opened: Cell<u32>,
}

impl Content for Changing {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        self.opened.set(self.opened.get() + 1);
        match (&self.then, self.opened.get()) {
            (_, 1) => Ok(Box::new(self.first.as_slice())),
            (Ok(then), _) => Ok(Box::new(then.as_slice())),
            (Err(error), _) => Err(error.kind().into()),
        }
    }
}

fn seal_changing(then: io::Result<Vec<u8>>) -> SealError {
    let first = kit::noise(100_000);
    let changing = Changing {
        first,
        then,
        opened: Cell::new(0),
    };
    let measured = kit::measured(
        &Identity::generate(),
        Mapping::from([(1, vec![source_of("log", 100_000, changing)])]),
    );
    measured.seal(Vec::new(), &mut |_| {}).unwrap_err()
}

#[test]
fn a_file_that_changes_between_the_passes_aborts_and_is_named() {
    let mut one_bit = kit::noise(100_000);
    one_bit[99_999] ^= 1;
    for then in [one_bit, kit::noise(99_999), kit::noise(100_001), vec![]] {
        let length = then.len();
        let error = seal_changing(Ok(then));
        assert!(
            matches!(&error, SealError::Changed { path } if path == "data/1/log"),
            "{length}: {error}"
        );
        assert_eq!(error.code(), "package.changed");
    }
}

#[test]
fn a_file_that_disappears_between_the_passes_is_named() {
    let error = seal_changing(Err(io::ErrorKind::NotFound.into()));
    assert!(
        matches!(&error, SealError::Read { path, .. } if path == "data/1/log"),
        "{error}"
    );
}

#[test]
fn a_file_that_grows_without_end_is_left_at_its_planned_length() {
    struct Endless;
    impl Content for Endless {
        fn open(&self) -> io::Result<Box<dyn Read + '_>> {
            Ok(Box::new(io::repeat(7)))
        }
    }
    let grant = kit::grant(&Identity::generate().recipient());
    let mapping = Mapping::from([(1, vec![source_of("log", 10, Endless)])]);
    let plan = plan(
        &grant,
        kit::package(),
        mapping,
        kit::at("2026-02-01T00:00:00Z"),
    )
    .unwrap();
    assert!(matches!(
        plan.measure(&mut |_| {}),
        Err(SealError::Changed { .. })
    ));
}

#[test]
fn a_full_disk_is_told_from_a_changed_file() {
    struct Full(usize);
    impl io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let big = kit::source("big", &kit::noise(4 << 20));
    let measured = kit::measured(&Identity::generate(), Mapping::from([(1, vec![big])]));
    for room in [0, 1 << 20] {
        let error = measured.seal(Full(room), &mut |_| {}).unwrap_err();
        assert!(
            matches!(&error, SealError::Write(error) if error.kind() == io::ErrorKind::StorageFull),
            "{error}"
        );
    }
    assert!(measured.seal(Full(5 << 20), &mut |_| {}).is_ok());
}
