use super::*;
use crate::{Ahead, CellSet, Context, Leaf, Sum};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

const ORIGIN: &str = "mail.example/log/live/1";

fn exact(mask: u32, value: u64) -> Line {
    Line {
        cells: CellSet(mask),
        form: Form::Exact(value),
    }
}

fn band(mask: u32, low: u64, width: u32) -> Line {
    Line {
        cells: CellSet(mask),
        form: Form::Band { low, width },
    }
}

fn withheld(mask: u32) -> Line {
    Line {
        cells: CellSet(mask),
        form: Form::Withheld,
    }
}

fn some_totals(generator: &mut StdRng) -> Totals {
    Totals {
        counts: core::array::from_fn(|_| u64::from(generator.next_u32() % 2000)),
        blinding: Seed::new([5; 32]).blinding(ORIGIN, &[1; 32]),
    }
}

fn range(totals: &Totals) -> Range<'static> {
    Range {
        origin: ORIGIN,
        root: [2; 32],
        start: 256,
        end: 6656,
        schema: [3; 32],
        sum: totals.commitment().compress().to_bytes(),
    }
}

#[test]
fn leaves_of_a_log_become_a_report() {
    let generator = &mut StdRng::seed_from_u64(1);
    let seed = Seed::new([9; 32]);
    let context = Context {
        origin: ORIGIN,
        schema: &[3; 32],
    };
    let mut sum = Sum::zero();
    let leaves: Vec<([u8; 32], [u8; 32])> = [15, 15, 4, 0, 15, 0, 32]
        .into_iter()
        .enumerate()
        .map(|(number, cell)| {
            let digest = [u8::try_from(number).unwrap(); 32];
            let ahead = Ahead::draw(&seed, generator);
            let leaf = Leaf::prove(ahead, &context, &digest, Cell::new(cell), &seed);
            let commitment = leaf.commitment_bytes().try_into().unwrap();
            sum.add_commitment(&commitment).unwrap();
            (digest, commitment)
        })
        .collect();
    let totals = totals(&seed, ORIGIN, leaves.clone()).unwrap();
    assert_eq!(
        (totals.counts[14], totals.counts[3], totals.counts[31]),
        (3, 1, 1)
    );
    assert_eq!(totals.counts.iter().sum::<u64>(), 5);
    let range = Range {
        sum: sum.to_bytes(),
        ..range(&totals)
    };
    let lines = [
        exact(1 << 14, 3),
        band(1 << 3, 0, 100),
        withheld(1 << 31),
        exact(u32::MAX, 5),
    ];
    let proof = prove(&range, &lines, &totals, generator).unwrap();
    assert_eq!(verify(&range, &lines, &proof), Ok(()));

    let elsewhere = super::totals(&seed, "other.example/log/live/1", leaves);
    let error = LeafError::Opening;
    assert_eq!(
        elsewhere.map(|totals| totals.counts),
        Err(BatchError { position: 0, error })
    );
}

#[test]
fn a_proof_is_as_long_as_its_bands_ask_for() {
    let generator = &mut StdRng::seed_from_u64(2);
    let totals = some_totals(generator);
    let exact: Vec<_> = (0..32).map(|k| exact(1 << k, totals.counts[k])).collect();
    let bands: Vec<_> = (0..32)
        .map(|k| band(1 << k, totals.counts[k] / 500 * 500, 500))
        .collect();
    for (lines, length) in [(exact, 1088), (bands, 10_496)] {
        let proof = prove(&range(&totals), &lines, &totals, generator).unwrap();
        assert_eq!(proof.len(), length);
        assert_eq!(verify(&range(&totals), &lines, &proof), Ok(()));
    }
}

#[test]
fn as_many_lines_in_as_wide_bands_as_there_may_be_are_proved() {
    let generator = &mut StdRng::seed_from_u64(5);
    let totals = some_totals(generator);
    let masks = (0..LINES_MAX).map(|number| 0x0001_0001 * u32::try_from(number + 1).unwrap());
    let lines: Vec<_> = masks.map(|mask| band(mask, 0, BAND_VALUES_MAX)).collect();
    let bits: usize = band::weights_of(&lines).iter().map(Vec::len).sum();
    assert_eq!(bits, group::BITS_MAX);
    let proof = prove(&range(&totals), &lines, &totals, generator).unwrap();
    assert_eq!(verify(&range(&totals), &lines, &proof), Ok(()));
    assert_eq!(proof.len(), 1088 + (6 + 1024) * 32);
}

#[test]
fn a_false_line_cannot_be_proved_and_is_named() {
    let generator = &mut StdRng::seed_from_u64(3);
    let totals = some_totals(generator);
    let [one, two, ..] = totals.counts;
    let true_line = exact(1, one);
    for (line, said) in [
        (exact(2, two + 1), ProveError::Line(1)),
        (band(2, two + 1, 100), ProveError::Line(1)),
        (band(2, two - 100, 100), ProveError::Line(1)),
        (exact(1, one), ProveError::Lines(LinesError::Repeated(1))),
        (exact(0, 0), ProveError::Lines(LinesError::Empty(1))),
        (band(2, two, 1), ProveError::Lines(LinesError::Width(1))),
        (band(2, 0, 65_537), ProveError::Lines(LinesError::Width(1))),
        (
            band(2, u64::MAX - 9, 11),
            ProveError::Lines(LinesError::Overflow(1)),
        ),
    ] {
        assert_eq!(
            prove(&range(&totals), &[true_line, line], &totals, generator),
            Err(said)
        );
    }
    let many = vec![true_line; 65];
    let said = ProveError::Lines(LinesError::Count(65));
    assert_eq!(prove(&range(&totals), &many, &totals, generator), Err(said));
    let mut others = totals.clone();
    others.counts[7] += 1;
    let proved = prove(&range(&totals), &[true_line], &others, generator);
    assert_eq!(proved, Err(ProveError::Totals));
}

