//! `portcullis order template`: a file to fill in, made from the law.

use crate::{Answer, failure::Failure, home::Home, ui::Ui};
use clap::Args;
use jiff::civil::Date;
use portcullis_core::{
    law::{Demand, Law, Reason, Rule, SecrecyRule, Turn},
    selector::SelectorKind,
    time::Unit,
};
use portcullis_node::Env as _;
use portcullis_verdict::law::{self, Laws};
use std::{fmt::Write as _, path::Path, process::ExitCode};

/// Prints an order file for a rule of a law, with comments that say what goes where.
///
/// Fill in what stands in CAPITALS and take the `#` from what you need; then
/// `portcullis order draft`. Without a data folder it knows the laws that come with Portcullis.
///
/// Example: `portcullis order template us-sca/warrant-2703a > warrant.toml`
#[derive(Args)]
pub(crate) struct Template {
    /// The rule: `LAW/RULE`, such as `uk-ipa-2016/targeted-interception`.
    #[arg(value_name = "LAW/RULE")]
    rule: String,
}

impl Template {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir).ok();
        let laws = home
            .as_ref()
            .map_or_else(|| Ok(law::builtin()), Home::laws)?;
        let now = crate::clock::SystemEnv.now();
        let (law, rule) = find(&laws, &self.rule, |law| law.calendar.date_of(now))?;
        let text = template(law, rule, laws.published(&law.digest));
        ui.say(text.trim_end());
        ui.answer(&serde_json::json!({ "law": law.id, "rule": rule.id, "template": text }));
        Ok(ExitCode::SUCCESS)
    }
}

fn find<'a>(
    laws: &'a Laws,
    word: &str,
    today: impl Fn(&Law) -> Date,
) -> Result<(&'a Law, &'a Rule), Failure> {
    let unknown = || {
        let newest = laws.iter().filter(|law| {
            laws.by_id(&law.id)
                .is_some_and(|known| known.digest == law.digest)
        });
        let known: Vec<_> = newest
            .flat_map(|law| {
                law.rules
                    .iter()
                    .map(move |rule| format!("{}/{}", law.id, rule.id))
            })
            .collect();
        Failure::usage(format!("`{word}` is no rule that is law here today"))
            .hint(format!("the rules here are:\n    {}", known.join("\n    ")))
    };
    let (law, rule) = word.split_once('/').ok_or_else(unknown)?;
    let law = laws.by_id(law).ok_or_else(unknown)?;
    let rule = law.rule(rule, today(law)).ok_or_else(unknown)?;
    Ok((law, rule))
}

/// The file, with everything that the rule says about it.
pub(super) fn template(law: &Law, rule: &Rule, published: bool) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, law, rule, published);
    text
}

fn write(out: &mut String, law: &Law, rule: &Rule, published: bool) -> std::fmt::Result {
    writeln!(out, "# {}: {}", law.title, rule.title)?;
    writeln!(out, "# {}", rule.clause)?;
    if !published {
        writeln!(
            out,
            "# THIS LAW FILE IS NOT AMONG THOSE PUBLISHED WITH PORTCULLIS: {}",
            law.digest
        )?;
    }
    writeln!(
        out,
        "#\n# Fill in what stands in CAPITALS; take the `#` from what you need. Then:"
    )?;
    writeln!(
        out,
        "#   portcullis order draft FILE.toml --application GROUNDS.md --key NAME"
    )?;
    writeln!(
        out,
        "# Who may apply: {} of {} ({}).",
        offices(&rule.applies),
        rule.applicants.join(", "),
        rule.applies.clause
    )?;
    writeln!(
        out,
        "law = {}\nrule = {}\n",
        quoted(&law.id),
        quoted(&rule.id)
    )?;
    writeln!(
        out,
        "# Who holds the data: a member of the register.\nprovider = \"PROVIDER\"\n"
    )?;
    grounds(out, rule)?;
    secrecy(out, rule)?;
    urgency(out, rule)?;
    approvers(out, rule)?;
    targets(out, rule)?;
    items(out, rule)?;
    protections(out, rule)
}

