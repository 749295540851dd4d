//! `portcullis case show`: the docket of a case.

use super::{say::next_of, words::event_words};
use crate::{
    Answer,
    cmd::order::{item_state, printable, span},
    failure::Failure,
    home::Home,
    ui::Ui,
};
use clap::Args;
use portcullis_core::{case::Package, id::CaseId, statement::Statement};
use portcullis_node::{Node, NodeError, Viewed};
use portcullis_store::{DeliveryState, DeliveryStatus};
use serde_json::{Value, json};
use std::{path::Path, process::ExitCode};

/// Shows a case: what was said by whom, whether it is recorded and delivered, items, packages, clocks.
#[derive(Args)]
pub(crate) struct Show {
    case: CaseId,
}

impl Show {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let node = Home::open(dir)?.node()?;
        let row = node.store().row(&self.case).map_err(NodeError::from)?;
        if row.is_some_and(|row| row.erased) {
            ui.say(format_args!(
                "{}  erased at the law's term; its leaves stay in the log",
                self.case
            ));
            ui.answer(&json!({ "case": self.case.to_string(), "phase": "erased", "erased": true }));
            return Ok(ExitCode::SUCCESS);
        }
        let viewed = node.view(self.case)?;
        let statements = viewed.statements()?;
        let deliveries = node
            .store()
            .delivery_status(&self.case)
            .map_err(NodeError::from)?;
        for line in lines(&viewed, &statements, &deliveries, &node) {
            ui.say(printable(&line));
        }
        ui.answer(&json_of(&viewed, &statements, &deliveries)?);
        Ok(ExitCode::SUCCESS)
    }
}

fn lines(
    viewed: &Viewed,
    statements: &[Statement],
    deliveries: &[DeliveryStatus],
    node: &Node,
) -> Vec<String> {
    let (case, rule) = (&viewed.case, viewed.grounds.rule());
    let urgent = if case.order.urgency.is_some() {
        "  URGENT"
    } else {
        ""
    };
    let mut lines = vec![
        format!("{}  {}{urgent}", case.id, case.phase(rule)),
        format!("  {}, {}", rule.title, rule.clause),
        format!("  {} to {}", case.order.authority, case.order.provider),
        "statements".into(),
    ];
    for (statement, record) in statements.iter().zip(&viewed.record.statements) {
        let proof = if record.proof.is_some() {
            "recorded"
        } else {
            "not yet recorded"
        };
        let header = &statement.header;
        let words = event_words(&statement.event);
        let said = if words.is_empty() {
            String::new()
        } else {
            format!(": {words}")
        };
        lines.push(format!("  {}  {}{said}", header.time, header.kind));
        lines.push(format!(
            "    {}, {} [{proof}]",
            header.author,
            offices(statement)
        ));
    }
    lines.push("deliveries".into());
    if deliveries.is_empty() {
        lines.push("  none".into());
    }
    for delivery in deliveries {
        let count = delivery.delivery.statements.len();
        lines.push(format!(
            "  {}: {count} statement(s), {}",
            delivery.delivery.peer,
            delivery_words(delivery)
        ));
    }
    lines.push("items".into());
    for (number, item) in &case.order.items {
        let state = case.items.get(number).map(item_state).unwrap_or_default();
        lines.push(format!(
            "  {number}  {} of target {}, {}: {state}",
            item.category,
            item.target,
            span(item.span)
        ));
    }
    if !case.packages.is_empty() {
        lines.push("packages".into());
        for (id, package) in &case.packages {
            let items: Vec<_> = package.seal.items.iter().map(ToString::to_string).collect();
            lines.push(format!(
                "  {id}  item {}, {} bytes: {}",
                items.join(", "),
                package.seal.size_bytes,
                package_state(package)
            ));
        }
    }
    if !viewed.timers.is_empty() {
        lines.push("clocks".into());
    }
    for timer in &viewed.timers {
        let over = if timer.at <= node.now() { "  RUNG" } else { "" };
        lines.push(format!(
            "  {}  {:8}  {}  ({}){over}",
            timer.at,
            timer.kind.as_str(),
            timer.what,
            timer.clause
        ));
    }
    let informed = &case.informed;
    for (what, at) in [
        ("due since", informed.due),
        ("delayed until", informed.delayed_until),
        ("given", informed.given),
    ] {
        lines.extend(at.map(|at| format!("information of the person: {what} {at}")));
    }
    lines.extend(
        case.freed
            .map(|at| format!("freed by the authority's silence at {at}")),
    );
    lines.extend(case.unsealed.map(|at| format!("unsealed at {at}")));
    lines.push(format!("next: {}", next_of(viewed)));
    lines
}

