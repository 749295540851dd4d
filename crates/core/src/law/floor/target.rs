//! Every order is targeted (design §2, law 2): named targets, listed categories.

use super::{Findings, TARGETS_MAX};
use crate::{
    category::Category,
    law::{Effect, Scope},
};
use std::collections::BTreeSet;

pub(super) fn check(found: &mut Findings<'_>) {
    scope(found);
    targets(found);
    categories(found);
    grounds(found);
}

fn scope(found: &mut Findings<'_>) {
    let reason = match found.rule.scope {
        Scope::Targeted => return,
        Scope::Thematic => "thematic instruments name no one in particular",
        Scope::Bulk => "bulk instruments collect everybody's data",
        Scope::Capability => "capability instruments demand an ability, not data",
    };
    found.add(
        "scope",
        "law.floor.scope",
        format!("{reason}; Portcullis carries targeted orders alone"),
        "leave the rule out: there is no code path for it",
    );
}

fn targets(found: &mut Findings<'_>) {
    let rule = found.rule;
    if rule.selectors.is_empty() {
        found.add(
            "selectors",
            "law.floor.untargeted",
            "the rule names no kind of selector, so no order under it would name a target".into(),
            "list the kinds of selector that the law speaks of",
        );
    }
    for (field, count) in [
        ("targets_max", rule.targets_max),
        ("subjects_max", rule.subjects_max),
    ] {
        if count == 0 {
            found.add(
                field,
                "law.floor.untargeted",
                format!("`{field}` is zero: an order needs a named target"),
                "an order names at least one target",
            );
        }
        if count > TARGETS_MAX {
            found.add(
                field,
                "law.floor.targets",
                format!("{count} is above {TARGETS_MAX}, the most that one order may name"),
                "lower it; more targets need more orders, each with its own approvals",
            );
        }
    }
}

fn categories(found: &mut Findings<'_>) {
    let rule = found.rule;
    if rule.categories.is_empty() {
        found.add(
            "categories",
            "law.floor.no_category",
            "the rule lists no category of data".into(),
            "list every category that the clause covers",
        );
    }
    let tapped = rule.categories.contains(&Category::InterceptedContent);
    if tapped && rule.effect != Effect::Intercept {
        found.add(
            "categories",
            "law.floor.effect",
            format!(
                "`intercepted_content` does not go with the effect `{}`",
                rule.effect
            ),
            "what is intercepted needs the effect `intercept`, with its end",
        );
    }
}

fn grounds(found: &mut Findings<'_>) {
    let rule = found.rule;
    if rule.grounds.is_empty() {
        found.add(
            "grounds",
            "law.floor.no_ground",
            "the rule knows no ground, so no application could be tested".into(),
            "list the grounds of the law",
        );
        return;
    }
    let mut codes = BTreeSet::new();
    for (number, ground) in rule.grounds.iter().enumerate() {
        if !codes.insert(&ground.code) {
            found.add(
                &format!("grounds.{number}.code"),
                "law.floor.repeated_code",
                format!("the ground `{}` stands above", ground.code),
                "each ground has a code of its own",
            );
        }
        if let Some(strange) = ground
            .only
            .iter()
            .find(|only| !rule.categories.contains(only))
        {
            found.add(
                &format!("grounds.{number}.only"),
                "law.floor.category_closed",
                format!("`{strange}` is none of the rule's categories"),
                "a ground opens categories that the rule lists",
            );
        }
    }
    for category in &rule.categories {
        if !rule
            .grounds
            .iter()
            .any(|ground| rule.opens(&ground.code, *category))
        {
            found.add(
                "categories",
                "law.floor.category_closed",
                format!(
                    "no ground of the rule opens `{category}`, so nobody could ever approve it"
                ),
                "name a ground for it, or leave the category out",
            );
        }
    }
}
