//! `portcullis case accept`, `narrow`, `challenge`, `decline`, `ask`, `answer`.

use super::say::{say, words};
use crate::{Answer, failure::Failure, home::Home, signer::SignArgs, ui::Ui};
use clap::Args;
use jiff::Timestamp;
use portcullis_core::{
    case::{CANNOT_DECRYPT, Case, ItemState, NOT_HELD},
    id::CaseId,
    order::{ItemNumber, Span},
    statement::Event,
};
use std::{collections::BTreeSet, path::Path, str::FromStr};

/// Which items: `1,2`, or `all` that are open.
#[derive(Clone, Debug)]
enum Items {
    All,
    These(BTreeSet<ItemNumber>),
}

impl FromStr for Items {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let numbers = text.split(',').map(|number| {
            number
                .trim()
                .parse()
                .map_err(|_| format!("`{number}` is no item's number"))
        });
        numbers.collect::<Result<_, _>>().map(Self::These)
    }
}

impl Items {
    fn of(self, case: &Case) -> Result<BTreeSet<ItemNumber>, Failure> {
        let items = match self {
            Self::These(items) => items,
            Self::All => case
                .items
                .iter()
                .filter(|(_, state)| **state == ItemState::Open)
                .map(|(number, _)| *number)
                .collect(),
        };
        if items.is_empty() {
            return Err(Failure::refused(
                "case.no_items",
                "no item of this case is open",
            ));
        }
        Ok(items)
    }
}

/// Says an event about a case that is looked at first.
fn answer(
    dir: &Path,
    ui: Ui,
    case: CaseId,
    sign: &SignArgs,
    event: impl FnOnce(&Case) -> Result<Event, Failure>,
) -> Answer {
    let home = Home::open(dir)?;
    let node = home.node()?;
    let event = event(&node.view(case)?.case)?;
    say(&home, &node, sign, Some(case), &event, None, ui)
}

/// Says that items will be answered as asked.
///
/// Example: `portcullis case accept CASE --items 1,2 --key response1`
#[derive(Args)]
pub(crate) struct Accept {
    case: CaseId,
    /// Which: numbers with commas, or `all` that are open.
    #[arg(long, value_name = "1,2|all")]
    items: Items,
    #[command(flatten)]
    sign: SignArgs,
}

impl Accept {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        answer(dir, ui, self.case, &self.sign, |case| {
            Ok(Event::Accepted {
                items: self.items.of(case)?,
            })
        })
    }
}

/// Says that an item will be answered in part: a shorter span, and why.
///
/// Example: `portcullis case narrow CASE --item 1 --from 2026-02-01T00:00:00Z --reason undue_burden --key response1`
#[derive(Args)]
pub(crate) struct Narrow {
    case: CaseId,
    /// Which item.
    #[arg(long, value_name = "NUMBER")]
    item: ItemNumber,
    /// From when; from when it was asked for, if not said.
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// To when; to when it was asked for, if not said.
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// A reason code of the law; an unknown one is answered with the list.
    #[arg(long, value_name = "CODE")]
    reason: String,
    #[command(flatten)]
    sign: SignArgs,
}

impl Narrow {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        answer(dir, ui, self.case, &self.sign, |case| {
            let item = case.order.items.get(&self.item).ok_or_else(|| {
                Failure::refused(
                    "order.unknown_item",
                    format!("there is no item {} in this order", self.item),
                )
            })?;
            let (from, to) = (
                self.from.unwrap_or(item.span.from()),
                self.to.unwrap_or(item.span.to()),
            );
            let span =
                Span::new(from, to).ok_or_else(|| Failure::usage("`--from` is after `--to`"))?;
            if span == item.span {
                return Err(Failure::usage(
                    "that is the whole span; give `--from` or `--to`, or accept the item",
                ));
            }
            Ok(Event::Narrowed {
                items: [(self.item, span)].into(),
                reason: self.reason,
            })
        })
    }
}

/// Disputes items, with a reason code of the law and the reasons in words.
///
/// Example: `portcullis case challenge CASE --items 1 --reason comity --note "…" --key response1`
#[derive(Args)]
pub(crate) struct Challenge {
    case: CaseId,
    /// Which: numbers with commas, or `all` that are open.
    #[arg(long, value_name = "1,2|all")]
    items: Items,
    /// A reason code of the law; an unknown one is answered with the list.
    #[arg(long, value_name = "CODE")]
    reason: String,
    /// The reasons in words.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    note: String,
    #[command(flatten)]
    sign: SignArgs,
}

impl Challenge {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        answer(dir, ui, self.case, &self.sign, |case| {
            Ok(Event::Challenged {
                items: self.items.of(case)?,
                reason: self.reason,
                note: self.note,
            })
        })
    }
}

/// Says that items will not be answered, and why.
///
/// Example: `portcullis case decline CASE --items 2 --not-held --key response1`
#[derive(Args)]
pub(crate) struct Decline {
    case: CaseId,
    /// Which: numbers with commas, or `all` that are open.
    #[arg(long, value_name = "1,2|all")]
    items: Items,
    #[command(flatten)]
    reason: DeclineReason,
    #[command(flatten)]
    sign: SignArgs,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct DeclineReason {
    /// A reason code of the law; an unknown one is answered with the list.
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// The data are not held.
    #[arg(long)]
    not_held: bool,
    /// The provider cannot decrypt them.
    #[arg(long)]
    cannot_decrypt: bool,
}

impl Decline {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        let reason = match self.reason {
            DeclineReason {
                reason: Some(code), ..
            } => code,
            DeclineReason { not_held: true, .. } => NOT_HELD.to_owned(),
            DeclineReason { .. } => CANNOT_DECRYPT.to_owned(),
        };
        answer(dir, ui, self.case, &self.sign, |case| {
            Ok(Event::Declined {
                items: self.items.of(case)?,
                reason,
            })
        })
    }
}

/// Asks the authority a question; under some laws the clock stands still until it answers.
#[derive(Args)]
pub(crate) struct Ask {
    case: CaseId,
    /// The question.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    question: String,
    /// About these items; about all, if not said.
    #[arg(long, value_name = "1,2")]
    items: Option<Items>,
    #[command(flatten)]
    sign: SignArgs,
}

impl Ask {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        answer(dir, ui, self.case, &self.sign, |_| {
            let items = match self.items {
                Some(Items::These(items)) => items,
                Some(Items::All) | None => BTreeSet::new(),
            };
            Ok(Event::ClarificationAsked {
                items,
                question: self.question,
            })
        })
    }
}

/// Answers the provider's question, at the authority.
#[derive(Args)]
pub(crate) struct Reply {
    case: CaseId,
    /// The answer.
    #[arg(long, value_name = "TEXT", value_parser = words)]
    answer: String,
    #[command(flatten)]
    sign: SignArgs,
}

impl Reply {
    pub(super) fn run(self, dir: &Path, ui: Ui) -> Answer {
        answer(dir, ui, self.case, &self.sign, |_| {
            Ok(Event::ClarificationAnswered {
                answer: self.answer,
            })
        })
    }
}
