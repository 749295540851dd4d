//! Signed notes: a text and the signatures of named keys over it.
//!
//! Follows C2SP signed-note. A [`SignedNote`] is parsed, not verified: its text means nothing
//! until [`SignedNote::verify`] has found a signature of a key the caller trusts.

mod key;
mod line;
mod signer;
mod verify;

use std::fmt;
use std::str::FromStr;

pub use key::{KEY_NAME_BYTES_MAX, KeyError, KeyId, KeyKind, KeyName, VerifierKey};
pub use line::{LineError, SignatureLine};
pub use signer::NoteSigner;
pub(crate) use signer::Secret;
pub use verify::{VerifiedSignature, VerifyError};

/// Longest note in bytes. Sixteen post-quantum signatures, which every reader must accept, are
/// 56 KiB.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;

/// Most signature lines of a note: four times what every reader must accept.
pub const NOTE_SIGNATURES_MAX: usize = 64;

/// A note: text ending in a newline, and one or more signature lines.
///
/// In text: the note's text, an empty line, the signature lines. What parses prints the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedNote {
    // INVARIANT: `text` passes `check_text`; 1 to 64 signatures; 64 KiB at most in all.
    text: String,
    signatures: Vec<SignatureLine>,
}

/// The bytes are no signed note, or the parts do not make one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoteError {
    /// More than [`NOTE_BYTES_MAX`].
    #[error("a note of {0} bytes is too long")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the note is not UTF-8")]
    NotUtf8,
    /// A control character other than newline.
    #[error("the note holds a control character")]
    ControlCharacter,
    /// The text does not end in a newline.
    #[error("the text of a note ends in a newline")]
    TextWithoutNewline,
    /// No empty line before the signatures.
    #[error("the note has no empty line before its signatures")]
    NoSeparator,
    /// No signature line.
    #[error("the note has no signature")]
    NoSignature,
    /// More than [`NOTE_SIGNATURES_MAX`].
    #[error("the note has more than 64 signatures")]
    TooManySignatures,
    /// A line after the last empty line is no signature line.
    #[error("signature line {number} of the note is malformed")]
    Line {
        /// The line, counted from 1 after the empty line.
        number: usize,
        /// What is wrong with it.
        source: LineError,
    },
}

impl SignedNote {
    /// A note from its text and signatures.
    ///
    /// # Errors
    ///
    /// [`NoteError`] when the text is no note text, when there is no signature, or too much of
    /// either.
    pub fn new(text: String, signatures: Vec<SignatureLine>) -> Result<Self, NoteError> {
        check_text(&text)?;
        let note = Self { text, signatures };
        let length = note.to_text().len();
        if note.signatures.is_empty() {
            Err(NoteError::NoSignature)
        } else if note.signatures.len() > NOTE_SIGNATURES_MAX {
            Err(NoteError::TooManySignatures)
        } else if length > NOTE_BYTES_MAX {
            Err(NoteError::TooLong(length))
        } else {
            Ok(note)
        }
    }

    /// Parses a note. The last empty line divides text and signatures.
    ///
    /// # Errors
    ///
    /// [`NoteError`], every variant.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?;
        let end = whole.rfind("\n\n").ok_or(NoteError::NoSeparator)?;
        let (text, rest) = whole
            .split_at_checked(end + 1)
            .ok_or(NoteError::NoSeparator)?;
        check_text(text)?;
        let lines = rest.get(1..).unwrap_or_default();
        Ok(Self {
            text: text.to_owned(),
            signatures: parse_lines(lines)?,
        })
    }

    /// The signed text, with its final newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order, verified or not.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// The note with one more signature line at its end.
    ///
    /// # Errors
    ///
    /// [`NoteError::TooManySignatures`] and [`NoteError::TooLong`].
    pub fn with_signature(mut self, line: SignatureLine) -> Result<Self, NoteError> {
        self.signatures.push(line);
        Self::new(self.text, self.signatures)
    }

    /// The whole note: text, empty line, signature lines.
    pub fn to_text(&self) -> String {
        let lines = self.signatures.iter().map(SignatureLine::to_text);
        format!("{}\n{}", self.text, lines.collect::<String>())
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl FromStr for SignedNote {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        Self::parse(text.as_bytes())
    }
}

