//! A command line: what is run, and how to type it.

use std::{fmt, process::Command};

/// A program with its arguments and the variables set for it alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Line {
    words: Vec<String>,
    variables: Vec<(&'static str, &'static str)>,
}

impl Line {
    /// A line from its words; the first is the program.
    pub(crate) fn new<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Self {
        Self {
            words: words.into_iter().map(Into::into).collect(),
            variables: Vec::new(),
        }
    }

    /// A line from a text without quotes.
    pub(crate) fn of(text: &str) -> Self {
        Self::new(text.split_whitespace())
    }

    /// The line with a variable set.
    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// The line with more words at its end.
    pub(crate) fn and(mut self, words: &[String]) -> Self {
        self.words.extend_from_slice(words);
        self
    }

    /// The line as a process to start.
    pub(crate) fn command(&self) -> Command {
        let (program, arguments) = self
            .words
            .split_first()
            .expect("every line in this program starts with a program");
        let mut command = Command::new(program);
        command.args(arguments).envs(self.variables.iter().copied());
        command
    }
}

/// As one would type it into a shell.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(f, "{name}={} ", quoted(value))?;
        }
        let words: Vec<String> = self.words.iter().map(|word| quoted(word)).collect();
        f.write_str(&words.join(" "))
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_as_one_would_type_it() {
        let line = Line::of("cargo doc").with("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(line.to_string(), "RUSTDOCFLAGS='-D warnings' cargo doc");
    }

    #[test]
    fn a_shell_reads_back_the_words_that_were_meant() {
        let words = ["it's", "a b", "", "$HOME", "--seeds=10"].map(str::to_owned);
        let line = Line::new(["printf", r"%s\n"]).and(&words);
        let shell = Line::new(["sh", "-c", &line.to_string()]);
        let said = shell.command().output().unwrap().stdout;
        assert_eq!(
            String::from_utf8(said).unwrap(),
            "it's\na b\n\n$HOME\n--seeds=10\n"
        );
    }
}
