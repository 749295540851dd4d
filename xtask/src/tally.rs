//! How many passed and how many failed.

use std::{fmt, iter::Sum, ops::AddAssign};

/// A count of what passed and what failed.
///
/// In text, alone on a line: `N passed, M failed`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    /// How many passed.
    pub(crate) passed: u64,
    /// How many failed.
    pub(crate) failed: u64,
}

impl Tally {
    /// What a line of a test harness says, if it is one that closes a
    /// program's tests: `test result: ok. 5 passed; 0 failed; 1 ignored; …` in
    /// Rust; `# pass 5` and `# fail 0` on two lines in JavaScript.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let tap = |label: &str| line.trim_end().strip_prefix(label)?.parse().ok();
        if let Some(passed) = tap("# pass ") {
            return Some(Self { passed, failed: 0 });
        }
        if let Some(failed) = tap("# fail ") {
            return Some(Self { passed: 0, failed });
        }
        let rest = line.trim_end().strip_prefix("test result: ")?;
        let count = |label: &str| {
            rest.split(';').find_map(|part| {
                let number = part.trim().strip_suffix(label)?.trim_end();
                number.rsplit(' ').next()?.parse().ok()
            })
        };
        Some(Self {
            passed: count("passed")?,
            failed: count("failed")?,
        })
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |mut sum, tally| {
            sum += tally;
            sum
        })
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
running 2 tests
test a::b ... ok
test result_of_the_test ... FAILED
test result: FAILED. 41 passed; 2 failed; 3 ignored; 0 measured; 7 filtered out; finished in 0.01s

   Doc-tests portcullis_tlog
test result: \u{1b}[32mok\u{1b}[0m. 10 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s
";

    #[test]
    fn closing_lines_are_summed_and_all_others_passed_over() {
        let sum: Tally = OUTPUT.lines().filter_map(Tally::parse).sum();
        assert_eq!(sum.to_string(), "51 passed, 2 failed");
    }

    #[test]
    fn both_closing_lines_of_node_are_counted() {
        let output = "ok 1 - a\n1..155\n# tests 155\n# pass 154\n# fail 1\n# passing\n";
        let sum: Tally = output.lines().filter_map(Tally::parse).sum();
        assert_eq!(sum.to_string(), "154 passed, 1 failed");
    }

    #[test]
    fn what_only_looks_like_a_closing_line_is_none() {
        for line in [
            "",
            "test result: ok.",
            "test result: ok. many passed; 0 failed",
            "test result: ok. 1 passed",
            "  test result: ok. 1 passed; 0 failed; 0 ignored",
            "the test result: ok. 1 passed; 0 failed; 0 ignored",
        ] {
            assert_eq!(Tally::parse(line), None, "{line}");
        }
    }
}
