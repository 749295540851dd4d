//! What the schema and the laws say of a report, and the report before it.

use super::{Against, Check};
use crate::report::{Form, Line, Report, Signed, Source, Subject};
use portcullis_core::{
    publication::{self, Earlier, EarlierLine, Makers, Proposal},
    schema::{Schema, Series, SeriesLine, Shown, check_series},
};
use std::{collections::BTreeSet, sync::Arc};

/// Every check against the schema, the laws and the report before.
pub(super) fn check(signed: &Signed, against: &Against<'_>) -> Vec<Check> {
    let report = signed.report();
    let mut checks = vec![laws(report, against)];
    match schema_of(report, against) {
        Ok((schema, series)) => {
            let title = format!("the series `{}` of `{}`", series.id, schema.name);
            checks.push(Check::passed("report.schema", title));
            checks.push(lines(report, series));
            checks.push(permitted(report, schema, series, against));
            checks.push(publication(report, schema, series, against));
        }
        Err(check) => checks.push(check),
    }
    checks.push(previous(signed, against));
    checks
}

/// The schema under which every leaf is counted, and its series.
fn schema_of<'a>(
    report: &Report,
    against: &Against<'a>,
) -> Result<(&'a Arc<Schema>, &'a Series), Check> {
    let name = "report.schema";
    let mut ids = report.sources().map(|source| source.schema);
    let first = ids.next();
    if ids.any(|id| Some(id) != first) {
        let why = "the logs count under different schemas";
        return Err(Check::failed(name, "report.schema", why));
    }
    let Some(schema) = first.and_then(|id| against.schemas.get(&id)) else {
        let why = "the schema with the digest it names is not published with Portcullis; one that the log serves is its own word";
        return Err(Check::not_checked(name, why));
    };
    let Some(series) = schema.series(&report.series) else {
        let why = format!("`{}` has no series `{}`", schema.name, report.series);
        return Err(Check::failed(name, "report.series", why));
    };
    if series.joint != matches!(report.subject, Subject::Joint(_)) {
        let kind = report.kind();
        let why = format!(
            "the series `{}` is not published as a {kind} report",
            series.id
        );
        return Err(Check::failed(name, "report.kind", why));
    }
    if series.zone_name != report.period.zone {
        let why = format!(
            "its days begin in `{}`, those of its series in `{}`",
            report.period.zone, series.zone_name
        );
        return Err(Check::failed(name, "report.zone", why));
    }
    Ok((schema, series))
}

/// The lines are those of the series, none left out, and none shown finer.
fn lines(report: &Report, series: &Series) -> Check {
    let name = "report.lines";
    if report.lines.len() != series.lines.len() {
        let (found, needed) = (report.lines.len(), series.lines.len());
        let why = format!("it has {found} lines, and its series has {needed}");
        return Check::failed(name, "report.lines", why);
    }
    for (line, wanted) in report.lines.iter().zip(&series.lines) {
        if !same(line, wanted, series) {
            let why = format!(
                "the line `{}` is not the line `{}` of its series",
                line.id, wanted.id
            );
            return Check::failed(name, "report.lines", why);
        }
        if !no_finer(&line.form, series) {
            let why = format!(
                "the line `{}` ({}) is shown in another form than its series has",
                line.id, line.form
            );
            return Check::failed(name, "report.form", why);
        }
    }
    Check::passed(name, "the lines and their forms are those of the series")
}

fn same(line: &Line, wanted: &SeriesLine, series: &Series) -> bool {
    line.id == wanted.id
        && line.title == wanted.title
        && line.mask() == wanted.mask()
        && line.clause == wanted.clause.to_string()
        && line.law == series.law
}

/// Whether a form tells no more than its series does.
fn no_finer(form: &Form, series: &Series) -> bool {
    let few = u64::from(series.suppress_below);
    match (form, series.shown) {
        (Form::Withheld { .. }, _) => !series.joint,
        (Form::Exact { value }, Shown::Exact) => *value >= few,
        (Form::Exact { .. }, Shown::Band { .. }) => false,
        (Form::Band { low, high }, Shown::Exact) => *low == 0 && high.checked_add(1) == Some(few),
        (Form::Band { low, high }, Shown::Band { width }) => {
            let width = u64::from(width);
            low.checked_rem(width) == Some(0) && high.checked_sub(*low) == width.checked_sub(1)
        }
    }
}

