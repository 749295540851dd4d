//! How a command fails: a stable code, a sentence, a hint, an exit code.

use crate::ui::Ui;
use portcullis_core::cell::Refusal;
use portcullis_node::{NodeError, cell::CellError};
use portcullis_verdict::{inspection::InspectionError, opened::OpenedError};
use std::{path::Path, process::ExitCode};

/// The rules say no, or what is there is not enough.
pub(crate) const REFUSED: u8 = 1;
/// The command's words or files are not understood.
pub(crate) const USAGE: u8 = 2;
/// It could not be done.
pub(crate) const UNABLE: u8 = 3;
/// Something is not what it claims to be.
pub(crate) const FALSE: u8 = 4;

/// Why a command did not do what was asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Failure {
    pub(crate) exit: u8,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: u8, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            exit,
            code: code.into(),
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn refused(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(REFUSED, code, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, "usage", message)
    }

    pub(crate) fn unable(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(UNABLE, code, message)
    }

    pub(crate) fn false_(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(FALSE, code, message)
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::unable("file", format!("`{}`: {error}", path.display()))
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says it, in the surface's own language.
    pub(crate) fn answer(self, ui: &Ui) -> ExitCode {
        ui.fail(&self);
        ExitCode::from(self.exit)
    }
}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        let code = error.code();
        let exit = match &error {
            NodeError::Refused(_)
            | NodeError::KeyNotOurs(_)
            | NodeError::NoLongerHolds(_)
            | NodeError::NotRecorded
            | NodeError::Contention
            | NodeError::OtherAttachment
            | NodeError::Cell(CellError::Refused(_) | CellError::NotFound)
            | NodeError::UnknownCase(_) => REFUSED,
            NodeError::Unfit(unfit) => {
                if unfit.is_forgery() {
                    FALSE
                } else {
                    REFUSED
                }
            }
            NodeError::Version(_) => FALSE,
            NodeError::Inspection(error) => inspection_exit(error),
            NodeError::NoRegister
            | NodeError::Restoring
            | NodeError::Package { .. }
            | NodeError::Ledger(_)
            | NodeError::NoCell
            | NodeError::Cell(_)
            | NodeError::Log(_)
            | NodeError::Unavailable(_)
            | NodeError::Blob(_)
            | NodeError::Broken(_) => UNABLE,
        };
        let failure = Self::new(exit, code, error.to_string());
        match hint_for(code) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<CellError> for Failure {
    fn from(error: CellError) -> Self {
        let exit = match &error {
            CellError::Refused(_) | CellError::NotFound => REFUSED,
            _ => UNABLE,
        };
        let code = error.code();
        let failure = Self::new(exit, code, error.to_string());
        let form = match &error {
            CellError::Refused(Refusal::Unfit { field }) => form_of(field),
            _ => None,
        };
        match form.or_else(|| hint_for(code)) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// What a part of a command of the cell has to look like.
fn form_of(field: &str) -> Option<&'static str> {
    Some(match field {
        "alias" => "a letter, then letters, digits, `-` and `_`, all small: `bank-attacks`",
        "identity" => "it begins with `identity--`",
        "name" => "printable letters and signs, without spaces and `:`",
        "rights" => "an account of a client reads or writes; it never speaks for the member",
        "title" | "lists" | "person" | "checked_by" => "one line of 256 bytes at most",
        "reason" | "clause" | "how" | "note" | "description" | "outcome" => {
            "some lines, 4,096 bytes at most, and not blank"
        }
        _ => return None,
    })
}

impl From<InspectionError> for Failure {
    fn from(error: InspectionError) -> Self {
        Self::new(inspection_exit(&error), error.code(), error.to_string())
    }
}

impl From<OpenedError> for Failure {
    fn from(error: OpenedError) -> Self {
        let exit = match &error {
            OpenedError::UnknownSchema(_) => REFUSED,
            _ => FALSE,
        };
        Self::new(exit, error.code(), error.to_string())
    }
}

/// What came too early or too late is refused; what does not fit together is false.
const fn inspection_exit(error: &InspectionError) -> u8 {
    match error {
        InspectionError::TooLate { .. }
        | InspectionError::SecondCommitment { .. }
        | InspectionError::TooManyOpen { .. }
        | InspectionError::NotLater(_)
        | InspectionError::UnknownLog(_)
        | InspectionError::WrongOffice { .. } => REFUSED,
        _ => FALSE,
    }
}

/// What to do next, by code.
pub(crate) fn hint_for(code: &str) -> Option<&'static str> {
    Some(match code {
        "register.none" => {
            "join one: `portcullis register trust REGISTER-ID FILE`, with the id from whoever runs it"
        }
        "key.not_ours" => {
            "see `portcullis key list` and `portcullis register show`; the registrar adds keys and offices"
        }
        "order.wrong_office" | "statement.wrong_office" => {
            "another officer's key is needed: `portcullis key list` shows which offices ours hold"
        }
        "order.own_order" | "order.same_person" => {
            "another person has to do this, with a key of their own"
        }
        "package.second_person" => "have a release officer who did not seal it release it",
        "order.approval_missing" => {
            "`portcullis case show CASE` lists the approvals given and missing"
        }
        "log.not_recorded" => "wait for the next tick (`portcullis log show`), or add `--wait`",
        "case.moved_on" => "look at it with `portcullis case show CASE` and try again",
        "case.unknown" => "`portcullis case list` shows the cases here",
        "log.witnesses_silent" => "see that the witnesses' nodes run and can be reached",
        "log.other_schema" => {
            "put `schema` in portcullis.toml back, or close the log with `portcullis log renew` at a period's end"
        }
        "log.waiting" => "let `portcullis serve` run until nothing waits, then try again",
        "cell.account_ended" | "cell.unknown_account" => {
            "`portcullis cell account list --all` shows them"
        }
        "cell.unknown_group" | "cell.not_in_group" | "cell.not_invited" => {
            "`portcullis cell group list` and `portcullis cell group show GROUP` say who is in which"
        }
        "cell.unknown_collection" | "cell.may_not_read" | "cell.may_not_write" => {
            "`portcullis cell collection list` shows them, `portcullis cell collection show` who reads one"
        }
        "cell.no_audience" => {
            "add `--group GROUP`, `--group none` for this member alone, or `--open true` for a public feed"
        }
        "cell.warning_list" => {
            "if it is meant all the same: `portcullis cell warning override OBJECT --list LIST --reason …`"
        }
        "cell.unknown_wrapper" | "cell.wrapper_lapsed" => {
            "`portcullis cell wrapper list` shows the dates; a new basis: `portcullis cell wrapper add`"
        }
        "cell.unknown_review" => "`portcullis cell review list` shows what waits",
        "cell.unknown_recall" => "`portcullis cell recalls` shows them",
        "cell.unknown_question" | "cell.question_closed" => {
            "`portcullis cell questions` shows them"
        }
        "cell.unknown_follow" => "`portcullis cell follow list` shows them",
        "log.leased" => "another `portcullis serve` runs on this folder; stop it first",
        _ => return None,
    })
}
