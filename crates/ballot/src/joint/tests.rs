use super::*;
use crate::{
    report::Totals,
    seed::{ReportKey, Seed},
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

const CELLS_COUNTED: CellSet = CellSet(0x8000_4011);
const PERIOD: (&str, &str) = ("2026-01-01", "2026-06-30");

/// An organisation: its secrets and what it shows of itself.
struct Organisation {
    origin: String,
    key: ReportKey,
    totals: Totals,
}

/// Some organisations in the order of their keys.
fn organisations(count: u8) -> Vec<Organisation> {
    let mut all: Vec<_> = (0..count)
        .map(|number| {
            let seed = Seed::new([number; 32]);
            let origin = format!("mail-{number}.example/log/live/1");
            Organisation {
                key: seed.report_key(&origin),
                totals: Totals {
                    counts: core::array::from_fn(|k| u64::from(number) * 10 + k as u64),
                    blinding: seed.blinding(&origin, &[1; 32]),
                },
                origin,
            }
        })
        .collect();
    all.sort_unstable_by_key(|one| one.key.public());
    all
}

fn participants(all: &[Organisation]) -> Vec<Participant<'_>> {
    all.iter()
        .map(|one| Participant {
            range: Range {
                origin: &one.origin,
                root: [2; 32],
                start: 0,
                end: 512,
                schema: [3; 32],
                sum: one.totals.commitment().compress().to_bytes(),
            },
            key: one.key.public(),
        })
        .collect()
}

fn session(all: &[Organisation]) -> Session {
    Session::new(CELLS_COUNTED, 1, PERIOD.0, PERIOD.1, &participants(all)).unwrap()
}

/// Both rounds of everybody.
fn rounds(all: &[Organisation], session: &Session) -> Vec<(Vec<[u8; 32]>, Vec<u8>)> {
    let generator = &mut StdRng::seed_from_u64(1);
    all.iter()
        .enumerate()
        .map(|(number, one)| {
            let masks = session.masks(number, &one.key).unwrap();
            let opening = session
                .open(number, &one.key, &one.totals, generator)
                .unwrap();
            (masks.commitments().to_vec(), opening)
        })
        .collect()
}

fn total(
    session: &Session,
    parts: &[(Vec<[u8; 32]>, Vec<u8>)],
) -> Result<Vec<(Cell, u32)>, JointError> {
    let parts: Vec<_> = parts
        .iter()
        .map(|(masks, opening)| Contribution { masks, opening })
        .collect();
    session.total(&parts)
}

#[test]
fn three_and_ten_organisations_learn_their_total() {
    for count in [3, 10] {
        let all = organisations(count);
        let session = session(&all);
        let expected: Vec<_> = CELLS_COUNTED
            .cells()
            .map(|cell| {
                let place = usize::from(cell.number()) - 1;
                let sum: u64 = all.iter().map(|one| one.totals.counts[place]).sum();
                (cell, u32::try_from(sum).unwrap())
            })
            .collect();
        assert_eq!(total(&session, &rounds(&all, &session)), Ok(expected));
    }
}

#[test]
fn one_cell_and_all_cells_may_be_counted() {
    let all = organisations(3);
    for cells in [CellSet(1), CellSet(u32::MAX)] {
        let session = Session::new(cells, 1, PERIOD.0, PERIOD.1, &participants(&all)).unwrap();
        let totals = total(&session, &rounds(&all, &session)).unwrap();
        assert_eq!(totals.len(), cells.cells().count());
        assert_eq!(totals[0].1, 30);
    }
}

#[test]
fn whoever_publishes_a_bad_mask_is_named() {
    for (count, guilty, other) in [(3, 0, 2), (3, 2, 1), (10, 4, 9), (10, 9, 0)] {
        let all = organisations(count);
        let session = session(&all);
        let generator = &mut StdRng::seed_from_u64(2);
        let mut masks: Vec<_> = rounds(&all, &session)
            .into_iter()
            .map(|(masks, _)| masks)
            .collect();
        let place = |of: usize, towards: usize| if towards < of { towards } else { towards - 1 };
        let bad = RistrettoPoint::mul_base(&Scalar::from(7u8))
            .compress()
            .to_bytes();
        masks[guilty][place(guilty, other)] = bad;
        let rows: Vec<_> = masks.iter().map(Vec::as_slice).collect();
        let pair = JointError::Pair {
            one: guilty.min(other),
            two: guilty.max(other),
        };
        assert_eq!(session.check_masks(&rows), Err(pair));

        let theirs = session
            .reveal(guilty, other, &all[guilty].key, generator)
            .unwrap();
        let ours = session
            .reveal(other, guilty, &all[other].key, generator)
            .unwrap();
        let side = |number: usize, towards: usize, reveal| Side {
            number,
            mask: masks[number][place(number, towards)],
            reveal,
        };
        let honest = side(other, guilty, Some(ours.as_slice()));
        let mut forged = theirs;
        forged[40] ^= 1;
        // It reveals, it refuses, or it reveals something false.
        for reveal in [
            Some(theirs.as_slice()),
            None,
            Some(&forged),
            Some(&ours),
            Some(&[]),
        ] {
            let blamed = session.blame(&side(guilty, other, reveal), &honest);
            assert_eq!(blamed, Ok(vec![guilty]));
            let blamed = session.blame(&honest, &side(guilty, other, reveal));
            assert_eq!(blamed, Ok(vec![guilty]));
        }
        // Whoever did nothing wrong is not blamed for a good mask.
        let third = (0..usize::from(count))
            .find(|n| *n != guilty && *n != other)
            .unwrap();
        let one = session
            .reveal(third, other, &all[third].key, generator)
            .unwrap();
        let two = session
            .reveal(other, third, &all[other].key, generator)
            .unwrap();
        let (one, two) = (
            side(third, other, Some(&one)),
            side(other, third, Some(&two)),
        );
        assert_eq!(session.blame(&one, &two), Ok(vec![]));
    }
}