fn offices(statement: &Statement) -> String {
    statement
        .by
        .offices
        .iter()
        .map(|office| office.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn delivery_words(delivery: &DeliveryStatus) -> String {
    let attempts = delivery.delivery.attempts;
    match &delivery.state {
        DeliveryState::Delivered => "delivered".into(),
        DeliveryState::Pending { due_at, code: None } => format!("waits since {due_at}"),
        DeliveryState::Pending {
            due_at,
            code: Some(code),
        } => format!("tried {attempts} time(s) [{code}]; next at {due_at}"),
        DeliveryState::TurnedDown { code, detail } => format!("REFUSED [{code}]: {detail}"),
    }
}

fn package_state(package: &Package) -> String {
    let mut words = vec!["sealed".to_owned()];
    words.extend(package.released.map(|at| format!("released {at}")));
    words.extend(package.collected.map(|at| format!("collected {at}")));
    if package.destroyed {
        words.push("destroyed".into());
    } else if package.destruction_instructed {
        words.push("TO BE DESTROYED".into());
    }
    words.join(", ")
}

fn json_of(
    viewed: &Viewed,
    statements: &[Statement],
    deliveries: &[DeliveryStatus],
) -> Result<Value, Failure> {
    let (case, rule) = (&viewed.case, viewed.grounds.rule());
    let statement = |(statement, record): (&Statement, &portcullis_store::StatementRecord)| {
        json!({
            "digest": statement.digest.to_string(),
            "kind": statement.header.kind.as_str(),
            "author": statement.header.author.as_str(),
            "offices": statement.by.offices.iter().map(|office| office.as_str()).collect::<Vec<_>>(),
            "key": statement.by.key.to_string(),
            "time": statement.header.time.to_string(),
            "stored_at": record.stored_at.to_string(),
            "words": event_words(&statement.event),
            "recorded": record.proof.is_some(),
            "ours": record.ours,
        })
    };
    let delivery = |status: &DeliveryStatus| {
        let (state, code, detail) = match &status.state {
            DeliveryState::Delivered => ("delivered", None, None),
            DeliveryState::Pending { code, .. } => ("pending", code.as_deref(), None),
            DeliveryState::TurnedDown { code, detail } => {
                ("refused", Some(code.as_str()), Some(detail.as_str()))
            }
        };
        json!({
            "peer": status.delivery.peer.as_str(),
            "statements": status.delivery.statements.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "attempts": status.delivery.attempts,
            "state": state, "code": code, "detail": detail,
        })
    };
    let packages = case.packages.iter().map(|(id, package)| {
        json!({
            "package": id.to_string(),
            "items": package.seal.items,
            "size_bytes": package.seal.size_bytes,
            "ciphertext": package.seal.ciphertext.to_string(),
            "released": package.released.map(|at| at.to_string()),
            "collected": package.collected.map(|at| at.to_string()),
            "destruction_instructed": package.destruction_instructed,
            "destroyed": package.destroyed,
        })
    });
    let timers = viewed.timers.iter().map(|timer| {
        json!({ "kind": timer.kind.as_str(), "what": timer.what, "at": timer.at.to_string(), "clause": timer.clause.to_string() })
    });
    let items: serde_json::Map<_, _> = case
        .items
        .iter()
        .map(|(n, state)| (n.to_string(), item_state(state).into()))
        .collect();
    let ends = case
        .ends_at(viewed.grounds.basis())
        .map_err(|error| Failure::refused("law.calendar", error.to_string()))?;
    Ok(json!({
        "case": case.id.to_string(),
        "phase": case.phase(rule),
        "erased": false,
        "law": case.order.law,
        "rule": case.order.rule,
        "authority": case.order.authority.as_str(),
        "provider": case.order.provider.as_str(),
        "urgent": case.order.urgency.is_some(),
        "order": case.order_digest.to_string(),
        "ends": ends.map(|end| end.to_string()),
        "statements": statements.iter().zip(&viewed.record.statements).map(statement).collect::<Vec<_>>(),
        "deliveries": deliveries.iter().map(delivery).collect::<Vec<_>>(),
        "items": items,
        "packages": packages.collect::<Vec<_>>(),
        "timers": timers.collect::<Vec<_>>(),
        "information": {
            "due": case.informed.due.map(|at| at.to_string()),
            "delayed_until": case.informed.delayed_until.map(|at| at.to_string()),
            "given": case.informed.given.map(|at| at.to_string()),
        },
        "unsealed": case.unsealed.map(|at| at.to_string()),
        "next": next_of(viewed),
    }))
}
