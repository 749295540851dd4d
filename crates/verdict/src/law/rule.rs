//! One rule of a law file: each field under the name it has in `core`.

use super::read::{Node, Table};
use portcullis_core::{
    category::Category,
    law::{
        Change, Clarification, Clause, Demand, Effect, Ground, Information, Modification, Party,
        Protected, Protection, Publication, Reason, Renewal, Rule, Scope, SecrecyRule, Timed, Turn,
        Urgent, Validity,
    },
    office::Office,
    selector::SelectorKind,
    time::{EndOfPeriod, FirstDay, TimeRule, Unit},
};

const NO_END: &str = "everything ends: say when, or write a house rule that says so";

pub(super) fn read(t: &mut Table<'_>) -> Option<Rule> {
    let id = t.required("id", Node::word);
    let title = t.required("title", Node::text);
    let clause = cited(t);
    let valid = t.required("valid", |node| node.table(validity));
    let scope = t.required("scope", |node| {
        node.one_of("law.unknown_scope", Scope::ALL, Scope::as_str)
    });
    let effect = t.required("effect", |node| {
        node.one_of("law.unknown_effect", Effect::ALL, Effect::as_str)
    });
    let applicants = t.list("applicants", Node::word);
    let applies = t.required("applies", turn);
    let categories = t.list("categories", category);
    let selectors = t.list("selectors", |node| {
        node.one_of(
            "law.unknown_selector",
            SelectorKind::ALL,
            SelectorKind::as_str,
        )
    });
    let targets_max = t.required("targets_max", Node::number);
    let subjects_max = t.required("subjects_max", Node::number);
    let grounds = t.list("grounds", |node| node.table(ground));
    let offence_in_order = t.required("offence_in_order", Node::boolean);
    let approval = t.required("approval", turns);
    let urgent = t.optional("urgent", |node| node.table(urgent));
    let protections = t.list("protections", |node| node.table(protection));
    let issues = t.required("issues", turn);
    let serves = t.required("serves", turn);
    let serve_within = t.optional("serve_within", timed);
    let duration = t.required_by("duration", "law.floor.no_end", NO_END, timed);
    let renewal = t.optional("renewal", |node| node.table(renewal));
    let modifications = t.list("modifications", |node| node.table(modification));
    let cancels = t.optional("cancels", turn);
    let answer_within = t.optional("answer_within", timed);
    let answer_within_urgent = t.optional("answer_within_urgent", timed);
    let hold = t.optional("hold", timed);
    let preserve_on_receipt = t.optional("preserve_on_receipt", |node| node.table(cited));
    let clarification = t.optional("clarification", |node| node.table(clarification));
    let secrecy = t.required("secrecy", |node| node.table(secrecy));
    let information = t.required("information", |node| node.table(information));
    let approver_reasons = t.list("approver_reasons", reason);
    let provider_reasons = t.list("provider_reasons", reason);
    let counted = t.list("counted", Node::word);
    let publications = t.list("publications", |node| node.table(publication));
    let retention = t.required_by("retention", "law.floor.no_end", NO_END, timed);
    Some(Rule {
        id: id?,
        title: title?,
        clause: clause?,
        valid: valid?,
        scope: scope?,
        effect: effect?,
        applicants: applicants?,
        applies: applies?,
        categories: categories?.into_iter().collect(),
        selectors: selectors?.into_iter().collect(),
        targets_max: targets_max?,
        subjects_max: subjects_max?,
        grounds: grounds?,
        offence_in_order: offence_in_order?,
        approval: approval?,
        urgent: urgent?,
        protections: protections?,
        issues: issues?,
        serves: serves?,
        serve_within: serve_within?,
        duration: duration?,
        renewal: renewal?,
        modifications: modifications?,
        cancels: cancels?,
        answer_within: answer_within?,
        answer_within_urgent: answer_within_urgent?,
        hold: hold?,
        preserve_on_receipt: preserve_on_receipt?,
        clarification: clarification?,
        secrecy: secrecy?,
        information: information?,
        approver_reasons: approver_reasons?,
        provider_reasons: provider_reasons?,
        counted: counted?,
        publications: publications?,
        retention: retention?,
    })
}

/// A clause is two fields of the table it belongs to, and both are always written.
fn cited(t: &mut Table<'_>) -> Option<Clause> {
    let text = t.required("clause", Node::text);
    let verified = t.required("verified", Node::boolean);
    Some(Clause {
        text: text?,
        verified: verified?,
    })
}

fn validity(t: &mut Table<'_>) -> Option<Validity> {
    let from = t.required("from", Node::date);
    let to = t.optional("to", Node::date);
    Some(Validity {
        from: from?,
        to: to?,
    })
}