#[test]
fn whoever_opens_something_else_is_named() {
    for count in [3, 10] {
        let all = organisations(count);
        let session = session(&all);
        let parts = rounds(&all, &session);
        let guilty = usize::from(count) - 2;
        let generator = &mut StdRng::seed_from_u64(3);
        let cheat = |change: &dyn Fn(&mut Totals)| {
            let mut totals = all[guilty].totals.clone();
            change(&mut totals);
            totals
        };
        let masks = session.masks(guilty, &all[guilty].key).unwrap();
        // One count more in what is shown; the totals of another range; no masks.
        let more = cheat(&|totals| totals.counts[0] += 1);
        let other_range = cheat(&|totals| {
            totals.blinding = Seed::new([77; 32]).blinding("elsewhere", &[1; 32]);
        });
        let outside = cheat(&|totals| totals.counts[1] += 1);
        for totals in [&more, &other_range, &outside] {
            let refused = session.open(guilty, &all[guilty].key, totals, generator);
            assert_eq!(refused, Err(JointError::Totals));
            let mut parts = parts.clone();
            parts[guilty].1 =
                session.opening_of(guilty, &all[guilty].key, totals, &masks, generator);
            assert_eq!(total(&session, &parts), Err(JointError::Opening(guilty)));
        }
        let later =
            Session::new(CELLS_COUNTED, 2, PERIOD.0, PERIOD.1, &participants(&all)).unwrap();
        let mut replayed = parts.clone();
        replayed[guilty].1 = rounds(&all, &later)[guilty].1.clone();
        assert_eq!(total(&session, &replayed), Err(JointError::Opening(guilty)));
        let mut swapped = parts.clone();
        swapped[guilty].1 = parts[0].1.clone();
        assert_eq!(total(&session, &swapped), Err(JointError::Opening(guilty)));
        for at in (0..OPENING_BYTES).step_by(61) {
            let mut parts = parts.clone();
            parts[guilty].1[at] ^= 1;
            assert_eq!(total(&session, &parts), Err(JointError::Opening(guilty)));
        }
        let mut short = parts.clone();
        short[guilty].1.pop();
        assert_eq!(total(&session, &short), Err(JointError::Opening(guilty)));
        let mut few = parts;
        few[guilty].0.pop();
        assert_eq!(total(&session, &few), Err(JointError::Masks(guilty)));
    }
}

#[test]
fn nobody_joins_twice_or_with_a_broken_key_or_in_too_small_a_circle() {
    let all = organisations(4);
    let good = participants(&all);
    let new = |participants: &[Participant<'_>]| {
        Session::new(CELLS_COUNTED, 1, PERIOD.0, PERIOD.1, participants)
            .map(|session| *session.id())
    };
    assert!(new(&good).is_ok());
    assert_eq!(new(&good[..2]), Err(JointError::Participants(2)));
    let mut many = good.clone();
    many.resize(129, good[0]);
    assert_eq!(new(&many), Err(JointError::Participants(129)));
    let nothing = Session::new(CellSet(0), 1, PERIOD.0, PERIOD.1, &good).map(|_| ());
    assert_eq!(nothing, Err(JointError::Cells));
    let changed = |number: usize, change: &dyn Fn(&mut Participant<'_>)| {
        let mut participants = good.clone();
        change(&mut participants[number]);
        new(&participants)
    };
    assert_eq!(
        changed(1, &|one| one.key = good[0].key),
        Err(JointError::Order(1))
    );
    let origin = good[0].range.origin;
    assert_eq!(changed(2, &|_| ()), new(&good));
    let mut copied = good.clone();
    copied[2].range.origin = origin;
    assert_eq!(new(&copied), Err(JointError::Repeated(2)));
    assert_eq!(
        changed(1, &|one| one.range.start = 513),
        Err(JointError::Range(1))
    );
    assert_eq!(
        changed(1, &|one| one.range.sum = [0xff; 32]),
        Err(JointError::Sum(1))
    );
    // The identity is the smallest encoding, and no key.
    assert_eq!(
        changed(0, &|one| one.key = [0; 32]),
        Err(JointError::Key(0))
    );
    assert_eq!(
        changed(3, &|one| one.key = [0xff; 32]),
        Err(JointError::Key(3))
    );
    let session = session(&all);
    assert_eq!(
        session.masks(0, &all[1].key).map(|_| ()),
        Err(JointError::Key(0))
    );
    assert_eq!(
        session.masks(9, &all[1].key).map(|_| ()),
        Err(JointError::Unknown(9))
    );
}

