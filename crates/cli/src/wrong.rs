//! What was typed and is not understood, said like every other failure.
//!
//! Clap finds what is wrong; the words, the code and the exit are ours, so that a machine which
//! reads standard output gets an answer there whatever went wrong.

use crate::{
    Cli,
    failure::{Failure, USAGE},
    ui::Ui,
};
use clap::{
    ArgGroup, CommandFactory as _, Parser as _,
    error::{ContextKind, ContextValue, Error, ErrorKind},
};
use std::{ffi::OsString, process::ExitCode};

/// So many suggestions are named.
const SUGGESTED_MAX: usize = 3;

/// Arguments of which one at least is to be given: where none is, all of them are named.
pub(crate) fn one_of(name: &'static str) -> ArgGroup {
    ArgGroup::new(name).required(true).multiple(true)
}

/// What was typed; or, after help or what is wrong was said, the exit code.
pub(crate) fn parsed() -> Result<Cli, ExitCode> {
    let args: Vec<OsString> = std::env::args_os().collect();
    Cli::try_parse_from(&args).map_err(|error| {
        let told = args.iter().take_while(|arg| *arg != "--");
        let is_json = told.clone().any(|arg| arg == "--json");
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                // Whoever stops reading has read enough.
                let _ = error.print();
                return ExitCode::SUCCESS;
            }
            // A command that lacks its second word shows people what there is.
            ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                if !is_json =>
            {
                let asked = args.iter().map(OsString::as_os_str).chain(["-h".as_ref()]);
                if let Err(help) = Cli::try_parse_from(asked) {
                    eprint!("{}", help.render());
                }
                return ExitCode::from(USAGE);
            }
            _ => {}
        }
        failure(&error, &command(&args)).answer(&Ui::new(is_json, false))
    })
}

/// The words of a command, without its arguments.
fn command(args: &[OsString]) -> String {
    let mut words = vec!["portcullis"];
    let tree = Cli::command();
    let mut at = &tree;
    let mut args = args.iter().skip(1).filter_map(|arg| arg.to_str());
    while let Some(arg) = args.next() {
        if arg == "--dir" {
            args.next();
        }
        if arg.starts_with('-') {
            continue;
        }
        let Some(next) = at.find_subcommand(arg) else {
            break;
        };
        words.push(arg);
        at = next;
    }
    words.join(" ")
}

/// The failure that says it.
fn failure(error: &Error, command: &str) -> Failure {
    Failure::usage(message(error)).hint(hint(error, command))
}

