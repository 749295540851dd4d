//! What only a case-holder sees: promises that were broken, and secrecy past its end.

use crate::{
    cmd::log::promise::{Promise, Weighed},
    failure::Failure,
    home::Home,
    ui::Ui,
};
use portcullis_core::{
    id::{CaseId, PackageId},
    law::SecrecyRule,
    statement::{Event, Recorded},
};
use portcullis_node::{Node, NodeError, Viewed};
use portcullis_store::{Filter, view::PAGE_ROWS_MAX};
use portcullis_verdict::{monitor::Weight, statement};
use serde_json::{Value, json};
use std::path::Path;

/// A promise that its author's log does not keep.
const BROKEN_PROMISE: &str = "monitor.broken_promise";
/// A promise that was kept, and nothing shows that it was in time.
const LATE_PROMISE: &str = "monitor.late_promise";
/// A docket that is still closed after the end of its secrecy.
const SECRET_PAST_END: &str = "monitor.secret_past_end";

/// Something about one case.
pub(super) struct OwnFinding {
    pub(super) code: &'static str,
    pub(super) weight: Weight,
    case: CaseId,
    message: String,
    clause: Option<String>,
}

impl OwnFinding {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "code": self.code,
            "case": self.case.to_string(),
            "message": self.message,
            "clause": self.clause,
        })
    }

    pub(super) fn say(&self, ui: Ui) {
        ui.say(format_args!(
            "  {}  {}: {}",
            self.code, self.case, self.message
        ));
        if let Some(clause) = &self.clause {
            ui.say(format_args!("    {clause}"));
        }
    }
}

/// What a look at all cases of a node brought.
#[derive(Default)]
pub(super) struct Own {
    pub(super) cases: usize,
    pub(super) findings: Vec<OwnFinding>,
    /// Cases or promises that could not be looked at, and why.
    pub(super) failures: Vec<(CaseId, Failure)>,
}

/// Goes through every case here.
pub(super) fn look(dir: &Path, ui: Ui) -> Result<Own, Failure> {
    let home = Home::open(dir)?;
    let node = home.node()?;
    let mut own = Own::default();
    let mut after = None;
    let filter = Filter {
        phase: None,
        peer: None,
        urgent_first: false,
    };
    let bar = ui.count_bar(0, "cases");
    loop {
        let page = node.store().queue(&filter, after.as_ref(), PAGE_ROWS_MAX);
        let page = page.map_err(NodeError::from)?;
        for row in &page.rows {
            match node.view(row.case) {
                Ok(viewed) => {
                    own.cases += 1;
                    bar.inc(1);
                    own.findings
                        .extend(secret_past_end(&node, row.case, &viewed));
                    promises(&home, &node, row.case, &viewed, &mut own);
                }
                // An erased case says nothing any more.
                Err(NodeError::UnknownCase(_)) => {}
                Err(error) => own.failures.push((row.case, error.into())),
            }
        }
        after = page.next;
        if after.is_none() {
            bar.finish_and_clear();
            return Ok(own);
        }
    }
}

/// A docket whose secrecy was ordered with an end, and that nobody has opened since.
fn secret_past_end(node: &Node, id: CaseId, viewed: &Viewed) -> Option<OwnFinding> {
    let case = &viewed.case;
    let end = case.secrecy_ends()?;
    if case.unsealed.is_some() || case.issued.is_none() || node.now() <= end {
        return None;
    }
    let clause = match &viewed.grounds.basis().rule.secrecy {
        SecrecyRule::Ordered { clause, .. } | SecrecyRule::NoEndInLaw { clause } => {
            Some(clause.to_string())
        }
        SecrecyRule::None => None,
    };
    Some(OwnFinding {
        code: SECRET_PAST_END,
        weight: Weight::Warning,
        case: id,
        message: format!("its secrecy ended at {end}, and its docket is not open"),
        clause,
    })
}

/// Every promise on which something was released in this case.
fn promises(home: &Home, node: &Node, id: CaseId, viewed: &Viewed, own: &mut Own) {
    for package in promised(viewed) {
        match Promise::of(id, package).weigh(home, node, viewed) {
            Ok(weighed) => own.findings.extend(broken(id, &weighed)),
            Err(failure) => own.failures.push((id, failure)),
        }
    }
}

fn broken(case: CaseId, weighed: &Weighed) -> Option<OwnFinding> {
    let (code, weight) = match weighed.worth {
        "BROKEN" => (BROKEN_PROMISE, Weight::Proof),
        "LATE" => (LATE_PROMISE, Weight::Warning),
        _ => return None,
    };
    Some(OwnFinding {
        code,
        weight,
        case,
        message: weighed.line(),
        clause: Some("design §2, law 4: recorded before released".to_owned()),
    })
}

/// The packages of a case that were released on a promise.
fn promised(viewed: &Viewed) -> impl Iterator<Item = PackageId> {
    let released = viewed.record.statements.iter();
    released
        .filter(|record| record.kind == "released")
        .filter_map(
            |record| match statement::parse(&record.envelope).ok()?.event {
                Event::Released {
                    package,
                    recorded: Recorded::Promised(_),
                } => Some(package),
                _ => None,
            },
        )
}
