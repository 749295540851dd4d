//! The figures of a report: a table whose rows carry their own bars.

use super::time::grouped;
use portcullis_verdict::report::{Form, Report};

/// The width of every bar in its own units.
const WIDTH: u64 = 1000;

/// The figures of one report.
pub(crate) struct Figures {
    pub(crate) caption: String,
    /// The figure at which a bar is full.
    pub(crate) scale: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) unproved: Vec<Unproved>,
}

/// One line.
pub(crate) struct Line {
    pub(crate) title: String,
    pub(crate) figure: String,
    /// None where the figure is withheld.
    pub(crate) bar: Option<Bar>,
    pub(crate) because: String,
    pub(crate) law: Option<String>,
    pub(crate) clause: String,
}

/// A bar from 0 to a figure, or the range in which it lies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Bar {
    pub(crate) range: bool,
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) width: u64,
    /// What it shows, in words.
    pub(crate) text: String,
}

/// A figure that nothing proves.
pub(crate) struct Unproved {
    pub(crate) title: String,
    pub(crate) value: String,
    pub(crate) unit: String,
    pub(crate) clause: String,
}

impl Figures {
    /// The figures of a report, all drawn on one scale.
    pub(crate) fn of(report: &Report) -> Self {
        let highest = |form: &Form| match form {
            Form::Exact { value } => *value,
            Form::Band { high, .. } => *high,
            Form::Withheld { .. } => 0,
        };
        let scale = report.lines.iter().map(|line| highest(&line.form)).max();
        let scale = scale.unwrap_or_default().max(1);
        let lines = report.lines.iter().map(|line| Line {
            title: line.title.clone(),
            figure: figure(&line.form),
            bar: bar(&line.form, scale),
            because: match &line.form {
                Form::Withheld { because } => because.clone(),
                Form::Exact { .. } | Form::Band { .. } => String::new(),
            },
            law: line.law.clone(),
            clause: line.clause.clone(),
        });
        let unproved = report.unproved.iter().map(|figure| Unproved {
            title: figure.title.clone(),
            value: figure.value.clone(),
            unit: figure.unit.clone(),
            clause: figure.clause.clone(),
        });
        Self {
            caption: format!(
                "Figures from {} to {}",
                report.period.from, report.period.to
            ),
            scale: grouped(scale),
            lines: lines.collect(),
            unproved: unproved.collect(),
        }
    }
}

fn figure(form: &Form) -> String {
    match form {
        Form::Exact { value } => grouped(*value),
        Form::Band { low, high } => format!("{}–{}", grouped(*low), grouped(*high)),
        Form::Withheld { .. } => "withheld".to_owned(),
    }
}

fn bar(form: &Form, scale: u64) -> Option<Bar> {
    let place = |value: u64| {
        let wide = u128::from(value) * u128::from(WIDTH) / u128::from(scale.max(1));
        u64::try_from(wide).map_or(WIDTH, |place| place.min(WIDTH))
    };
    match form {
        Form::Exact { value } => Some(Bar {
            range: false,
            from: 0,
            to: place(*value),
            width: place(*value),
            text: format!("exactly {}", grouped(*value)),
        }),
        Form::Band { low, high } => Some(Bar {
            range: true,
            from: place(*low),
            to: place(*high),
            width: place(*high).saturating_sub(place(*low)),
            text: format!("between {} and {}", grouped(*low), grouped(*high)),
        }),
        Form::Withheld { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_is_a_range_and_an_exact_figure_a_bar_from_nothing() {
        let band = bar(
            &Form::Band {
                low: 500,
                high: 999,
            },
            2000,
        )
        .unwrap();
        assert_eq!(
            (band.range, band.from, band.to, band.width),
            (true, 250, 499, 249)
        );
        assert_eq!(band.text, "between 500 and 999");
        let exact = bar(&Form::Exact { value: 2000 }, 2000).unwrap();
        assert_eq!((exact.range, exact.from, exact.to), (false, 0, 1000));
        let because = "no figure in law".to_owned();
        assert_eq!(bar(&Form::Withheld { because }, 2000), None);
    }

    #[test]
    fn the_largest_figures_do_not_overflow() {
        let large = u64::MAX;
        let exact = bar(&Form::Exact { value: large }, large).unwrap();
        assert_eq!(exact.to, 1000);
        assert_eq!(bar(&Form::Exact { value: large }, 0).unwrap().to, 1000);
    }
}