#[test]
fn nobody_is_blamed_alone() {
    let all = organisations(3);
    let session = session(&all);
    let side = Side {
        number: 1,
        mask: [0; 32],
        reveal: None,
    };
    assert_eq!(session.blame(&side, &side), Err(JointError::Unknown(1)));
    let generator = &mut StdRng::seed_from_u64(1);
    let revealed = session.reveal(1, 1, &all[1].key, generator);
    assert_eq!(revealed, Err(JointError::Unknown(1)));
}

#[test]
fn a_sum_that_is_no_count_is_refused() {
    let mut all = organisations(3);
    for one in &mut all {
        one.totals.counts[14] = u64::from(u32::MAX) / 3;
    }
    let most = session(&all);
    let parts = rounds(&all, &most);
    assert_eq!(total(&most, &parts).unwrap()[2].1, u32::MAX);
    all[0].totals.counts[14] += 1;
    let beyond = session(&all);
    let parts = rounds(&all, &beyond);
    let cell = Cell::new(15).unwrap();
    assert_eq!(total(&beyond, &parts), Err(JointError::Total(cell)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_cells_of_any_totals_add_up(
        mask in 1u32.., counts in proptest::collection::vec(0u64..1_000_000, 96),
    ) {
        let mut all = organisations(3);
        for (one, counts) in all.iter_mut().zip(counts.chunks(32)) {
            one.totals.counts.copy_from_slice(counts);
        }
        let session =
            Session::new(CellSet(mask), 1, PERIOD.0, PERIOD.1, &participants(&all)).unwrap();
        let totals = total(&session, &rounds(&all, &session)).unwrap();
        prop_assert_eq!(totals.len(), mask.count_ones() as usize);
        for (cell, total) in totals {
            let place = usize::from(cell.number()) - 1;
            let sum: u64 = counts.chunks(32).map(|counts| counts[place]).sum();
            prop_assert_eq!(u64::from(total), sum);
        }
    }

    #[test]
    fn whatever_comes_in_names_its_sender_and_never_panics(
        opening in proptest::collection::vec(any::<u8>(), 0..1200),
        reveal in proptest::collection::vec(any::<u8>(), 0..200),
        mask in any::<[u8; 32]>(),
    ) {
        let all = organisations(3);
        let session = session(&all);
        let masks = session.masks(1, &all[1].key).unwrap();
        let said = session.verify_opening(1, masks.commitments(), &opening);
        prop_assert_eq!(said, Err(JointError::Opening(1)));
        prop_assert!(session.verify_opening(1, &[mask, mask], &opening).is_err());
        let one = Side { number: 1, mask, reveal: Some(&reveal) };
        let generator = &mut StdRng::seed_from_u64(1);
        let true_one = session.reveal(0, 1, &all[0].key, generator).unwrap();
        let own = session.masks(0, &all[0].key).unwrap().commitments()[0];
        let zero = Side { number: 0, mask: own, reveal: Some(&true_one) };
        prop_assert_eq!(session.blame(&zero, &one), Ok(vec![1]));
    }
}

#[test]
fn no_two_sessions_share_masks() {
    let all = organisations(3);
    let participants = participants(&all);
    let commitments = |cells, attempt, to, participants: &[Participant<'_>]| {
        let session = Session::new(cells, attempt, PERIOD.0, to, participants).unwrap();
        session
            .masks(0, &all[0].key)
            .unwrap()
            .commitments()
            .to_vec()
    };
    let one = commitments(CELLS_COUNTED, 1, PERIOD.1, &participants);
    let mut longer = participants.clone();
    longer[2].range.end = 768;
    for other in [
        commitments(CellSet(1), 1, PERIOD.1, &participants),
        commitments(CELLS_COUNTED, 2, PERIOD.1, &participants),
        commitments(CELLS_COUNTED, 1, "2026-12-31", &participants),
        commitments(CELLS_COUNTED, 1, PERIOD.1, &longer),
    ] {
        assert!(one.iter().all(|mask| !other.contains(mask)));
    }
    assert_eq!(one, commitments(CELLS_COUNTED, 1, PERIOD.1, &participants));
}
