//! `portcullis order modify`: one thing added or removed while an order runs.

use super::file;
use crate::{Answer, cmd::case::say::say, failure::Failure, home::Home, signer::SignArgs, ui::Ui};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use portcullis_core::{
    category::Category,
    id::CaseId,
    order::{Item, ItemNumber, Order, Span, TargetNumber},
    selector::{Selector, SelectorKind},
    statement::{Event, Modification},
};
use std::path::Path;

/// Adds or removes one target or item while the order runs: by whoever the law names.
///
/// Example: `portcullis order modify CASE remove-item 2 --key officer1`
#[derive(Args)]
pub(crate) struct Modify {
    case: CaseId,
    #[command(subcommand)]
    change: Change,
}

#[derive(Subcommand)]
enum Change {
    /// Adds a target, with the next free number; then add an item for it.
    AddTarget {
        /// How the target is named: account, number, device, email, `ip_address`, person, premises.
        #[arg(long, value_parser = file::selector_kind)]
        kind: SelectorKind,
        /// The one that is meant.
        #[arg(long)]
        value: String,
        /// When an IP address was in use.
        #[arg(long, value_name = "TIME")]
        at: Option<Timestamp>,
        /// The source port of an IP address.
        #[arg(long)]
        port: Option<u16>,
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Adds an item for a target, with the next free number.
    AddItem {
        /// Which target.
        #[arg(long, value_name = "NUMBER")]
        target: TargetNumber,
        /// Which kind of data.
        #[arg(long, value_parser = file::category)]
        category: Category,
        /// From when.
        #[arg(long, value_name = "TIME")]
        from: Timestamp,
        /// To when.
        #[arg(long, value_name = "TIME")]
        to: Timestamp,
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Removes a target and its items. What is no longer relevant must go.
    RemoveTarget {
        /// Which.
        target: TargetNumber,
        #[command(flatten)]
        sign: SignArgs,
    },
    /// Removes an item.
    RemoveItem {
        /// Which.
        item: ItemNumber,
        #[command(flatten)]
        sign: SignArgs,
    },
}

impl Modify {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let home = Home::open(dir)?;
        let node = home.node()?;
        let viewed = node.view(self.case)?;
        let (modification, sign) = self.change.on(&viewed.case.order)?;
        say(
            &home,
            &node,
            &sign,
            Some(self.case),
            &Event::Modified(modification),
            None,
            ui,
        )
    }
}

impl Change {
    fn on(self, order: &Order) -> Result<(Modification, SignArgs), Failure> {
        let after = |last: Option<&u16>| last.copied().unwrap_or_default().saturating_add(1);
        Ok(match self {
            Self::AddTarget {
                kind,
                value,
                at,
                port,
                sign,
            } => {
                let selector = Selector::new(kind, &value, at, port)
                    .map_err(|error| Failure::usage(error.to_string()))?;
                let target = after(order.targets.keys().next_back());
                (Modification::AddTarget { target, selector }, sign)
            }
            Self::AddItem {
                target,
                category,
                from,
                to,
                sign,
            } => {
                let span = Span::new(from, to)
                    .ok_or_else(|| Failure::usage("`--from` is after `--to`"))?;
                let item = after(order.items.keys().next_back());
                (
                    Modification::AddItem {
                        item,
                        what: Item {
                            target,
                            category,
                            span,
                        },
                    },
                    sign,
                )
            }
            Self::RemoveTarget { target, sign } => (Modification::RemoveTarget { target }, sign),
            Self::RemoveItem { item, sign } => (Modification::RemoveItem { item }, sign),
        })
    }
}
