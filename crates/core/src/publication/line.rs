//! Lines: how a total is shown, and what stands beside it in other reports.

use super::{EarlierLine, Form, Proposal, Refusal};
use crate::{
    law::Word,
    schema::{SeriesLine, Shown},
};

/// A line of a report that may be made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlannedLine {
    /// Its word in the series.
    pub id: Word,
    /// Its cells: bit 0 for cell 1.
    pub mask: u32,
    /// How its total is shown.
    pub shown: Shown,
    /// Exact totals below this become a band from nought to one less; 0 shows all.
    pub suppress_below: u32,
    /// Whether a joint total over one of its cells was published for some day of the period.
    pub told_jointly: bool,
}

impl PlannedLine {
    /// What a total becomes: itself; the band that it lies in; the lowest band, if it is small.
    ///
    /// # Errors
    ///
    /// [`Refusal::ExactAndBanded`] for a small total that a joint one lets others work out.
    pub fn form(&self, total: u64) -> Result<Form, Refusal> {
        let suppressed = u64::from(self.suppress_below);
        match self.shown {
            Shown::Exact if total < suppressed && self.told_jointly => {
                Err(Refusal::ExactAndBanded {
                    line: self.id.clone(),
                })
            }
            Shown::Exact if total < suppressed => Ok(Form::Band {
                low: 0,
                high: suppressed - 1,
            }),
            Shown::Exact => Ok(Form::Exact(total)),
            Shown::Band { width } => {
                let width = u64::from(width.max(1));
                let low = total - total % width;
                Ok(Form::Band {
                    low,
                    high: low.saturating_add(width - 1),
                })
            }
        }
    }
}

/// The lines, beside what other reports told of their cells.
pub(super) fn lines(proposal: &Proposal<'_>) -> Result<Vec<PlannedLine>, Refusal> {
    let series = proposal.series;
    let beside = proposal
        .earlier
        .iter()
        .filter(|report| report.series != series.id && report.period.overlaps(&proposal.period));
    let told: Vec<(bool, &EarlierLine)> = beside
        .flat_map(|report| report.lines.iter().map(|line| (report.joint, line)))
        .filter(|(_, line)| line.form != Form::Withheld)
        .collect();
    let plan = |line: &SeriesLine| {
        let mask = line.mask();
        let mut told_jointly = false;
        for (jointly, other) in told.iter().filter(|(_, other)| other.mask & mask != 0) {
            told_jointly |= *jointly;
            beside_other(proposal, line, *jointly, other.form)?;
        }
        Ok(PlannedLine {
            id: line.id.clone(),
            mask,
            shown: series.shown,
            suppress_below: series.suppress_below,
            told_jointly,
        })
    };
    series.lines.iter().map(plan).collect()
}

/// Whether a line may stand beside another over one of its cells and days.
fn beside_other(
    proposal: &Proposal<'_>,
    line: &SeriesLine,
    jointly: bool,
    other: Form,
) -> Result<(), Refusal> {
    let line = || line.id.clone();
    let banded = matches!(other, Form::Band { .. });
    let exact = proposal.series.shown == Shown::Exact;
    match (proposal.series.joint, jointly) {
        (true, false) if banded => Err(Refusal::JointBanded { line: line() }),
        (true, false) => Ok(()),
        (false, true) if exact => Ok(()),
        (false, false) if banded == exact => Err(Refusal::ExactAndBanded { line: line() }),
        (false, true) => Err(Refusal::ExactAndBanded { line: line() }),
        // Two joint totals with other participants subtract.
        (true, true) | (false, false) => Err(Refusal::PublishedBefore {
            period: proposal.period,
        }),
    }
}