/// Parses 1 to 64 signature lines, each ending in a newline.
///
/// # Errors
///
/// [`NoteError::NoSignature`], [`NoteError::TooManySignatures`] and [`NoteError::Line`].
pub fn parse_lines(text: &str) -> Result<Vec<SignatureLine>, NoteError> {
    let mut signatures = Vec::new();
    for (at, line) in text.split_inclusive('\n').enumerate() {
        if at == NOTE_SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        let parsed = SignatureLine::parse(line);
        signatures.push(parsed.map_err(|source| NoteError::Line {
            number: at + 1,
            source,
        })?);
    }
    if signatures.is_empty() {
        Err(NoteError::NoSignature)
    } else {
        Ok(signatures)
    }
}

/// Whether a text can be the text of a note.
pub(crate) fn check_text(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        Err(NoteError::ControlCharacter)
    } else if text.ends_with('\n') {
        Ok(())
    } else {
        Err(NoteError::TextWithoutNewline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // The example of C2SP signed-note, "Format".
    const QUASIMODO: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
        ed è subito sera.\n\n— quasimodo.example/salvatore \
        NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

    #[test]
    fn the_last_empty_line_divides_text_and_signatures() {
        let note = QUASIMODO.parse::<SignedNote>().unwrap();
        assert!(note.text().ends_with("\n\ned è subito sera.\n"));
        assert_eq!(note.signatures().len(), 1);
        assert_eq!(
            note.signatures()[0].name().as_str(),
            "quasimodo.example/salvatore"
        );
        assert_eq!(note.to_text(), QUASIMODO);
    }

    #[test]
    fn a_malformed_note_is_refused() {
        let check = |text: &str, expected| {
            assert_eq!(text.parse::<SignedNote>(), Err(expected), "{text:?}");
        };
        let line = |source| NoteError::Line { number: 1, source };
        check("", NoteError::NoSeparator);
        check("text\n", NoteError::NoSeparator);
        check("text\n— a AAAAAAA=\n", NoteError::NoSeparator);
        check("text\n\n", NoteError::NoSignature);
        check("te\txt\n\n— a AAAAAAA=\n", NoteError::ControlCharacter);
        check("text\n\n- a AAAAAAA=\n", line(LineError::Shape));
        check("text\n\n— a AAAAAAA=", line(LineError::Shape));
        check("text\n\n— a  AAAAAAA=\n", line(LineError::Signature));
        check("text\n\n— a+b AAAAAAA=\n", line(LineError::Name));
        check("text\n\n— a\u{2003}b AAAAAAA=\n", line(LineError::Name));
        check("text\n\n— a\u{1}b AAAAAAA=\n", line(LineError::Name));
        check("text\n\n—  AAAAAAA=\n", line(LineError::Name));
        check("text\n\n— a AAAAAA==\n", line(LineError::Signature));
        check("text\n\n— a AAAAAAB=\n", line(LineError::Signature));
        assert_eq!(SignedNote::parse(b"\xff\n\n"), Err(NoteError::NotUtf8));
    }

    #[test]
    fn a_note_is_bounded() {
        let with =
            |lines| format!("text\n\n{}", "— a AAAAAAA=\n".repeat(lines)).parse::<SignedNote>();
        let full = with(64).unwrap();
        assert_eq!(with(65), Err(NoteError::TooManySignatures));
        let one_more = full.signatures()[0].clone();
        assert_eq!(
            full.with_signature(one_more),
            Err(NoteError::TooManySignatures)
        );
        assert_eq!(
            SignedNote::parse(&vec![b'\n'; 65_537]),
            Err(NoteError::TooLong(65_537))
        );
        let long = SignedNote::new("x\n".repeat(40_000), with(1).unwrap().signatures);
        assert_eq!(long, Err(NoteError::TooLong(80_016)));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes: Vec<u8>) {
            let _ = SignedNote::parse(&bytes);
        }

        #[test]
        fn what_parses_prints_the_same(text in "[a\n]{0,6}\n\n(— [a+ ]{1,2} [A-C]{6,8}={0,2}\n?){1,2}") {
            if let Ok(note) = text.parse::<SignedNote>() {
                prop_assert_eq!(note.to_text(), text);
            }
        }
    }
}
