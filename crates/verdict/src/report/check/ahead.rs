//! What can be checked before the first leaf is read.

use super::{Against, Check, bounds::Past};
use crate::report::{Bound, Report, Signed, Source, Subject};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZoneDatabase};
use portcullis_tlog::{
    checkpoint::Checkpoint,
    hash::{EMPTY_ROOT, Hash},
    note::VerifierKey,
    policy::{Policy, PolicyError},
};

/// How far another clock may be ahead of ours.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(5);

/// Every check that needs no leaf.
pub(super) fn check(signed: &Signed, against: &Against<'_>) -> Vec<Check> {
    let report = signed.report();
    let mut checks = vec![signatures(signed, against)];
    for source in report.sources() {
        let key = against.keys.get(&source.origin).cloned();
        let key = key.or_else(|| claimed(signed, source));
        checks.push(checkpoints(source, key.as_ref()));
        let times = witnesses(source, key.as_ref(), against.policy, &mut checks);
        let lone = report.number > 1 && against.previous.is_none();
        checks.push(closed(report, source, times, lone, against.now));
        let past = Past::of(report, source, key.as_ref(), against);
        checks.push(past.as_ref().map_or_else(
            || Check::not_checked("report.end", "without witnesses nothing says which checkpoint was the first after the period"),
            Past::end,
        ));
        checks.extend(start(report, source, past.as_ref(), against));
    }
    checks.extend(super::rules::check(signed, against));
    checks
}

/// The root that a bound names; that of the empty tree at size 0.
pub(super) fn root_of(bound: &Bound) -> Option<Hash> {
    match &bound.checkpoint {
        None => Some(EMPTY_ROOT),
        Some(note) => Checkpoint::parse(note.text()).ok().map(|it| it.root),
    }
}

/// The first instant of a day in a zone; `None` for a zone that is not known.
pub(super) fn start_of(day: Date, zone: &str) -> Option<Timestamp> {
    let zone = TimeZoneDatabase::bundled().get(zone).ok()?;
    day.to_zoned(zone)
        .ok()?
        .start_of_day()
        .ok()
        .map(|it| it.timestamp())
}

/// The key that a report's own signature names for a log.
pub(super) fn claimed(signed: &Signed, source: &Source) -> Option<VerifierKey> {
    let of_origin = |key: &&VerifierKey| key.name().as_str() == source.origin.as_str();
    signed
        .signatures()
        .iter()
        .map(|one| &one.key)
        .find(of_origin)
        .cloned()
}

fn signatures(signed: &Signed, against: &Against<'_>) -> Check {
    let name = "report.signature";
    let mut unknown = Vec::new();
    let mut signers = 0;
    for source in signed.report().sources() {
        signers += 1;
        let key = against.keys.get(&source.origin).cloned().or_else(|| {
            unknown.push(source.origin.to_string());
            claimed(signed, source)
        });
        let Some(key) = key else {
            let why = format!("the log `{}` has not signed", source.origin);
            return Check::failed(name, "report.not_signed", why);
        };
        let named = signed.signatures().iter().any(|one| one.key == key);
        if !named {
            let why = format!("the key of the log `{}` has not signed", source.origin);
            return Check::failed(name, "report.not_signed", why);
        }
        if !signed.signed_by(&key) {
            let why = format!("the signature of the log `{}` is false", source.origin);
            return Check::failed(name, "report.signature", why);
        }
    }
    if signed.signatures().len() != signers {
        let why = "somebody signed whose log is not counted";
        return Check::failed(name, "report.signatures", why);
    }
    if unknown.is_empty() {
        Check::passed(name, "signed by every log that it counts")
    } else {
        let why = format!(
            "the signature holds, but whose key it is, is the report's own word: {}",
            unknown.join(", ")
        );
        Check::not_checked(name, why)
    }
}

/// The log itself signed both checkpoints.
fn checkpoints(source: &Source, key: Option<&VerifierKey>) -> Check {
    let name = "report.checkpoint";
    let Some(key) = key else {
        return Check::not_checked(name, format!("no key of `{}` is known", source.origin));
    };
    for bound in [&source.start, &source.end] {
        if let Some(note) = &bound.checkpoint
            && let Err(error) = note.verify([key])
        {
            let why = format!("the checkpoint at size {}: {error}", bound.size);
            return Check::failed(name, "report.checkpoint", why);
        }
    }
    let (start, end) = (source.start.size, source.end.size);
    let sizes = format!(
        "`{}` signed its tree at {start} and at {end}",
        source.origin
    );
    Check::passed(name, sizes)
}