/// The series itself is no finer than the laws let be published.
fn permitted(report: &Report, schema: &Schema, series: &Series, against: &Against<'_>) -> Check {
    let name = "report.permitted";
    let laws = if let Some(id) = &series.law {
        let Some(digest) = report.laws.get(id) else {
            let why = format!("it does not name the law `{id}`, on which its series rests");
            return Check::failed(name, "report.law", why);
        };
        let Some(law) = against.laws.get(digest) else {
            let why = format!("the law `{id}` of that digest is not known here");
            return Check::not_checked(name, why);
        };
        vec![law]
    } else {
        let all = against.laws.iter();
        all.filter_map(|law| against.laws.by_id(&law.id)).collect()
    };
    let laws = laws.into_iter().map(|law| &**law).collect::<Vec<_>>();
    match check_series(schema, series, &laws).first() {
        None => Check::passed(name, "the laws let it be published in this form"),
        Some(broken) => Check::failed(name, "report.finer_than_law", broken.to_string()),
    }
}

/// The laws it names are known here by their digests.
fn laws(report: &Report, against: &Against<'_>) -> Check {
    let name = "report.laws";
    let mut unpublished = Vec::new();
    for (id, digest) in &report.laws {
        match against.laws.get(digest) {
            Some(law) if law.id == *id => {
                if !against.laws.published(digest) {
                    unpublished.push(id.as_str());
                }
            }
            Some(law) => {
                let why = format!("the digest named for `{id}` is that of `{}`", law.id);
                return Check::failed(name, "report.law", why);
            }
            None => {
                let known = against.laws.by_id(id).is_some();
                let what = if known {
                    "another version of the law"
                } else {
                    "the law"
                };
                let why = format!(
                    "the file with the digest it names for `{id}` is not known here: {what} may say otherwise"
                );
                return Check::not_checked(name, why);
            }
        }
    }
    if unpublished.is_empty() {
        Check::passed(name, "every law it names is one published with Portcullis")
    } else {
        let known = format!(
            "known here, and not published with Portcullis: {}",
            unpublished.join(", ")
        );
        Check::passed(name, known)
    }
}

/// The report might be made when it was made: a whole period of the calendar, closed, after the
/// delay and the embargo of the law, and the next one of its series.
fn publication(report: &Report, schema: &Schema, series: &Series, against: &Against<'_>) -> Check {
    let name = "report.publication";
    let law = series.law.as_ref().and_then(|id| report.laws.get(id));
    let law = law.and_then(|digest| against.laws.get(digest));
    if series.law.is_some() && law.is_none() {
        let why = "without the law nobody can say when it may be published";
        return Check::not_checked(name, why);
    }
    let Some(log_began) = super::ahead::start_of(report.period.from, &series.zone_name) else {
        return Check::failed(
            name,
            "report.range",
            "the period is outside the range of dates",
        );
    };
    let earlier = against.previous.map(|signed| earlier(signed.report()));
    let decided = publication::decide(&Proposal {
        schema,
        series,
        law: law.map(|law| &**law),
        earlier: earlier.as_slice(),
        // Whether days before a first report were left out, the report before it would show.
        log_began,
        first_assistance: report.first_assistance,
        period: publication::Period {
            from: report.period.from,
            to: report.period.to,
        },
        makers: match &report.subject {
            Subject::Single(_) => Makers::One,
            Subject::Joint(joint) => {
                let members = joint.participants.iter().map(|one| &one.source.member);
                Makers::Several(members.collect::<BTreeSet<_>>().len())
            }
        },
        // Whatever it says of when it was made: what is not due now was not due then.
        now: report.made_at.min(against.now),
    });
    match decided {
        Ok(plan) => Check::passed(
            name,
            format!("it might be published from {} on", plan.not_before),
        ),
        Err(refusal) => Check::failed(name, refusal.code(), refusal.to_string()),
    }
}

