//! What is compared once every leaf was read: roots, sums, lines.

use super::{Check, Checker, Depth, ahead, leaves::Stream};
use crate::report::{Form, Joint, Line, Report, Single, Source, Subject};
use portcullis_ballot::{
    CellSet,
    joint::{Contribution, JointError, Participant, Session},
    report::{self, Range, ReportError},
};

/// The checks of every source, and then of the lines.
pub(super) fn check(checker: &mut Checker) -> Vec<Check> {
    let mut checks = Vec::new();
    let depth = checker.depth;
    let report = checker.signed.report();
    let sources = report.sources();
    for ((source, stream), fault) in sources.zip(&mut checker.streams).zip(&checker.faults) {
        match (stream, fault) {
            (_, Some((code, why))) => {
                let why = format!("`{}`: {why}", source.origin);
                checks.push(Check::failed("report.leaves", code, why));
            }
            (Some(stream), None) => of_source(source, stream, depth, &mut checks),
            (None, None) => {
                let why = format!("the leaves of `{}` were not read", source.origin);
                checks.push(Check::not_checked("report.leaves", why));
            }
        }
    }
    checks.extend(lines(report));
    checks
}

fn of_source(source: &Source, stream: &mut Stream, depth: Depth, checks: &mut Vec<Check>) {
    let origin = &source.origin;
    if stream.next_leaf() != source.end.size.0 {
        let why = format!(
            "the leaves of `{origin}` were read up to {}, of {}",
            stream.next_leaf(),
            source.end.size
        );
        checks.push(Check::not_checked("report.leaves", why));
        return;
    }
    let count = stream.count();
    checks.push(match depth {
        Depth::Proofs => Check::passed(
            "report.leaves",
            format!("each of the {count} leaves of `{origin}` counts one cell at most"),
        ),
        Depth::TotalsOnly => Check::not_checked(
            "report.leaves",
            format!("the proofs of the {count} leaves of `{origin}` were not checked: a leaf could count anything"),
        ),
    });
    checks.push(tree(source, stream));
    checks.push(repeats(source, stream));
    checks.push(if stream.sum().to_bytes() == source.commitment {
        let detail = format!("the sum of the leaves of `{origin}` is the one it names");
        Check::passed("report.commitment", detail)
    } else {
        let why = format!("the leaves of `{origin}` have another sum than the one it names");
        Check::failed("report.commitment", "report.commitment", why)
    });
}

/// No leaf was left out, added or changed.
fn tree(source: &Source, stream: &Stream) -> Check {
    let (name, origin) = ("report.tree", &source.origin);
    let found = stream.edge().root();
    if ahead::root_of(&source.end) == Some(found) {
        let (start, end) = (source.start.size, source.end.size);
        let detail = format!(
            "the leaves of `{origin}` from {start} to {end} are those of the tree it signed"
        );
        Check::passed(name, detail)
    } else {
        let why = format!(
            "the leaves of `{origin}` make the root {found} at size {}: one was left out, added or changed",
            source.end.size
        );
        Check::failed(name, "report.end_root", why)
    }
}

/// Nothing was counted twice under one digest.
fn repeats(source: &Source, stream: &mut Stream) -> Check {
    let (name, origin) = ("report.repeats", &source.origin);
    let (compared, count) = (stream.compared(), stream.count());
    if let Some(digest) = stream.repeated() {
        let why = format!(
            "two leaves of `{origin}` have the digest {digest}…: one thing is counted twice"
        );
        Check::failed(name, "report.leaf_repeated", why)
    } else if compared as u64 == count {
        Check::passed(name, format!("no two leaves of `{origin}` are the same"))
    } else {
        let why = format!(
            "of the {count} leaves of `{origin}`, the first {compared} were compared with each other"
        );
        Check::not_checked(name, why)
    }
}

/// The lines are those of the sum.
fn lines(report: &Report) -> Vec<Check> {
    match &report.subject {
        Subject::Single(single) => vec![single_lines(report, single)],
        Subject::Joint(joint) => vec![joint_lines(report, joint)],
    }
}