/// When the quorum had cosigned the start and the end; the instants are known if all is well.
fn witnesses(
    source: &Source,
    key: Option<&VerifierKey>,
    policy: Option<&Policy>,
    checks: &mut Vec<Check>,
) -> Option<(Option<Timestamp>, Timestamp)> {
    let name = "report.witnesses";
    let (Some(policy), Some(key)) = (policy, key) else {
        let why = "no policy says which witnesses are believed: none was checked";
        checks.push(Check::not_checked(name, why));
        return None;
    };
    if !policy.asks_for_witnesses() {
        let why = "the policy asks for no witness";
        checks.push(Check::not_checked(name, why));
        return None;
    }
    let mut times = Vec::new();
    let mut found = Vec::new();
    for bound in [&source.start, &source.end] {
        let Some(note) = &bound.checkpoint else {
            times.push(None);
            continue;
        };
        match policy.verify_quorum_as(note, key) {
            Ok(cosigned) => {
                times.push(cosigned.quorum_at.and_then(instant));
                found = cosigned
                    .cosigned_at
                    .into_iter()
                    .map(|(name, _)| name)
                    .collect();
            }
            Err(error) => {
                let code = match error {
                    PolicyError::NoQuorum => "report.no_quorum",
                    PolicyError::Signature(_) => "report.false_witness",
                    PolicyError::Checkpoint(_)
                    | PolicyError::UnknownLog(_)
                    | PolicyError::NotSignedByLog(_) => "report.checkpoint",
                };
                let why = format!("`{}` at size {}: {error}", source.origin, bound.size);
                checks.push(Check::failed(name, code, why));
                return None;
            }
        }
    }
    let said = format!(
        "a quorum cosigned `{}`: {}",
        source.origin,
        found.join(", ")
    );
    checks.push(Check::passed(name, said));
    match times.as_slice() {
        [start, Some(end)] => Some((*start, *end)),
        _ => None,
    }
}

/// Where nothing of a log was counted before, its first leaf is the log's own, or the period's.
fn start(
    report: &Report,
    source: &Source,
    past: Option<&Past<'_>>,
    against: &Against<'_>,
) -> Option<Check> {
    let name = "report.start";
    let joint = matches!(report.subject, Subject::Joint(_));
    let goes_on = |before: &Report| {
        let counted = before.sources().any(|other| other.origin == source.origin);
        // Who made no joint report for a while comes into the next one as somebody new.
        let next = before.period.to.tomorrow().ok() == Some(report.period.from);
        counted && (next || !joint)
    };
    let new = match against.previous {
        Some(before) => !goes_on(before.report()),
        None => report.number == 1,
    };
    if !new {
        return None;
    }
    let origin = &source.origin;
    Some(if joint {
        past.map_or_else(
            || {
                Check::not_checked(
                    name,
                    "without witnesses nothing says when the log was where",
                )
            },
            Past::joint_start,
        )
    } else if source.start.size.0 == 0 {
        Check::passed(name, format!("it starts with the first leaf of `{origin}`"))
    } else {
        let why = format!(
            "no report before it counts `{origin}`, and it leaves out the first {} leaves",
            source.start.size
        );
        Check::failed(name, "report.gap", why)
    })
}

fn instant(seconds: u64) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}

/// The leaves are those of the period: it was over when the end was cosigned, and the start is no
/// earlier than it began.
fn closed(
    report: &Report,
    source: &Source,
    times: Option<(Option<Timestamp>, Timestamp)>,
    lone: bool,
    now: Timestamp,
) -> Check {
    let name = "report.period";
    let zone = &report.period.zone;
    let begins = start_of(report.period.from, zone);
    let ends = report
        .period
        .to
        .tomorrow()
        .ok()
        .and_then(|day| start_of(day, zone));
    let (Some(begins), Some(ends)) = (begins, ends) else {
        return Check::failed(
            name,
            "report.zone",
            format!("no time zone is called `{zone}`"),
        );
    };
    if report.made_at < ends {
        let why = format!(
            "it was made at {}, before the period ended at {ends}",
            report.made_at
        );
        return Check::failed(name, "report.too_early", why);
    }
    if now.saturating_add(AHEAD_MAX).unwrap_or(now) < report.made_at {
        let why = format!(
            "it says that it was made at {}, and now it is {now}",
            report.made_at
        );
        return Check::failed(name, "report.too_early", why);
    }
    let Some((start, end)) = times else {
        return Check::not_checked(
            name,
            "without witnesses nothing says when the log ended the period",
        );
    };
    if end < ends {
        let why = format!(
            "`{}` ends at a checkpoint of {end}, before the period ended at {ends}",
            source.origin
        );
        return Check::failed(name, "report.too_early", why);
    }
    if report.made_at < end {
        let why = format!(
            "it was made at {}, before its last checkpoint of {end}",
            report.made_at
        );
        return Check::failed(name, "report.too_early", why);
    }
    // A first report may begin with the log, whenever that was; where the one before is known,
    // it says where this one begins.
    if let Some(start) = start
        && start < begins
        && lone
    {
        let why = format!(
            "`{}` starts at a checkpoint of {start}, before the period began at {begins}",
            source.origin
        );
        return Check::failed(name, "report.starts_early", why);
    }
    Check::passed(
        name,
        format!(
            "the period was over when `{}` was cosigned at {end}",
            source.origin
        ),
    )
}