fn category(node: &Node<'_>) -> Option<Category> {
    node.one_of("law.unknown_category", Category::ALL, Category::as_str)
}

fn office(node: &Node<'_>) -> Option<Office> {
    node.one_of("law.unknown_office", Office::ALL, Office::as_str)
}

fn turns(node: &Node<'_>) -> Option<Vec<Turn>> {
    node.list(turn)
}

fn turn(node: &Node<'_>) -> Option<Turn> {
    node.table(turn_fields)
}

fn turn_fields(t: &mut Table<'_>) -> Option<Turn> {
    let offices = t.list("offices", office);
    let signed_for_by = t.optional("signed_for_by", office);
    let clause = cited(t);
    Some(Turn {
        offices: offices?,
        signed_for_by: signed_for_by?,
        clause: clause?,
    })
}

fn period(node: &Node<'_>) -> Option<TimeRule> {
    node.table(period_fields)
}

fn timed(node: &Node<'_>) -> Option<Timed> {
    node.table(|t| {
        let rule = period_fields(t);
        let clause = cited(t);
        Some(Timed {
            rule: rule?,
            clause: clause?,
        })
    })
}

fn period_fields(t: &mut Table<'_>) -> Option<TimeRule> {
    const UNITS: [Unit; 4] = [Unit::Hours, Unit::Days, Unit::WorkingDays, Unit::Months];
    const FIRST: [FirstDay; 2] = [FirstDay::On, FirstDay::After];
    const ENDS: [EndOfPeriod; 2] = [EndOfPeriod::AsItFalls, EndOfPeriod::NextWorkingDay];
    let count = t.required("count", Node::number);
    let unit = t.required("unit", |node| {
        node.one_of("law.unknown_unit", &UNITS, |unit| match unit {
            Unit::Hours => "hours",
            Unit::Days => "days",
            Unit::WorkingDays => "working_days",
            Unit::Months => "months",
        })
    });
    let first_day = t.required("first_day", |node| {
        node.one_of("law.unknown_first_day", &FIRST, |first| match first {
            FirstDay::On => "on",
            FirstDay::After => "after",
        })
    });
    let end = t.optional("end", |node| {
        node.one_of("law.unknown_end", &ENDS, |end| match end {
            EndOfPeriod::AsItFalls => "as_it_falls",
            EndOfPeriod::NextWorkingDay => "next_working_day",
        })
    });
    Some(TimeRule {
        count: count?,
        unit: unit?,
        first_day: first_day?,
        end: end?.unwrap_or(EndOfPeriod::AsItFalls),
    })
}

fn ground(t: &mut Table<'_>) -> Option<Ground> {
    let code = t.required("code", Node::word);
    let title = t.required("title", Node::text);
    let offence = t.required("offence", Node::boolean);
    let only = t.list("only", category);
    let clause = cited(t);
    Some(Ground {
        code: code?,
        title: title?,
        offence: offence?,
        only: only?,
        clause: clause?,
    })
}

fn urgent(t: &mut Table<'_>) -> Option<Urgent> {
    let now = t.required("now", turns);
    let later = t.optional("later", turn);
    let decide_within = t.optional("decide_within", timed);
    let hint =
        "an urgent order stands on half its approvals: say when it ends if nothing more is decided";
    let lapse = t.required_by("lapse", "law.floor.urgent_without_lapse", hint, timed);
    let approval_lifts_lapse = t.required("approval_lifts_lapse", Node::boolean);
    let refusal_bars_renewal = t.required("refusal_bars_renewal", Node::boolean);
    let not_for = t.list("not_for", Node::word);
    let clause = cited(t);
    Some(Urgent {
        now: now?,
        later: later?,
        decide_within: decide_within?,
        lapse: lapse?,
        approval_lifts_lapse: approval_lifts_lapse?,
        refusal_bars_renewal: refusal_bars_renewal?,
        not_for: not_for?,
        clause: clause?,
    })
}

fn protection(t: &mut Table<'_>) -> Option<Protection> {
    #[derive(Clone, Copy, Eq, PartialEq)]
    enum Kind {
        Approver,
        Statement,
        Bar,
    }
    let who = t.required("who", |node| {
        node.one_of("law.unknown_protected", Protected::ALL, Protected::as_str)
    });
    let kind = t.required("demand", |node| {
        node.one_of(
            "law.unknown_demand",
            &[Kind::Approver, Kind::Statement, Kind::Bar],
            |kind| match kind {
                Kind::Approver => "approver",
                Kind::Statement => "statement",
                Kind::Bar => "bar",
            },
        )
    });
    let (offices, signed_for_by) = match kind {
        Some(Kind::Approver) => (
            t.list("offices", office),
            t.optional("signed_for_by", office),
        ),
        Some(Kind::Statement | Kind::Bar) | None => (Some(Vec::new()), Some(None)),
    };
    let on_urgent = t.required("on_urgent", Node::boolean);
    let clause = cited(t)?;
    let demand = match kind? {
        Kind::Approver => Demand::Approver(Turn {
            offices: offices?,
            signed_for_by: signed_for_by?,
            clause: clause.clone(),
        }),
        Kind::Statement => Demand::Statement,
        Kind::Bar => Demand::Bar,
    };
    Some(Protection {
        who: who?,
        demand,
        on_urgent: on_urgent?,
        clause,
    })
}

