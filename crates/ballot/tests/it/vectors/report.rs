use super::{bytes, file, list, number, text, word};
use portcullis_ballot::{
    Blinding, CellSet, Seed,
    report::{self, Form, Line, ProveError, Range, ReportError, Totals},
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::Value;

pub(super) fn range(one: &Value) -> Range<'_> {
    Range {
        origin: text(one, "origin"),
        root: word(one, "root"),
        start: number(one, "start"),
        end: number(one, "end"),
        schema: word(one, "schema"),
        sum: word(one, "sum"),
    }
}

fn lines(one: &Value) -> Vec<Line> {
    let lines = one["lines"].as_array().unwrap();
    lines
        .iter()
        .map(|line| Line {
            cells: CellSet(u32::try_from(number(line, "mask")).unwrap()),
            form: match text(line, "form") {
                "withheld" => Form::Withheld,
                "exact" => Form::Exact(number(line, "value")),
                "band" => Form::Band {
                    low: number(line, "low"),
                    width: u32::try_from(number(line, "width")).unwrap(),
                },
                other => panic!("{other} is no form"),
            },
        })
        .collect()
}

pub(super) fn totals(one: &Value) -> Totals {
    let counts = list(one, "counts").iter();
    let counts: Vec<u64> = counts
        .map(|count| count.as_str().unwrap().parse().unwrap())
        .collect();
    Totals {
        counts: counts.try_into().unwrap(),
        blinding: Blinding::from_bytes(&word(one, "blinding")).unwrap(),
    }
}

#[test]
fn totals_are_read_with_the_seed() {
    let file = file("report.json");
    let given = &file["totals"];
    let leaves = list(given, "leaves").iter();
    let leaves = leaves.map(|leaf| (word(leaf, "digest"), word(leaf, "commitment")));
    let seed = Seed::new(word(given, "seed"));
    let read = report::totals(&seed, text(given, "origin"), leaves).unwrap();
    let given = totals(given);
    assert_eq!(read.counts, given.counts);
    assert_eq!(read.blinding.to_bytes(), given.blinding.to_bytes());
}

#[test]
fn reports_hold_and_are_proved_anew() {
    let file = file("report.json");
    let totals = totals(&file["totals"]);
    for one in list(&file, "reports") {
        let (range, lines, proof) = (range(one), lines(one), bytes(one, "proof"));
        assert_eq!(
            report::verify(&range, &lines, &proof),
            Ok(()),
            "{}",
            text(one, "name")
        );
        let anew = report::prove(&range, &lines, &totals, &mut StdRng::seed_from_u64(1)).unwrap();
        assert_eq!(report::verify(&range, &lines, &anew), Ok(()));
        assert_eq!(anew.len(), proof.len());
        assert_ne!(anew, proof);
    }
}

#[test]
fn what_must_be_refused_is() {
    let file = file("report.json");
    let refused = list(&file, "refused");
    for one in refused {
        let said = report::verify(&range(one), &lines(one), &bytes(one, "proof"));
        let said = said.map_err(ReportError::code);
        assert_eq!(said, Err(text(one, "refused")), "{}", text(one, "name"));
    }
    for code in [
        "range", "lines", "length", "point", "scalar", "sum", "line", "bits",
    ] {
        let code = format!("report.proof_{code}");
        assert!(
            refused.iter().any(|one| text(one, "refused") == code),
            "{code}"
        );
    }
}

#[test]
fn false_lines_are_not_proved() {
    let file = file("report.json");
    let totals = totals(&file["totals"]);
    for one in list(&file, "unprovable") {
        let generator = &mut StdRng::seed_from_u64(1);
        let said = report::prove(&range(one), &lines(one), &totals, generator);
        assert_eq!(
            said.map_err(ProveError::code),
            Err(text(one, "refused")),
            "{}",
            text(one, "name")
        );
    }
}