fn message(error: &Error) -> String {
    let arg = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let said = match (error.kind(), arg) {
        (ErrorKind::UnknownArgument, Some(arg)) if arg.starts_with('-') => {
            format!("`{arg}` is not understood here")
        }
        (ErrorKind::UnknownArgument, Some(arg)) => format!("`{arg}` is one word too many"),
        (ErrorKind::InvalidSubcommand, _) => {
            let word = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            format!("there is no command `{word}` here")
        }
        (ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) => {
            "a command is missing: say what to do".to_owned()
        }
        (ErrorKind::MissingRequiredArgument, _) => {
            let missing = texts(error, ContextKind::InvalidArg);
            let missing: Vec<String> = missing.iter().map(|arg| named(arg)).collect();
            format!("missing: {}", missing.join(", and "))
        }
        (ErrorKind::ArgumentConflict, Some(arg)) => conflict(error, &arg),
        (ErrorKind::InvalidValue, Some(arg)) if value.is_empty() => {
            format!("`{arg}` needs a value{}", among(error))
        }
        (ErrorKind::InvalidValue, Some(arg)) => {
            format!("`{value}` is nothing that `{arg}` takes{}", among(error))
        }
        (ErrorKind::ValueValidation, Some(arg)) => {
            let why = std::error::Error::source(error).map(ToString::to_string);
            let why = why.unwrap_or_default();
            if why.contains(&value) && !value.is_empty() {
                format!("`{arg}`: {why}")
            } else {
                format!("`{arg}`: `{value}` is not understood: {why}")
            }
        }
        (ErrorKind::TooManyValues, Some(arg)) => format!("`{arg}` takes no `{value}`"),
        (ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues, Some(arg)) => {
            format!("`{arg}` needs another number of values")
        }
        _ => first_paragraph(error),
    };
    said.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn conflict(error: &Error, arg: &str) -> String {
    let prior = texts(error, ContextKind::PriorArg);
    match prior.as_slice() {
        [] => format!("`{arg}` does not go together with what else was said"),
        [one] if one == arg => format!("`{arg}` was said twice"),
        many => {
            let many: Vec<String> = many.iter().map(|prior| format!("`{prior}`")).collect();
            format!("`{arg}` does not go together with {}", many.join(" and "))
        }
    }
}

/// The values that would do.
fn among(error: &Error) -> String {
    let valid = texts(error, ContextKind::ValidValue);
    match valid.as_slice() {
        [] => String::new(),
        many => format!(": {}", many.join(", ")),
    }
}

/// What is to be given, in words: of several, one of which is enough, clap writes
/// `<--group <GROUP>|--to <MEMBER>>`.
fn named(missing: &str) -> String {
    let either = missing
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .filter(|rest| rest.contains('|') && (rest.starts_with("--") || rest.contains("|--")));
    let Some(either) = either else {
        return format!("`{missing}`");
    };
    let each: Vec<String> = either.split('|').map(|one| format!("`{one}`")).collect();
    match each.split_last() {
        Some((last, before)) if !before.is_empty() => {
            format!("one of {} or {last}", before.join(", "))
        }
        _ => format!("`{either}`"),
    }
}

fn hint(error: &Error, command: &str) -> String {
    let kinds = [
        ContextKind::SuggestedArg,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
    ];
    let suggested = kinds.into_iter().flat_map(|kind| texts(error, kind));
    let suggested: Vec<String> = suggested
        .take(SUGGESTED_MAX)
        .map(|one| format!("`{one}`"))
        .collect();
    let mut parts = Vec::new();
    if !suggested.is_empty() {
        parts.push(format!("did you mean {}?", suggested.join(" or ")));
    }
    let explained = format!("`{command} --help` explains it");
    match (error.kind(), usage(error)) {
        (ErrorKind::MissingRequiredArgument, Some(usage)) => {
            parts.push(format!("it is `{usage}`; {explained}"));
        }
        (
            ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::InvalidSubcommand,
            _,
        ) => parts.push(format!("`{command} --help` lists the commands")),
        _ => parts.push(explained),
    }
    parts.join(" ")
}

/// The usage line, without its head and what stands in the environment.
fn usage(error: &Error) -> Option<String> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else {
        return None;
    };
    let usage = usage.to_string().replace(" --dir <DIR>", "");
    let usage = usage.trim().trim_start_matches("Usage:");
    Some(usage.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What clap itself says, of what has no words of ours.
fn first_paragraph(error: &Error) -> String {
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let first = first.trim_start_matches("error: ");
    first.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text(error: &Error, kind: ContextKind) -> Option<String> {
    texts(error, kind).into_iter().next()
}

fn texts(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(many)) => many.clone(),
        Some(ContextValue::Number(number)) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(args: &[&str]) -> (String, String) {
        let args = [&["portcullis"], args].concat();
        let error = Cli::try_parse_from(&args).err().unwrap();
        let args: Vec<OsString> = args.iter().map(Into::into).collect();
        let failure = failure(&error, &command(&args));
        assert_eq!((failure.exit, failure.code.as_str()), (2, "usage"));
        (failure.message, failure.hint.unwrap_or_default())
    }

    #[test]
    fn what_is_not_understood_is_said_in_one_sentence_with_a_way_out() {
        let check = |args: &[&str], message: &str, hint: &str| {
            let (said, how) = said(args);
            assert_eq!(said, message, "{args:?}");
            assert!(how.contains(hint), "{args:?}: {how}");
        };
        check(
            &["cell", "import", "a.json", "--int", "alerts"],
            "`--int` is not understood here",
            "did you mean `--into`?",
        );
        check(
            &["cell", "import", "a.json"],
            "missing: `--into <COLLECTION>`",
            "`portcullis cell import --help`",
        );
        check(
            &["cell", "lookip", "a.example"],
            "there is no command `lookip` here",
            "`lookup`",
        );
        check(
            &["cell", "stats", "all"],
            "`all` is one word too many",
            "`portcullis cell stats --help`",
        );
        check(
            &["cell", "search", "--limit", "many"],
            "`--limit <N>`: `many` is not understood: invalid digit found in string",
            "`portcullis cell search --help`",
        );
        check(
            &["cell", "export", "a", "--format", "xml"],
            "`xml` is nothing that `--format <FORMAT>` takes: bundle, misp, csv",
            "`portcullis cell export --help`",
        );
        check(
            &["--json"],
            "a command is missing: say what to do",
            "`portcullis --help` lists the commands",
        );
    }

    #[test]
    fn what_may_stand_in_the_place_of_what_is_missing_is_named_too() {
        let check = |args: &[&str], message: &str| {
            let (said, how) = said(args);
            assert_eq!(said, message, "{args:?}");
            assert!(how.starts_with("it is `portcullis "), "{args:?}: {how}");
        };
        check(
            &["register", "sign", "v2.json"],
            "missing: one of `--key <NAME>`, `--print <FILE>` or `--signature <FILE.sig>`",
        );
        check(
            &[
                "register",
                "add-office",
                "v2",
                "court.example",
                "k",
                "judge",
            ],
            "missing: one of `--until <DATE>` or `--days <DAYS>`",
        );
        check(
            &["log", "monitor"],
            "missing: one of `--log <LOG>` or `--own`, and one of `--memory <DIR>` or `--own`",
        );
        let case = format!("case_{:032x}", 1);
        check(
            &["package", "seal", &case, "--key", "desk"],
            "missing: one of `--item <N=PATH[@FROM/TO]>` or `--signature <FILE.sig>`",
        );
    }

    /// Every command that does something, by its words.
    fn commands(at: &clap::Command, words: &[String], all: &mut Vec<(Vec<String>, clap::Command)>) {
        for next in at
            .get_subcommands()
            .filter(|next| next.get_name() != "help")
        {
            let words = [words, &[next.get_name().to_owned()]].concat();
            if next.has_subcommands() {
                commands(next, &words, all);
            } else {
                all.push((words, next.clone()));
            }
        }
    }

    #[test]
    fn what_every_command_lacks_is_named_with_how_it_is_written() {
        let mut all = Vec::new();
        commands(&Cli::command(), &[], &mut all);
        assert!(all.len() > 100, "{}", all.len());
        let mut lacking = 0;
        for (words, command) in &all {
            let args: Vec<&str> = words.iter().map(String::as_str).collect();
            for arg in command.get_arguments() {
                // Clap names no alternatives of such a one: `one_of` does.
                let shown = format!("{arg:?}");
                assert!(shown.contains("r_unless: []"), "{args:?}: {shown}");
            }
            let typed = [&["portcullis"], args.as_slice()].concat();
            let Err(error) = Cli::try_parse_from(&typed) else {
                continue;
            };
            lacking += 1;
            let (message, how) = said(&args);
            let help = format!("`{} --help` explains it", typed.join(" "));
            assert!(message.starts_with("missing: "), "{args:?}: {message}");
            assert!(
                how.starts_with("it is `portcullis ") && how.ends_with(&help),
                "{args:?}: {how}"
            );
            assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
            for part in message.trim_start_matches("missing: ").split(", and ") {
                let quoted = part.trim_start_matches("one of ");
                assert!(
                    quoted.starts_with('`') && quoted.ends_with('`'),
                    "{args:?}: {message}"
                );
                assert!(!quoted.contains("<--"), "{args:?}: {message}");
            }
        }
        assert!(lacking > 50, "{lacking}");
    }

    #[test]
    fn of_several_of_which_one_is_needed_all_are_named() {
        let check = |missing: &str, expected: &str| assert_eq!(named(missing), expected);
        check("--into <COLLECTION>", "`--into <COLLECTION>`");
        check("<FILES>...", "`<FILES>...`");
        check("<1,2|all>", "`<1,2|all>`");
        check("<FILE|-|CASE>", "`<FILE|-|CASE>`");
        check("<CASE|all>", "`<CASE|all>`");
        check(
            "<--reason <CODE>|--not-held|--text <TEXT>>",
            "one of `--reason <CODE>`, `--not-held` or `--text <TEXT>`",
        );
    }
}
