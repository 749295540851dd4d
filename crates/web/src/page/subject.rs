//! What a report is about: whose, when, over which entries, by which laws.

use super::time::{grouped, shown};
use portcullis_verdict::report::{Report, Source, Subject as Of};

/// The facts at the head of a report.
pub(crate) struct Subject {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) zone: String,
    pub(crate) made_at: String,
    pub(crate) made_at_text: String,
    pub(crate) realm: String,
    pub(crate) laws: Vec<(String, String)>,
    pub(crate) parts: Vec<Part>,
}

/// The entries of one log that are counted.
pub(crate) struct Part {
    pub(crate) member: String,
    pub(crate) origin: String,
    pub(crate) start: String,
    pub(crate) end: String,
    pub(crate) entries: String,
}

impl Subject {
    /// The facts of a report.
    pub(crate) fn of(report: &Report) -> Self {
        let laws = report.laws.iter();
        Self {
            from: report.period.from.to_string(),
            to: report.period.to.to_string(),
            zone: report.period.zone.clone(),
            made_at: report.made_at.to_string(),
            made_at_text: shown(report.made_at),
            realm: report.realm.clone(),
            laws: laws
                .map(|(law, digest)| (law.clone(), digest.to_string()))
                .collect(),
            parts: sources(report).into_iter().map(Part::of).collect(),
        }
    }
}

impl Part {
    fn of(source: &Source) -> Self {
        let (start, end) = (source.start.size.0, source.end.size.0);
        Self {
            member: source.member.to_string(),
            origin: source.origin.to_string(),
            start: grouped(start),
            end: grouped(end),
            entries: grouped(end.saturating_sub(start)),
        }
    }
}

/// The logs that a report counts over.
pub(crate) fn sources(report: &Report) -> Vec<&Source> {
    match &report.subject {
        Of::Single(single) => vec![&single.source],
        Of::Joint(joint) => joint
            .participants
            .iter()
            .map(|participant| &participant.source)
            .collect(),
    }
}
