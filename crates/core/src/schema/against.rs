//! Whether a schema's series are no finer than the laws let be published.

use super::{Cell, Condition, Schema, SchemaBroken, Series, SeriesLine, Shown, check::Found};
use crate::{
    docket::What,
    law::{Law, Publication, Rule, SecrecyRule},
};

/// Everything in a schema's series that is finer than these laws let be published, or that
/// speaks of laws that are not among them and does not say that it awaits them.
pub fn check_against<'l>(
    schema: &Schema,
    laws: impl IntoIterator<Item = &'l Law>,
) -> Vec<SchemaBroken> {
    let laws: Vec<&Law> = laws.into_iter().collect();
    let mut found = Vec::new();
    for series in &schema.series {
        found.extend(check_series(schema, series, &laws));
    }
    found
}

/// The same for one series.
pub fn check_series(schema: &Schema, series: &Series, laws: &[&Law]) -> Vec<SchemaBroken> {
    let at = schema.series.iter().position(|known| known.id == series.id);
    let place = format!("series.{}", at.unwrap_or_default());
    let mut found = Found(Vec::new());
    match &series.law {
        Some(id) => {
            let of_id: Vec<&Law> = laws.iter().copied().filter(|law| law.id == *id).collect();
            if of_id.is_empty() && series.awaits.is_none() {
                found.add(
                    format!("{place}.law"),
                    "schema.law_missing",
                    format!("the law `{id}` is not installed"),
                    "install it, or say under `awaits` that it is to come",
                );
            }
            for law in of_id {
                under(schema, series, law, &place, &mut found);
            }
        }
        None => {
            for law in laws {
                own(schema, series, law, &place, &mut found);
            }
        }
    }
    found.0
}

/// A series that a law's publications allow: each line under every rule that it counts.
fn under(schema: &Schema, series: &Series, law: &Law, place: &str, found: &mut Found) {
    if law.calendar.zone.iana_name() != Some(&series.zone_name) {
        found.add(
            format!("{place}.zone"),
            "schema.zone",
            format!("the days of `{}` begin in another zone", law.id),
            "take the zone of the law's calendar",
        );
    }
    for (number, line) in series.lines.iter().enumerate() {
        let place = format!("{place}.line.{number}");
        for cell in cells(schema, line) {
            let Some(counts) = &cell.counts else { continue };
            for rule in &counts.rules {
                if !law.rules.iter().any(|known| known.id == *rule) && cell.awaits.is_none() {
                    found.add(
                        format!("{place}.cells"),
                        "schema.unknown_rule",
                        format!(
                            "`{}` counts under `{rule}`, which `{}` lacks",
                            cell.id, law.id
                        ),
                        "correct the word in the cell",
                    );
                }
            }
            for rule in law.rules.iter().filter(|rule| reaches(counts, law, rule)) {
                permitted(series, counts, rule, &place, found);
            }
        }
    }
}

fn permitted(series: &Series, counts: &Condition, rule: &Rule, place: &str, found: &mut Found) {
    let allowed = || {
        rule.publications
            .iter()
            .filter(|known| known.by == series.by)
    };
    if allowed().next().is_none() {
        found.add(
            place.into(),
            "schema.unpublished",
            format!("rule `{}` lets no {} publish anything", rule.id, series.by),
            "leave the cell out of every line: it is counted, and shown to overseers",
        );
    } else if !allowed().any(|known| no_finer(series, known)) {
        found.add(
            place.into(),
            "schema.finer_than_law",
            format!(
                "rule `{}` allows wider bands, longer periods or later reports only",
                rule.id
            ),
            "band, period, delay and embargo equal those of the law's publication, or exceed them",
        );
    } else if !allowed().any(|known| no_finer(series, known) && lists(known, counts)) {
        found.add(
            place.into(),
            "schema.not_counted",
            format!(
                "rule `{}` does not list this among what is published",
                rule.id
            ),
            "see the rule's `publications`",
        );
    }
}

/// A series of the house's own: it tells nothing that a law keeps secret for ever or in bands.
fn own(schema: &Schema, series: &Series, law: &Law, place: &str, found: &mut Found) {
    for (number, line) in series.lines.iter().enumerate() {
        let counted = cells(schema, line).filter_map(|cell| cell.counts.as_ref());
        for counts in counted {
            let hidden = |rule: &&Rule| {
                let banded = |known: &Publication| known.by == series.by && known.band.is_some();
                let exact = |known: &Publication| known.by == series.by && known.band.is_none();
                let secret = matches!(rule.secrecy, SecrecyRule::NoEndInLaw { .. });
                rule.publications.iter().any(banded)
                    || secret && !rule.publications.iter().any(exact)
            };
            let reached = law.rules.iter().filter(|rule| reaches(counts, law, rule));
            if let Some(rule) = reached.filter(hidden).map(|rule| &rule.id).next() {
                found.add(
                    format!("{place}.line.{number}"),
                    "schema.finer_than_law",
                    format!(
                        "the line would tell totals of `{rule}`, which `{}` hides",
                        law.id
                    ),
                    "narrow its cells by `laws`, `rules` or `effects`",
                );
            }
        }
    }
}

fn cells<'s>(schema: &'s Schema, line: &'s SeriesLine) -> impl Iterator<Item = &'s Cell> {
    line.cells.iter().filter_map(|number| schema.cell(*number))
}

/// Whether something under a rule could be counted.
fn reaches(counts: &Condition, law: &Law, rule: &Rule) -> bool {
    let secret = match rule.secrecy {
        SecrecyRule::None => counts.secrecy.contains(&crate::docket::Secret::None),
        // An order may impose what the rule lets it, or nothing.
        SecrecyRule::Ordered { .. } => {
            counts.secrecy.contains(&crate::docket::Secret::None)
                || counts.secrecy.contains(&crate::docket::Secret::Ordered)
        }
        SecrecyRule::NoEndInLaw { .. } => {
            counts.secrecy.contains(&crate::docket::Secret::NoEndInLaw)
        }
    };
    (counts.laws.is_empty() || counts.laws.contains(&law.id))
        && (counts.rules.is_empty() || counts.rules.contains(&rule.id))
        && (counts.effects.is_empty() || counts.effects.contains(&rule.effect))
        && (counts.categories.is_empty() || !counts.categories.is_disjoint(&rule.categories))
        && (counts.secrecy.is_empty() || secret)
}

fn no_finer(series: &Series, law: &Publication) -> bool {
    let form = match (law.band, series.shown) {
        (None, _) => true,
        (Some(_), Shown::Exact) => false,
        // A band that is not a whole number of the law's straddles two of them.
        (Some(band), Shown::Band { width }) => band <= width && width % band.max(1) == 0,
    };
    form && law.period_months <= series.period_months
        && law.delay_months <= series.delay_months
        && law.first_embargo_months <= series.first_embargo_months
        && (law.joint || !series.joint)
}

/// Whether a publication lists what a cell counts, in the words of the laws. The first item of
/// each class of data stands for the order as far as it asks for that class.
fn lists(law: &Publication, counts: &Condition) -> bool {
    let words = |what: &What| match what {
        What::Order => &["orders"][..],
        What::Subject => &["users"],
        What::Target => &["selectors"],
        What::Item if counts.first == Some(true) => &["items", "orders"],
        What::Item => &["items"],
        What::Package | What::Change | What::Renewal => &[],
    };
    let listed = |what| {
        let mut words = words(what).iter();
        words.any(|word| law.counted.iter().any(|counted| counted == word))
    };
    counts.what.iter().all(listed)
}
