//! Saying one statement in a case, and what comes next.

use crate::{Answer, failure::Failure, home::Home, signer::SignArgs, ui::Ui};
use portcullis_core::{
    case::{CANNOT_DECRYPT, NOT_HELD, SubjectKind},
    id::CaseId,
    law::{Reason, Turn},
    member::MemberId,
    office::Office,
    statement::{Event, Kind},
};
use portcullis_node::{Node, Viewed};
use std::process::ExitCode;

/// The longest free text in a statement, in bytes.
const WORDS_BYTES_MAX: usize = 16 * 1024;

/// Says `event` in `case`, or in a new one, and tells what comes next.
pub(crate) fn say(
    home: &Home,
    node: &Node,
    sign: &SignArgs,
    case: Option<CaseId>,
    event: &Event,
    attachment: Option<&[u8]>,
    ui: Ui,
) -> Answer {
    let said = sign
        .say(home, node, case, event, attachment, &ui)
        .map_err(|failure| reasons_hint(failure, node, case, event.kind()))?;
    let Some(said) = said else {
        ui.answer(&serde_json::json!({ "prepared": sign.print, "kind": event.kind().as_str() }));
        return Ok(ExitCode::SUCCESS);
    };
    let next = next_of(&node.view(said.case)?);
    ui.say(format_args!(
        "{}  `{}` said\n  {}",
        said.case,
        event.kind(),
        said.digest
    ));
    ui.say(format_args!("next: {next}"));
    ui.answer(&serde_json::json!({
        "case": said.case.to_string(),
        "statement": said.digest.to_string(),
        "kind": event.kind().as_str(),
        "next": next,
    }));
    Ok(ExitCode::SUCCESS)
}

/// Words of a person in a statement.
pub(crate) fn words(text: &str) -> Result<String, String> {
    let fine = |c: char| !c.is_control() || c == '\n' || c == '\t';
    if text.trim().is_empty() || text.len() > WORDS_BYTES_MAX || !text.chars().all(fine) {
        Err(format!(
            "a text has 1 to {WORDS_BYTES_MAX} bytes, and no control characters but line ends and tabs"
        ))
    } else {
        Ok(text.to_owned())
    }
}

/// An office as an argument.
pub(crate) fn office(word: &str) -> Result<Office, String> {
    crate::cmd::key::parse_office(word).map_err(|failure| failure.message)
}

/// Lists the codes that the law knows when another one was used.
fn reasons_hint(failure: Failure, node: &Node, case: Option<CaseId>, kind: Kind) -> Failure {
    if failure.code != "case.unknown_reason" {
        return failure;
    }
    let Some(viewed) = case.and_then(|case| node.view(case).ok()) else {
        return failure;
    };
    let rule = viewed.grounds.rule();
    let known = match kind {
        Kind::Refused => &rule.approver_reasons,
        Kind::InformationDelayed => &rule.information.delay_reasons,
        _ => &rule.provider_reasons,
    };
    let mut lines: Vec<String> = known.iter().map(reason_line).collect();
    if matches!(kind, Kind::Declined | Kind::Narrowed | Kind::Challenged) {
        lines.push(format!("{NOT_HELD}: the data are not held (house)"));
        lines.push(format!(
            "{CANNOT_DECRYPT}: the provider cannot decrypt them (house)"
        ));
    }
    if lines.is_empty() {
        return failure.hint(format!("`{}` knows no reason for this", rule.clause));
    }
    failure.hint(format!(
        "the reasons of `{}` are:\n    {}",
        rule.id,
        lines.join("\n    ")
    ))
}

fn reason_line(reason: &Reason) -> String {
    format!("{}: {} ({})", reason.code, reason.title, reason.clause)
}

/// What comes next in a case, and who does it.
pub(crate) fn next_of(viewed: &Viewed) -> String {
    let (case, rule) = (&viewed.case, viewed.grounds.rule());
    let id = case.id;
    if case.ended.is_some() {
        let owes = case
            .packages
            .values()
            .any(|package| package.destruction_instructed && !package.destroyed);
        return if owes {
            format!(
                "the authority destroys what crossed and says so: `portcullis case confirm-destruction {id} --key NAME`"
            )
        } else {
            format!("nothing; the case has ended: {}", case.phase(rule))
        };
    }
    let waiting = case
        .subjects
        .iter()
        .skip(1)
        .enumerate()
        .rev()
        .find(|(_, subject)| subject.refused.is_none() && !subject.is_complete());
    let order = case.order_subject().filter(|subject| {
        !subject.is_complete() && (case.issued.is_none() || subject.takes_effect())
    });
    if let (None, Some(subject)) = (case.issued, order)
        && !subject.takes_effect()
        && let Some(turn) = subject.next_turn()
    {
        return approval(viewed, turn, "");
    }
    if case.issued.is_none() {
        return format!(
            "{} issues it: `portcullis order issue {id} --key NAME`",
            holders(viewed, &rule.issues)
        );
    }
    if case.served.is_none() {
        return format!(
            "{} serves it: `portcullis order serve {id} --key NAME`",
            holders(viewed, &rule.serves)
        );
    }
    if let Some((number, subject)) = waiting
        && let Some(turn) = subject.next_turn()
    {
        let which = match subject.kind {
            SubjectKind::Renewal => "--renewal ".to_owned(),
            SubjectKind::Modification(_) => {
                let before = case.subjects.iter().take(number + 2);
                let nth = before
                    .filter(|subject| matches!(subject.kind, SubjectKind::Modification(_)))
                    .count();
                format!("--modification {nth} ")
            }
            SubjectKind::Order => String::new(),
        };
        return approval(viewed, turn, &which);
    }
    if case.later_approval_is_owed()
        && let Some(turn) = order.and_then(|subject| subject.next_turn())
    {
        return approval(viewed, turn, "");
    }
    let provider = &case.order.provider;
    if case.received.is_none() {
        return format!("`{provider}` receives it, with a verdict of its own");
    }
    if case.completed_at(rule).is_some() {
        return "nothing; every item is answered, and everything released was collected".into();
    }
    match case.phase(rule) {
        "released" => format!("`{}` collects the package", case.order.authority),
        "sealed" => format!("a second officer of `{provider}` releases the package"),
        _ => format!(
            "`{provider}` answers each item: `portcullis case accept {id} --items all --key NAME`, or narrow, challenge, decline"
        ),
    }
}

fn approval(viewed: &Viewed, turn: &Turn, which: &str) -> String {
    let office = turn
        .offices
        .first()
        .map_or("OFFICE", |office| office.as_str());
    let id = viewed.case.id;
    format!(
        "{} decides ({}): `portcullis order approve {id} {which}--as {office} --key NAME`, or refuse",
        holders(viewed, turn),
        turn.clause
    )
}

/// The offices of a turn, each with the member that fills it in this order.
pub(crate) fn holders(viewed: &Viewed, turn: &Turn) -> String {
    let each = turn
        .offices
        .iter()
        .map(|office| match holder(viewed, *office) {
            Some(member) => format!("{office} of `{member}`"),
            None => office.to_string(),
        });
    each.collect::<Vec<_>>().join(" or ")
}

fn holder(viewed: &Viewed, office: Office) -> Option<&MemberId> {
    let order = &viewed.case.order;
    order
        .approvers
        .get(&office)
        .or_else(|| office.may_be_internal().then_some(&order.authority))
}
