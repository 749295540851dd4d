//! The floors: what no law file may go below, whoever wrote it (design §2).
//!
//! Nothing here knows a statute. A file that asks for less than these floors is
//! refused even if its clause is real: what some law would allow beyond them,
//! Portcullis does not carry. Every floor has a code of its own, so that a
//! refused file says which one it broke, and where.

mod approval;
mod end;
mod target;

use super::{Law, Rule, Validity};

/// The most targets one order may name under any law. A request that needs more is
/// several requests, each with its own approvals: at 32, a person can still read
/// every line of what they sign.
pub const TARGETS_MAX: u16 = 32;
/// The longest an order may be in force before somebody must renew it, in months.
pub const DURATION_MONTHS_MAX: u32 = 12;
/// The longest secrecy that an order may impose where the law itself imposes none, in months.
pub const SECRECY_MONTHS_MAX: u32 = 24;
/// The longest one delay of information to the person may last, in months.
pub const DELAY_MONTHS_MAX: u32 = 12;
/// The longest that contents, packages and salts may be kept after a case's end, in months.
pub const RETENTION_MONTHS_MAX: u32 = 120;
/// The longest an order may stand on its urgent approval alone, in days: twelve
/// working days over the turn of a year, the longest that any text we know gave.
pub const LAPSE_DAYS_MAX: u32 = 31;
/// The widths of bands that may be published.
pub const BANDS: [u32; 4] = [100, 250, 500, 1000];
/// The longest period and delay of a publication, in months.
pub const PUBLICATION_MONTHS_MAX: u32 = 36;

/// A floor that a law file goes below.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("rule `{rule}`, `{at}`: {reason}")]
pub struct FloorBroken {
    /// The rule's word; empty for the law as a whole.
    pub rule: String,
    /// Where in the file: keys and numbers from zero, joined by dots, such as `rule.0.approval.1`.
    pub at: String,
    /// A stable code, `law.floor.…`.
    pub code: &'static str,
    /// What is wrong, as a sentence.
    pub reason: String,
    /// What to do about it.
    pub hint: &'static str,
}

/// Every floor that a law goes below, in the order of the file's rules; none, if it may be used.
pub fn check(law: &Law) -> Vec<FloorBroken> {
    let mut broken = Vec::new();
    if law.rules.is_empty() {
        broken.push(FloorBroken {
            rule: String::new(),
            at: "rule".into(),
            code: "law.floor.no_rules",
            reason: "the law has no rules".into(),
            hint: "a law without rules allows nothing: leave it out",
        });
    }
    for (number, rule) in law.rules.iter().enumerate() {
        let mut findings = Findings {
            rule,
            number,
            broken: &mut broken,
        };
        target::check(&mut findings);
        approval::check(&mut findings);
        end::check(&mut findings);
        validity(&mut findings, law.rules.get(..number).unwrap_or_default());
    }
    broken
}

/// A rule's dates: in order, and never two rules of one word on one day.
fn validity(found: &mut Findings<'_>, earlier: &[Rule]) {
    let Validity { from, to } = found.rule.valid;
    if to.is_some_and(|to| to < from) {
        found.add(
            "valid",
            "law.floor.validity",
            "the rule ends before it begins".into(),
            "`from` is the first day, `to` the last",
        );
    }
    let same = |other: &&Rule| other.id == found.rule.id && other.valid.overlaps(&found.rule.valid);
    match earlier.iter().find(same) {
        Some(other) if other.valid == found.rule.valid => found.add(
            "id",
            "law.floor.duplicate",
            format!(
                "a rule `{}` with the same dates stands above",
                found.rule.id
            ),
            "one word and one day have one rule: remove one, or rename it",
        ),
        Some(other) => found.add(
            "valid",
            "law.floor.overlap",
            format!(
                "the rule `{}` of {} is still law on some of these days",
                other.id, other.valid.from
            ),
            "end the older rule on the day before the newer begins",
        ),
        None => {}
    }
}

/// What was found about one rule.
struct Findings<'a> {
    rule: &'a Rule,
    number: usize,
    broken: &'a mut Vec<FloorBroken>,
}

impl Findings<'_> {
    fn add(&mut self, field: &str, code: &'static str, reason: String, hint: &'static str) {
        self.broken.push(FloorBroken {
            rule: self.rule.id.clone(),
            at: format!("rule.{}.{field}", self.number),
            code,
            reason,
            hint,
        });
    }
}

#[cfg(test)]
mod tests;