fn renewal(t: &mut Table<'_>) -> Option<Renewal> {
    let by = t.required("by", turn);
    let approval = t.required("approval", turns);
    let duration = t.required_by("duration", "law.floor.no_end", NO_END, period);
    let window = t.optional("window", period);
    let times_max = t.optional("times_max", Node::number);
    let clause = cited(t);
    Some(Renewal {
        by: by?,
        approval: approval?,
        duration: duration?,
        window: window?,
        times_max: times_max?,
        clause: clause?,
    })
}

fn modification(t: &mut Table<'_>) -> Option<Modification> {
    let change = t.required("change", |node| {
        node.one_of("law.unknown_change", Change::ALL, Change::as_str)
    });
    let by = t.required("by", turn);
    let approval = t.required("approval", turns);
    let approval_if_protected = t.required("approval_if_protected", turns);
    let clause = cited(t);
    Some(Modification {
        change: change?,
        by: by?,
        approval: approval?,
        approval_if_protected: approval_if_protected?,
        clause: clause?,
    })
}

fn clarification(t: &mut Table<'_>) -> Option<Clarification> {
    let answer_within = t.optional("answer_within", timed);
    let silence_frees = t.required("silence_frees", Node::boolean);
    let clause = cited(t);
    Some(Clarification {
        answer_within: answer_within?,
        silence_frees: silence_frees?,
        clause: clause?,
    })
}

fn secrecy(t: &mut Table<'_>) -> Option<SecrecyRule> {
    #[derive(Clone, Copy)]
    enum Kind {
        None,
        Ordered,
        NoEndInLaw,
    }
    let kind = t.required("kind", |node| {
        node.one_of(
            "law.unknown_secrecy",
            &[Kind::None, Kind::Ordered, Kind::NoEndInLaw],
            |kind| match kind {
                Kind::None => "none",
                Kind::Ordered => "ordered",
                Kind::NoEndInLaw => "no_end_in_law",
            },
        )
    })?;
    match kind {
        Kind::None => Some(SecrecyRule::None),
        Kind::NoEndInLaw => Some(SecrecyRule::NoEndInLaw { clause: cited(t)? }),
        Kind::Ordered => {
            let hint =
                "secrecy that an order imposes has an end; only the law itself can give none";
            let longest = t.required_by("longest", "law.floor.secrecy_without_end", hint, period);
            let by = t.optional("by", turn);
            let reasons = t.list("reasons", reason);
            let clause = cited(t);
            Some(SecrecyRule::Ordered {
                longest: longest?,
                by: by?,
                reasons: reasons?,
                clause: clause?,
            })
        }
    }
}

fn information(t: &mut Table<'_>) -> Option<Information> {
    let by = t.optional("by", party);
    let within = t.optional("within", period);
    let delay_longest = t.optional("delay_longest", period);
    let delay_reasons = t.list("delay_reasons", reason);
    let clause = cited(t);
    Some(Information {
        by: by?,
        within: within?,
        delay_longest: delay_longest?,
        delay_reasons: delay_reasons?,
        clause: clause?,
    })
}

fn party(node: &Node<'_>) -> Option<Party> {
    node.one_of("law.unknown_party", Party::ALL, Party::as_str)
}

fn reason(node: &Node<'_>) -> Option<Reason> {
    node.table(|t| {
        let code = t.required("code", Node::word);
        let title = t.required("title", Node::text);
        let clause = cited(t);
        Some(Reason {
            code: code?,
            title: title?,
            clause: clause?,
        })
    })
}

fn publication(t: &mut Table<'_>) -> Option<Publication> {
    let by = t.required("by", party);
    let counted = t.list("counted", Node::word);
    let band = t.optional("band", Node::number);
    let period_months = t.required("period_months", Node::number);
    let delay_months = t.required("delay_months", Node::number);
    let first_embargo_months = t.required("first_embargo_months", Node::number);
    let joint = t.required("joint", Node::boolean);
    let clause = cited(t);
    Some(Publication {
        by: by?,
        counted: counted?,
        band: band?,
        period_months: period_months?,
        delay_months: delay_months?,
        first_embargo_months: first_embargo_months?,
        joint: joint?,
        clause: clause?,
    })
}
