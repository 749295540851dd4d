//! A rule, line by line, each with its clause.

use super::time::{from_until, rule_words};
use portcullis_core::law::{
    Clause, Demand, Information, Publication, Reason, Renewal, Rule, SecrecyRule, Timed, Turn,
    Urgent,
};

/// Lines under topics; a topic is named once.
#[derive(Default)]
struct Lines(Vec<(&'static str, String)>);

impl Lines {
    fn add(&mut self, topic: &'static str, line: impl core::fmt::Display) {
        let named = self
            .0
            .iter()
            .rev()
            .find(|(known, _)| !known.is_empty())
            .is_some_and(|(known, _)| *known == topic);
        self.0
            .push((if named { "" } else { topic }, line.to_string()));
    }

    fn timed(&mut self, topic: &'static str, what: &str, timed: &Timed) {
        self.add(
            topic,
            format_args!("{what}{}  — {}", rule_words(timed.rule), timed.clause),
        );
    }
}

/// A rule, line by line.
pub(super) fn read_out(rule: &Rule) -> Vec<(&'static str, String)> {
    let mut lines = Lines::default();
    asked(&mut lines, rule);
    approved(&mut lines, rule);
    in_force(&mut lines, rule);
    answered(&mut lines, rule);
    afterwards(&mut lines, rule);
    lines.0
}

/// Who may ask for what, and why.
fn asked(lines: &mut Lines, rule: &Rule) {
    let words = |list: Vec<&str>| list.join(", ");
    lines.add(
        "law",
        format_args!("{}, valid {}", rule.clause, from_until(&rule.valid)),
    );
    lines.add("effect", format_args!("{} ({})", rule.effect, rule.scope));
    lines.add(
        "who applies",
        format_args!("{}  — {}", offices(&rule.applies), rule.applies.clause),
    );
    lines.add(
        "who applies",
        format_args!(
            "of: {}",
            words(rule.applicants.iter().map(String::as_str).collect())
        ),
    );
    lines.add(
        "categories",
        words(
            rule.categories
                .iter()
                .map(|category| category.as_str())
                .collect(),
        ),
    );
    lines.add(
        "selectors",
        words(rule.selectors.iter().map(|kind| kind.as_str()).collect()),
    );
    lines.add(
        "selectors",
        format_args!(
            "at most {} targets, of at most {} persons or premises",
            rule.targets_max, rule.subjects_max
        ),
    );
    for ground in &rule.grounds {
        let offence = if ground.offence {
            "; names the offence"
        } else {
            ""
        };
        let only: Vec<_> = ground
            .only
            .iter()
            .map(|category| category.as_str())
            .collect();
        let only = if only.is_empty() {
            String::new()
        } else {
            format!("; only for {}", only.join(", "))
        };
        lines.add(
            "grounds",
            format_args!(
                "{}: {}{offence}{only}  — {}",
                ground.code, ground.title, ground.clause
            ),
        );
    }
    if rule.offence_in_order {
        lines.add(
            "grounds",
            "the order names the offence's provisions, whatever the ground",
        );
    }
}

/// Who approves it.
fn approved(lines: &mut Lines, rule: &Rule) {
    if rule.approval.is_empty() {
        lines.add("approval", "none");
    }
    in_turn(lines, "approval", "", &rule.approval);
    if let Some(path) = &rule.urgent {
        urgent(lines, path);
    }
    for protection in &rule.protections {
        let what = match &protection.demand {
            Demand::Approver(turn) => format!("also {} approves", offices(turn)),
            Demand::Statement => "the application says how the stricter test is met".to_owned(),
            Demand::Bar => "no order at all".to_owned(),
        };
        let when = if protection.on_urgent {
            ", on the urgent path too"
        } else {
            ""
        };
        lines.add(
            "protected",
            format_args!("{}: {what}{when}  — {}", protection.who, protection.clause),
        );
    }
}

/// From issue to its end.
fn in_force(lines: &mut Lines, rule: &Rule) {
    lines.add("issues", turn(&rule.issues));
    lines.add("serves", turn(&rule.serves));
    if let Some(timed) = &rule.serve_within {
        lines.timed("serves", "void unless served within ", timed);
    }
    lines.timed("duration", "", &rule.duration);
    match &rule.renewal {
        Some(renewal) => renewed(lines, renewal),
        None => lines.add("renewal", "none"),
    }
    for change in &rule.modifications {
        lines.add(
            "changes",
            format_args!(
                "{}: {}  — {}",
                change.change,
                offices(&change.by),
                change.clause
            ),
        );
        in_turn(lines, "changes", "  approved by ", &change.approval);
        in_turn(
            lines,
            "changes",
            "  if a protected profession is touched, approved by ",
            &change.approval_if_protected,
        );
    }
    if let Some(by) = &rule.cancels {
        lines.add("cancels", turn(by));
    }
}

/// By when the provider answers, and what it may ask.
fn answered(lines: &mut Lines, rule: &Rule) {
    for (what, timed) in [
        ("the provider answers within ", &rule.answer_within),
        ("in an emergency within ", &rule.answer_within_urgent),
        ("nothing is released before ", &rule.hold),
    ] {
        if let Some(timed) = timed {
            lines.timed("deadlines", what, timed);
        }
    }
    if let Some(clause) = &rule.preserve_on_receipt {
        lines.add(
            "deadlines",
            format_args!("preserved at once on receipt  — {clause}"),
        );
    }
    if let Some(question) = &rule.clarification {
        let frees = if question.silence_frees {
            "silence frees the provider"
        } else {
            "silence frees nobody"
        };
        lines.add(
            "questions",
            format_args!("the provider may ask back; {frees}  — {}", question.clause),
        );
        if let Some(timed) = &question.answer_within {
            lines.timed("questions", "answered within ", timed);
        }
    }
}

/// Who is told, what is counted and published, when it is erased.
fn afterwards(lines: &mut Lines, rule: &Rule) {
    let words = |list: Vec<&str>| list.join(", ");
    secrecy(lines, &rule.secrecy);
    information(lines, &rule.information);
    reasons(lines, "approver says", &rule.approver_reasons);
    reasons(lines, "provider says", &rule.provider_reasons);
    lines.add(
        "counted",
        words(rule.counted.iter().map(String::as_str).collect()),
    );
    for publication in &rule.publications {
        published(lines, publication);
    }
    lines.timed("retention", "erased after ", &rule.retention);
}

fn in_turn(lines: &mut Lines, topic: &'static str, what: &str, turns: &[Turn]) {
    for (at, one) in turns.iter().enumerate() {
        let number = if turns.len() > 1 {
            format!("{}. ", at + 1)
        } else {
            String::new()
        };
        lines.add(topic, format_args!("{what}{number}{}", turn(one)));
    }
}

fn turn(turn: &Turn) -> String {
    format!("{}  — {}", offices(turn), turn.clause)
}

/// Any one of these.
fn offices(turn: &Turn) -> String {
    let any: Vec<_> = turn.offices.iter().map(|office| office.as_str()).collect();
    let official = turn
        .signed_for_by
        .map(|office| format!(" (signed for by {office}, saying so)"))
        .unwrap_or_default();
    format!("{}{official}", any.join(" or "))
}

fn urgent(lines: &mut Lines, path: &Urgent) {
    lines.add("urgent path", format_args!("{}", path.clause));
    in_turn(lines, "urgent path", "now: ", &path.now);
    match &path.later {
        Some(later) => lines.add("urgent path", format_args!("later: {}", turn(later))),
        None => lines.add("urgent path", "later: nobody"),
    }
    if let Some(timed) = &path.decide_within {
        lines.timed("urgent path", "decided within ", timed);
    }
    lines.timed("urgent path", "lapses after ", &path.lapse);
    let lifted = if path.approval_lifts_lapse {
        "the later approval lifts the lapse"
    } else {
        "only a renewal carries it past the lapse"
    };
    lines.add("urgent path", lifted);
    if path.refusal_bars_renewal {
        lines.add("urgent path", "a refused order may never be renewed");
    }
    if !path.not_for.is_empty() {
        lines.add(
            "urgent path",
            format_args!("closed for: {}", path.not_for.join(", ")),
        );
    }
}

fn renewed(lines: &mut Lines, renewal: &Renewal) {
    lines.add(
        "renewal",
        format_args!(
            "{} by {}  — {}",
            offices(&renewal.by),
            rule_words(renewal.duration),
            renewal.clause
        ),
    );
    in_turn(lines, "renewal", "approved by ", &renewal.approval);
    if let Some(window) = &renewal.window {
        lines.add(
            "renewal",
            format_args!("not before the last {}", rule_words(*window)),
        );
    }
    if let Some(times) = renewal.times_max {
        lines.add("renewal", format_args!("at most {times} times"));
    }
}

fn secrecy(lines: &mut Lines, secrecy: &SecrecyRule) {
    match secrecy {
        SecrecyRule::None => lines.add("secrecy", "none"),
        SecrecyRule::Ordered {
            longest,
            by,
            reasons: why,
            clause,
        } => {
            lines.add(
                "secrecy",
                format_args!(
                    "where the order says so, at most {}  — {clause}",
                    rule_words(*longest)
                ),
            );
            if let Some(by) = by {
                lines.add("secrecy", format_args!("approved by {}", turn(by)));
            }
            reasons(lines, "secrecy", why);
        }
        SecrecyRule::NoEndInLaw { clause } => lines.add(
            "secrecy",
            format_args!("imposed by the law, which gives it no end  — {clause}"),
        ),
    }
}

fn information(lines: &mut Lines, told: &Information) {
    let clause: &Clause = &told.clause;
    match told.by {
        None => lines.add("the person", format_args!("nobody tells them  — {clause}")),
        Some(by) => {
            let within = told
                .within
                .as_ref()
                .map(|rule| format!(" within {}", rule_words(*rule)))
                .unwrap_or_default();
            lines.add(
                "the person",
                format_args!("told by the {by}{within}  — {clause}"),
            );
        }
    }
    if let Some(longest) = &told.delay_longest {
        lines.add(
            "the person",
            format_args!("delayed at most {} each time", rule_words(*longest)),
        );
    }
    reasons(lines, "the person", &told.delay_reasons);
}

fn reasons(lines: &mut Lines, topic: &'static str, reasons: &[Reason]) {
    for reason in reasons {
        lines.add(
            topic,
            format_args!("{}: {}  — {}", reason.code, reason.title, reason.clause),
        );
    }
}

fn published(lines: &mut Lines, publication: &Publication) {
    let form = publication
        .band
        .map_or("exactly".to_owned(), |band| format!("in bands of {band}"));
    let joint = if publication.joint {
        ", jointly with others too"
    } else {
        ""
    };
    lines.add(
        "published",
        format_args!(
            "{} by the {}, {form}, every {} months, {} months after{joint}  — {}",
            publication.counted.join(", "),
            publication.by,
            publication.period_months,
            publication.delay_months,
            publication.clause
        ),
    );
    if publication.first_embargo_months > 0 {
        lines.add(
            "published",
            format_args!(
                "the first ever not before {} months",
                publication.first_embargo_months
            ),
        );
    }
}