/// The proof of a single report holds over its lines.
fn single_lines(report: &Report, single: &Single) -> Check {
    let name = "report.proof";
    let root = ahead::root_of(&single.source.end).map_or([0; 32], |root| root.0);
    let range = range_of(&single.source, root);
    match report::verify(&range, &lines_of(&report.lines), &single.proof) {
        Ok(()) => Check::passed(
            name,
            "every line is what the leaves add up to, in the form shown",
        ),
        Err(error) => {
            let lines = lines_of(&report.lines);
            let named = match error {
                ReportError::Line(at) => vec![at],
                _ => report::misfits(&range, &lines, &single.proof),
            };
            let named = named.iter().filter_map(|at| report.lines.get(*at));
            let named = named.map(|line| format!("the line `{}` ({})", line.id, line.form));
            let named = named.collect::<Vec<_>>().join(", ");
            let why = if named.is_empty() {
                error.to_string()
            } else {
                format!("{named}: it is not what the leaves add up to")
            };
            Check::failed(name, error.code(), why)
        }
    }
}

/// Every participant's opening holds, and together they are the lines.
fn joint_lines(report: &Report, joint: &Joint) -> Check {
    let name = "report.proof";
    let totals = session_of(report, joint).and_then(|session| {
        let parts = joint.participants.iter().map(|one| Contribution {
            masks: &one.masks,
            opening: &one.opening,
        });
        session.total(&parts.collect::<Vec<_>>())
    });
    let totals = match totals {
        Ok(totals) => totals,
        Err(error) => {
            let member = |at: usize| {
                joint
                    .participants
                    .get(at)
                    .map(|one| one.source.member.as_str())
            };
            let who = match error {
                JointError::Order(at)
                | JointError::Repeated(at)
                | JointError::Range(at)
                | JointError::Key(at)
                | JointError::Sum(at)
                | JointError::Masks(at)
                | JointError::Opening(at) => member(at),
                _ => None,
            };
            let who = who.map(|who| format!("`{who}`: ")).unwrap_or_default();
            return Check::failed(name, error.code(), format!("{who}{error}"));
        }
    };
    for line in &report.lines {
        let counted = totals
            .iter()
            .filter(|(cell, _)| line.cells.contains(&cell.number()));
        let sum: u64 = counted.map(|(_, total)| u64::from(*total)).sum();
        if line.form != (Form::Exact { value: sum }) {
            let why = format!(
                "the line `{}` ({}) is not what the openings add up to: {sum}",
                line.id, line.form
            );
            return Check::failed(name, "report.proof_line", why);
        }
    }
    let parties = joint.participants.len();
    Check::passed(
        name,
        format!("every line is what the openings of {parties} participants add up to"),
    )
}

/// What the masks and openings of a joint report are bound to.
///
/// # Errors
///
/// [`JointError`] when the parts make no session.
pub fn session_of(report: &Report, joint: &Joint) -> Result<Session, JointError> {
    let cells = report.lines.iter().fold(0, |mask, line| mask | line.mask());
    let participants = joint.participants.iter().map(|one| {
        let root = ahead::root_of(&one.source.end).map_or([0; 32], |root| root.0);
        Participant {
            range: range_of(&one.source, root),
            key: one.report_key,
        }
    });
    Session::new(
        CellSet(cells),
        joint.attempt,
        &report.period.from.to_string(),
        &report.period.to.to_string(),
        &participants.collect::<Vec<_>>(),
    )
}

/// What a report's proof is over, given the root at the end of the leaves.
pub fn range_of(source: &Source, root: [u8; 32]) -> Range<'_> {
    Range {
        origin: source.origin.as_str(),
        root,
        start: source.start.size.0,
        end: source.end.size.0,
        schema: source.schema.0,
        sum: source.commitment,
    }
}

/// The lines as the proof knows them.
pub fn lines_of(lines: &[Line]) -> Vec<report::Line> {
    let lines = lines.iter().map(|line| report::Line {
        cells: CellSet(line.mask()),
        form: match &line.form {
            Form::Exact { value } => report::Form::Exact(*value),
            Form::Band { low, high } => report::Form::Band {
                low: *low,
                // INVARIANT: a report's bands hold 2 to 65,536 values.
                width: u32::try_from(high.saturating_sub(*low).saturating_add(1))
                    .unwrap_or(u32::MAX),
            },
            Form::Withheld { .. } => report::Form::Withheld,
        },
    });
    lines.collect()
}