/// A report as the rules for the next one see it.
pub fn earlier(report: &Report) -> Earlier {
    let lines = report.lines.iter().map(|line| EarlierLine {
        mask: line.mask(),
        form: match &line.form {
            Form::Exact { value } => publication::Form::Exact(*value),
            Form::Band { low, high } => publication::Form::Band {
                low: *low,
                high: *high,
            },
            Form::Withheld { .. } => publication::Form::Withheld,
        },
    });
    Earlier {
        series: report.series.clone(),
        number: report.number,
        period: publication::Period {
            from: report.period.from,
            to: report.period.to,
        },
        joint: matches!(report.subject, Subject::Joint(_)),
        lines: lines.collect(),
    }
}

/// It goes on where the report before it ended.
fn previous(signed: &Signed, against: &Against<'_>) -> Check {
    let name = "report.previous";
    let report = signed.report();
    let Some(before) = against.previous else {
        return if report.number == 1 {
            Check::passed(name, "the first of its series")
        } else {
            Check::not_checked(name, "the report before it was not given")
        };
    };
    let failed = |code, why: &str| Check::failed(name, code, why);
    let last = before.report();
    if report.previous != Some(before.digest())
        || last.number.checked_add(1) != Some(report.number)
        || last.series != report.series
        || last.realm != report.realm
    {
        return failed(
            "report.previous",
            "the report before it is another than the one it names",
        );
    }
    if let Some(why) = not_theirs(before, report, against) {
        return Check::failed(name, "report.previous", why);
    }
    if report.period.from <= last.period.to {
        return failed(
            "report.overlap",
            "its period begins before that of the last one ended",
        );
    }
    let next = last.period.to.tomorrow().ok() == Some(report.period.from);
    let joint = matches!(report.subject, Subject::Joint(_));
    // A joint report for which too few came together was made by nobody.
    if !next && !joint {
        return failed(
            "report.gap",
            "days lie between the period of the last one and its own",
        );
    }
    let counted: Vec<&Source> = last.sources().collect();
    for source in report.sources() {
        let same = counted.iter().find(|other| other.origin == source.origin);
        let Some(last) = same else {
            continue;
        };
        if source.start.size < last.end.size {
            return failed(
                "report.overlap",
                "it counts leaves again that the last one counted",
            );
        }
        if !next {
            continue;
        }
        let notes = (
            source.start.checkpoint.as_ref(),
            last.end.checkpoint.as_ref(),
        );
        let text =
            |note: Option<&portcullis_tlog::note::SignedNote>| note.map(|it| it.text().to_owned());
        if source.start.size > last.end.size || text(notes.0) != text(notes.1) {
            return failed(
                "report.gap",
                "it does not begin at the checkpoint at which the last one ended",
            );
        }
    }
    let known = |source: &Source| against.keys.contains_key(&source.origin);
    if last.sources().all(known) {
        let detail =
            "it goes on where the last one ended; the leaves of that one were not checked here";
        Check::passed(name, detail)
    } else {
        let why = "whose key signed the report before it, is that report's own word";
        Check::not_checked(name, why)
    }
}

/// Why the report before is not one of the logs that it counts; `None` when it is.
fn not_theirs(before: &Signed, report: &Report, against: &Against<'_>) -> Option<String> {
    for source in before.report().sources() {
        let origin = &source.origin;
        let key = against.keys.get(origin).cloned();
        let key = key.or_else(|| super::ahead::claimed(before, source));
        let Some(key) = key.filter(|key| before.signed_by(key)) else {
            return Some(format!(
                "the log `{origin}` has not signed the report before it"
            ));
        };
        let here = report.sources().any(|other| other.origin == *origin);
        let policy = against.policy.filter(|it| here && it.asks_for_witnesses());
        if let (Some(policy), Some(note)) = (policy, &source.end.checkpoint)
            && let Err(error) = policy.verify_quorum_as(note, &key)
        {
            return Some(format!(
                "the end of `{origin}` in the report before it: {error}"
            ));
        }
    }
    None
}