#[test]
fn a_proof_belongs_to_its_range_and_to_its_lines_in_their_order() {
    let generator = &mut StdRng::seed_from_u64(4);
    let totals = some_totals(generator);
    let [one, two, ..] = totals.counts;
    let lines = [exact(1, one), band(3, one + two, 500), withheld(4)];
    let range = range(&totals);
    let proof = prove(&range, &lines, &totals, generator).unwrap();
    assert_eq!(verify(&range, &lines, &proof), Ok(()));

    let mut other = totals.clone();
    other.blinding = Seed::new([6; 32]).blinding(ORIGIN, &[1; 32]);
    let sum = self::range(&other).sum;
    for changed in [
        Range {
            origin: "mail.example/log/live/2",
            ..range
        },
        Range {
            root: [4; 32],
            ..range
        },
        Range { start: 0, ..range },
        Range { end: 6912, ..range },
        Range {
            schema: [4; 32],
            ..range
        },
        Range { sum, ..range },
    ] {
        assert_eq!(verify(&changed, &lines, &proof), Err(ReportError::Sum));
    }
    let [a, b, c] = lines;
    for changed in [
        vec![b, a, c],
        vec![a, c, b],
        vec![exact(1, one + 1), b, c],
        vec![exact(8, one), b, c],
        vec![a, band(3, one + two - 1, 500), c],
        vec![a, band(3, one + two, 501), c],
        vec![a, b, withheld(8)],
        vec![a, b],
        vec![a, b, c, withheld(8)],
    ] {
        assert!(verify(&range, &changed, &proof).is_err(), "{changed:?}");
    }
    for (bytes, said) in [
        (&proof[..proof.len() - 1], proof.len() - 1),
        (&proof[..1088], 1088),
        (&[proof.as_slice(), &[0; 32]].concat(), proof.len() + 32),
    ] {
        let length = ReportError::Length {
            expected: proof.len(),
            found: said,
        };
        assert_eq!(verify(&range, &lines, bytes), Err(length));
    }
}

/// Any lines that the totals bear out, overlapping as they come.
fn some_lines(totals: &Totals, masks: &[u32], generator: &mut StdRng) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for mask in masks {
        let mut line = withheld(*mask);
        let total = totals.of(&line);
        line.form = match generator.next_u32() % 5 {
            0 => Form::Withheld,
            1 | 2 => Form::Exact(total),
            _ => {
                let width = generator.random_range(2..=2000);
                let above = generator.random_range(0..width);
                Form::Band {
                    low: total.saturating_sub(above.into()),
                    width,
                }
            }
        };
        if lines.iter().all(|other| other.cells != line.cells) {
            lines.push(line);
        }
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn true_lines_are_proved_and_any_changed_bit_is_refused(
        salt in any::<u64>(),
        masks in proptest::collection::vec(prop_oneof![1u32.., (0u32..32).prop_map(|k| 1 << k)], 1..20),
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let generator = &mut StdRng::seed_from_u64(salt);
        let totals = some_totals(generator);
        let lines = some_lines(&totals, &masks, generator);
        let mut proof = prove(&range(&totals), &lines, &totals, generator).unwrap();
        prop_assert_eq!(verify(&range(&totals), &lines, &proof), Ok(()));
        let at = at.index(proof.len());
        proof[at] ^= 1 << bit;
        prop_assert!(verify(&range(&totals), &lines, &proof).is_err());
    }

    #[test]
    fn verifying_anything_never_panics(
        proof in proptest::collection::vec(any::<u8>(), 0..3000),
        masks in proptest::collection::vec(any::<u32>(), 0..5),
        low in any::<u64>(), width in any::<u32>(),
    ) {
        let totals = Totals::zero();
        let lines: Vec<_> = masks.iter().map(|mask| band(*mask, low, width)).collect();
        prop_assert!(verify(&range(&totals), &lines, &proof).is_err());
    }
}

#[test]
fn a_figure_that_was_edited_after_the_proof_is_named() {
    let generator = &mut StdRng::seed_from_u64(8);
    let totals = some_totals(generator);
    let range = range(&totals);
    let count = |cell: usize| totals.counts[cell - 1];
    let honest = [
        exact(1 << 2, count(3)),
        exact(1 << 5, count(6)),
        band(1 << 8, count(9) / 500 * 500, 500),
        withheld(1 << 9),
    ];
    let proof = prove(&range, &honest, &totals, generator).unwrap();
    assert_eq!(misfits(&range, &honest, &proof), Vec::<usize>::new());
    let edited = |at: usize, form| {
        let mut lines = honest;
        lines[at].form = form;
        assert_eq!(verify(&range, &lines, &proof), Err(ReportError::Sum));
        misfits(&range, &lines, &proof)
    };
    assert_eq!(edited(0, Form::Exact(count(3) - 1)), [0]);
    assert_eq!(edited(1, Form::Exact(0)), [1]);
    let (low, width) = (count(9) / 500 * 500 + 500, 500);
    assert_eq!(edited(2, Form::Band { low, width }), [2]);

    let mut lines = honest;
    lines[0].form = Form::Exact(count(3) + 1);
    lines[1].form = Form::Exact(count(6) + 1);
    assert_eq!(misfits(&range, &lines, &proof), Vec::<usize>::new());
    let elsewhere = Range {
        sum: [0; 32],
        ..range
    };
    assert_eq!(misfits(&elsewhere, &honest, &proof), Vec::<usize>::new());
    assert_eq!(misfits(&range, &honest, &proof[32..]), Vec::<usize>::new());
}