fn grounds(out: &mut String, rule: &Rule) -> std::fmt::Result {
    writeln!(out, "# On which grounds; at least one.\ngrounds = [")?;
    for ground in &rule.grounds {
        let only = match ground.only.as_slice() {
            [] => String::new(),
            some => format!(
                "; opens {} only",
                some.iter()
                    .map(|c| c.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        let offence = if ground.offence {
            "; name the offence"
        } else {
            ""
        };
        writeln!(
            out,
            "  # {},  # {} ({}){offence}{only}",
            quoted(&ground.code),
            ground.title,
            ground.clause
        )?;
    }
    writeln!(out, "]")?;
    if rule.offence_in_order {
        writeln!(
            out,
            "# The offence's provisions, as this rule wants them in every order.\noffence = \"OFFENCE\""
        )?;
    } else if rule.grounds.iter().any(|ground| ground.offence) {
        writeln!(
            out,
            "# The offence's provisions, where the ground asks for them.\n# offence = \"OFFENCE\""
        )?;
    }
    writeln!(out)
}

fn secrecy(out: &mut String, rule: &Rule) -> std::fmt::Result {
    match &rule.secrecy {
        SecrecyRule::None => writeln!(
            out,
            "# The law provides for no secrecy here.\nsecrecy = \"none\"\n"
        ),
        SecrecyRule::NoEndInLaw { clause } => {
            writeln!(
                out,
                "# The law imposes secrecy and gives it no end ({clause}); the order says so.\nsecrecy = \"no_end_in_law\"\n"
            )
        }
        SecrecyRule::Ordered {
            longest,
            by,
            reasons,
            clause,
        } => {
            writeln!(
                out,
                "# Secrecy is \"none\", or its end: at most {} {} ({clause}).",
                longest.count,
                unit(longest.unit)
            )?;
            if let Some(turn) = by {
                writeln!(
                    out,
                    "# Secrecy is approved by {} ({}): name the member under [approvers].",
                    offices(turn),
                    turn.clause
                )?;
            }
            for reason in reasons {
                writeln!(out, "#   {}", reason_line(reason))?;
            }
            writeln!(
                out,
                "# secrecy = 2026-12-31T00:00:00Z\nsecrecy = \"none\"\n"
            )
        }
    }
}

fn urgency(out: &mut String, rule: &Rule) -> std::fmt::Result {
    let Some(urgent) = &rule.urgent else {
        return writeln!(out, "# The law knows no urgent path here.\n");
    };
    writeln!(
        out,
        "# The urgent path ({}): say why it cannot wait. Before issue:",
        urgent.clause
    )?;
    for turn in &urgent.now {
        writeln!(out, "#   {} ({})", offices(turn), turn.clause)?;
    }
    if let Some(turn) = &urgent.later {
        writeln!(out, "# and afterwards {} ({}).", offices(turn), turn.clause)?;
    }
    if !urgent.not_for.is_empty() {
        writeln!(out, "# Closed for: {}.", urgent.not_for.join(", "))?;
    }
    writeln!(
        out,
        "# It ends after {} {} ({}).",
        urgent.lapse.rule.count,
        unit(urgent.lapse.rule.unit),
        urgent.lapse.clause
    )?;
    writeln!(out, "# urgency = \"WHY\"\n")
}

fn approvers(out: &mut String, rule: &Rule) -> std::fmt::Result {
    writeln!(
        out,
        "# Which members fill the offices that decide, in the law's sequence.\n[approvers]"
    )?;
    if rule.approval.is_empty() {
        writeln!(
            out,
            "# Nobody approves under this rule; {} issues it ({}).",
            offices(&rule.issues),
            rule.issues.clause
        )?;
    }
    let mut named = std::collections::BTreeSet::new();
    for turn in rule.approval.iter().chain(
        rule.urgent
            .iter()
            .flat_map(|urgent| urgent.now.iter().chain(&urgent.later)),
    ) {
        if !turn.offices.iter().any(|office| named.contains(office)) {
            writeln!(
                out,
                "# {} ({}){}",
                offices(turn),
                turn.clause,
                signed_for(turn)
            )?;
        }
        for (n, office) in turn
            .offices
            .iter()
            .enumerate()
            .filter(|(_, office)| named.insert(**office))
        {
            let needed = rule.approval.contains(turn) && n == 0;
            writeln!(
                out,
                "{}{office} = \"MEMBER\"",
                if needed { "" } else { "# " }
            )?;
        }
    }
    for protection in &rule.protections {
        if let Demand::Approver(turn) = &protection.demand {
            writeln!(
                out,
                "# Where {} is touched, also ({}):",
                protection.who, protection.clause
            )?;
            for office in &turn.offices {
                writeln!(out, "# {office} = \"MEMBER\"")?;
            }
        }
    }
    writeln!(out)
}

fn targets(out: &mut String, rule: &Rule) -> std::fmt::Result {
    writeln!(
        out,
        "# Whose data: 1 to {} targets about at most {} person(s), each named exactly. Repeat the table for each.",
        rule.targets_max, rule.subjects_max
    )?;
    for kind in &rule.selectors {
        writeln!(out, "#   {:10} {}", kind.as_str(), example(*kind))?;
    }
    let kind = rule
        .selectors
        .iter()
        .next()
        .map_or("KIND", |kind| kind.as_str());
    writeln!(
        out,
        "[[target]]\nnumber = 1\nkind = {}\nvalue = \"VALUE\"",
        quoted(kind)
    )?;
    if rule.selectors.contains(&SelectorKind::IpAddress) {
        writeln!(
            out,
            "# For an ip_address, where known:\n# at = 2026-01-31T18:30:00Z\n# port = 50123"
        )?;
    }
    writeln!(out)
}

fn items(out: &mut String, rule: &Rule) -> std::fmt::Result {
    let categories: Vec<_> = rule
        .categories
        .iter()
        .map(|category| category.as_str())
        .collect();
    writeln!(
        out,
        "# Which data, about which target, from when to when. Repeat the table for each item."
    )?;
    writeln!(out, "# Categories: {}.", categories.join(", "))?;
    writeln!(
        out,
        "# The order is in force for {} {} from issue ({}); nothing later can be asked for.",
        rule.duration.rule.count,
        unit(rule.duration.rule.unit),
        rule.duration.clause
    )?;
    let first = categories.first().copied().unwrap_or("CATEGORY");
    writeln!(
        out,
        "[[item]]\nnumber = 1\ntarget = 1\ncategory = {}",
        quoted(first)
    )?;
    writeln!(
        out,
        "from = \"FROM\"  # such as 2026-01-01T00:00:00Z\nto = \"TO\"\n"
    )
}

fn protections(out: &mut String, rule: &Rule) -> std::fmt::Result {
    writeln!(
        out,
        "# Protected professions that it touches. Say so where it does: what is left out here is a false statement."
    )?;
    if rule.protections.is_empty() {
        writeln!(out, "# The law file knows no protection under this rule.")?;
    }
    for protection in &rule.protections {
        let demand = match &protection.demand {
            Demand::Approver(turn) => format!("one more approver: {}", offices(turn)),
            Demand::Statement => "a statement in the application; then set `stated`".to_owned(),
            Demand::Bar => "no order at all".to_owned(),
        };
        writeln!(
            out,
            "#   {}: {demand} ({})",
            protection.who, protection.clause
        )?;
    }
    writeln!(out, "# [[protected]]\n# who = \"WHO\"\n# stated = true")
}

fn reason_line(reason: &Reason) -> String {
    format!("{}: {} ({})", reason.code, reason.title, reason.clause)
}

fn offices(turn: &Turn) -> String {
    turn.offices
        .iter()
        .map(|office| office.as_str())
        .collect::<Vec<_>>()
        .join(" or ")
}

fn signed_for(turn: &Turn) -> String {
    turn.signed_for_by.map_or_else(String::new, |office| {
        format!("; a {office} may sign for them, saying so")
    })
}

const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Hours => "hours",
        Unit::Days => "days",
        Unit::WorkingDays => "working days",
        Unit::Months => "months",
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

const fn example(kind: SelectorKind) -> &'static str {
    match kind {
        SelectorKind::Account => "an account at the provider: u/48151623",
        SelectorKind::Number => "a telephone number, in full: +441632960123",
        SelectorKind::Device => "a serial number, IMEI or MAC: 490154203237518",
        SelectorKind::Email => "an e-mail address: someone@mail.example",
        SelectorKind::IpAddress => "one address, never a range: 192.0.2.7",
        SelectorKind::Person => "a person with what identifies them: A. Name, born 1980-01-31",
        SelectorKind::Premises => "one set of premises: 1 Example Street, Exampleton",
    }
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    #[test]
    fn every_rules_template_becomes_an_order_once_filled_in() {
        let laws = law::builtin();
        let mut seen = 0;
        for law in laws.iter() {
            for rule in &law.rules {
                let text = template(law, rule, true);
                let raw = file::parse("raw.toml", &text, file::tests::given()).unwrap_err();
                assert_eq!(raw.code, "order.file", "what is not filled in is no order");
                let ground = &rule.grounds[0].code;
                let value = match rule.selectors.iter().next().unwrap() {
                    SelectorKind::Number => "+441632960123",
                    SelectorKind::Email => "a@b.example",
                    SelectorKind::IpAddress => "192.0.2.7",
                    _ => "u/1",
                };
                let filled = text
                    .replace("PROVIDER", "mail.example")
                    .replace("MEMBER", "court.example")
                    .replace("VALUE", value)
                    .replace("FROM", "2026-01-01T00:00:00Z")
                    .replace("\"TO\"", "\"2026-02-01T00:00:00Z\"")
                    .replace(&format!("  # \"{ground}\","), &format!("  \"{ground}\","));
                let order = file::parse("filled.toml", &filled, file::tests::given())
                    .unwrap_or_else(|f| panic!("{}\n{filled}", f.message));
                assert_eq!(
                    (order.law.as_str(), order.rule.as_str()),
                    (law.id.as_str(), rule.id.as_str())
                );
                assert!(order.grounds.contains(ground));
                for turn in &rule.approval {
                    assert!(
                        turn.offices
                            .iter()
                            .any(|office| order.approvers.contains_key(office)),
                        "{}: {turn:?}",
                        rule.id
                    );
                }
                seen += 1;
            }
        }
        assert!(seen >= 5, "{seen} rules");
    }

    #[test]
    fn a_law_that_is_not_published_says_so_and_a_clause_that_was_not_seen_too() {
        let laws = law::builtin();
        let law = laws.by_id("us-sca").unwrap();
        assert!(template(law, &law.rules[0], false).contains("NOT AMONG THOSE PUBLISHED"));
        assert!(template(law, &law.rules[0], true).contains("[not verified]"));
    }
}
