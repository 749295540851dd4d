//! Checkpoints: the size and root of a log's tree, as the text of a note.
//!
//! Follows C2SP tlog-checkpoint, "Note text": origin, size, root, then extension lines if any.

use std::fmt;
use std::str::FromStr;

use crate::hash::{EMPTY_ROOT, Hash};
use crate::note::{NOTE_BYTES_MAX, NoteError, NoteSigner, SignedNote};
use crate::text::next_line;
use crate::tree::TreeSize;

/// Longest origin in bytes, so that it fits the length byte of an ML-DSA cosignature.
pub const ORIGIN_BYTES_MAX: usize = 255;

/// Identity of a log: not empty, without control characters, at most 255 bytes.
///
/// SPEC: origins with spaces are allowed, as in tlog-checkpoint; no key can have such a name, so
/// no [`policy`](crate::policy) accepts them.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Origin(String);

/// What a log commits to. In text, the lines of a note; what parses prints the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// How many leaves.
    pub size: TreeSize,
    /// Root over them; [`EMPTY_ROOT`] for none.
    pub root: Hash,
    // INVARIANT: no line is empty or holds a control character.
    extensions: Vec<String>,
}

/// The text is no checkpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CheckpointError {
    /// The origin is missing, empty, too long, or holds a control character.
    #[error("the origin is malformed")]
    Origin,
    /// The size is missing or not a decimal up to 2^63 − 1 without leading zeros.
    #[error("the tree size is malformed")]
    Size,
    /// The root is missing or not base64 of 32 bytes.
    #[error("the root hash is malformed")]
    Root,
    /// The tree is empty and the root is not that of the empty tree.
    #[error("the empty tree has another root")]
    EmptyRoot,
    /// An extension line is empty, holds a control character, or lacks its newline.
    #[error("an extension line is malformed")]
    Extension,
    /// Longer than a note.
    #[error("a checkpoint of {0} bytes is too long")]
    TooLong(usize),
}

impl Origin {
    /// The origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this origin lies below `prefix`, as `example.com/log/2` below `example.com/log`.
    pub fn is_below(&self, prefix: &str) -> bool {
        let rest = self
            .0
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix('/'));
        rest.is_some_and(|rest| !rest.is_empty())
    }

    /// Which generation of the log `prefix` this is: 2 for `example.com/log/2` and `example.com/log`.
    /// `None` for every other origin; generations are decimals from 1 without leading zeros.
    pub fn generation_of(&self, prefix: &str) -> Option<u64> {
        let number = self.0.strip_prefix(prefix)?.strip_prefix('/')?;
        let generation: u64 = number.parse().ok()?;
        (0 < generation && generation.to_string() == number).then_some(generation)
    }
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    pub fn new(origin: Origin, size: TreeSize, root: Hash) -> Self {
        Self {
            origin,
            size,
            root,
            extensions: Vec::new(),
        }
    }

    /// Parses the text of a note: every line ends in a newline.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`], every variant.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        if text.len() > NOTE_BYTES_MAX {
            return Err(CheckpointError::TooLong(text.len()));
        }
        let mut rest = text;
        let origin = next_line(&mut rest)
            .ok_or(CheckpointError::Origin)?
            .parse()?;
        let size = next_line(&mut rest).and_then(|line| line.parse().ok());
        let size = size.ok_or(CheckpointError::Size)?;
        let root = next_line(&mut rest).and_then(|line| line.parse().ok());
        let root = root.ok_or(CheckpointError::Root)?;
        if size == TreeSize(0) && root != EMPTY_ROOT {
            return Err(CheckpointError::EmptyRoot);
        }
        let mut extensions = Vec::new();
        while !rest.is_empty() {
            let line = next_line(&mut rest).filter(|line| is_line(line));
            extensions.push(line.ok_or(CheckpointError::Extension)?.to_owned());
        }
        Ok(Self {
            origin,
            size,
            root,
            extensions,
        })
    }

    /// The extension lines, without their newlines. No witness vouches for them.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// The text to sign: origin, size, root, extension lines, each with its newline.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Signs the checkpoint as the log. The signer's name is the origin.
    ///
    /// CRASH: a signed checkpoint cannot be taken back. The caller keeps its size and root durably
    /// before it asks for this.
    ///
    /// # Errors
    ///
    /// [`SignError::OtherName`] when the signer has another name, [`SignError::Note`] when the
    /// text is too long for a note.
    pub fn sign(&self, signer: &NoteSigner) -> Result<SignedNote, SignError> {
        let text = self.to_text();
        if signer.vkey().name().as_str() != self.origin.as_str() {
            return Err(SignError::OtherName);
        }
        let line = signer.sign(&text)?;
        Ok(SignedNote::new(text, vec![line])?)
    }
}

/// Why a checkpoint is not signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignError {
    /// The key's name is not the origin.
    #[error("a log signs under its origin")]
    OtherName,
    /// The checkpoint makes no note.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl FromStr for Origin {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let valid = is_line(text) && text.len() <= ORIGIN_BYTES_MAX;
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(CheckpointError::Origin)
        }
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        Self::parse(text)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

fn is_line(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte >= b' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // The example of C2SP tlog-checkpoint.
    const SOFA: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_example_of_the_specification_reads_back() {
        let checkpoint = Checkpoint::parse(SOFA).unwrap();
        assert_eq!(checkpoint.origin.as_str(), "example.com/behind-the-sofa");
        assert_eq!(checkpoint.size, TreeSize(20_852_163));
        assert!(checkpoint.extensions().is_empty());
        assert_eq!(checkpoint.to_text(), SOFA);
    }

    #[test]
    fn extension_lines_are_kept() {
        let text = format!("{SOFA}one\n two \n");
        let checkpoint = Checkpoint::parse(&text).unwrap();
        assert_eq!(checkpoint.extensions(), ["one", " two "]);
        assert_eq!(checkpoint.to_text(), text);
    }

    #[test]
    fn a_malformed_checkpoint_is_refused() {
        let check =
            |text: &str, expected| assert_eq!(Checkpoint::parse(text), Err(expected), "{text:?}");
        check("", CheckpointError::Origin);
        check("origin", CheckpointError::Origin);
        check(
            &SOFA.replacen("example.com/behind-the-sofa", "", 1),
            CheckpointError::Origin,
        );
        check(
            &SOFA.replacen("example", "exa\tmple", 1),
            CheckpointError::Origin,
        );
        check(
            &SOFA.replacen("example", &"x".repeat(300), 1),
            CheckpointError::Origin,
        );
        check("origin\n", CheckpointError::Size);
        check(&SOFA.replacen("\n2", "\n02", 1), CheckpointError::Size);
        check(
            &SOFA.replacen("20852163", "9223372036854775808", 1),
            CheckpointError::Size,
        );
        check("origin\n1\n", CheckpointError::Root);
        check(&SOFA.replacen("2I=", "2J=", 1), CheckpointError::Root);
        check(SOFA.trim_end(), CheckpointError::Root);
        check(
            &SOFA.replacen("20852163", "0", 1),
            CheckpointError::EmptyRoot,
        );
        check(&format!("{SOFA}\n"), CheckpointError::Extension);
        check(&format!("{SOFA}line"), CheckpointError::Extension);
        check(&"x".repeat(65_537), CheckpointError::TooLong(65_537));
    }

    #[test]
    fn a_log_signs_under_its_origin() {
        let checkpoint = Checkpoint::parse(SOFA).unwrap();
        let signer = NoteSigner::new("example.com/behind-the-sofa".parse().unwrap(), &[1; 32]);
        let note = checkpoint.sign(&signer).unwrap();
        assert_eq!(note.text(), SOFA);
        assert_eq!(note.verify(&[signer.vkey()]).unwrap().len(), 1);
        let other = NoteSigner::new("example.com".parse().unwrap(), &[1; 32]);
        assert_eq!(checkpoint.sign(&other), Err(SignError::OtherName));
    }

    #[test]
    fn a_generation_lies_below_its_prefix() {
        let origin = "example.com/log/2".parse::<Origin>().unwrap();
        assert!(origin.is_below("example.com/log"));
        assert!(!origin.is_below("example.com/log/2"));
        assert!(!origin.is_below("example.com/lo"));
        assert_eq!(origin.generation_of("example.com/log"), Some(2));
        for none in ["/0", "/02", "/+2", "/2/3", "/b", "/", "2"] {
            let origin: Origin = format!("example.com/log{none}").parse().unwrap();
            assert_eq!(origin.generation_of("example.com/log"), None, "{none}");
        }
        assert!(
            !"example.com/log/"
                .parse::<Origin>()
                .unwrap()
                .is_below("example.com/log")
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text: String) {
            let _ = Checkpoint::parse(&text);
        }

        #[test]
        fn what_parses_prints_the_same(head in "[a\t]{0,2}\n[0-9]{0,2}\n", tail in "[a\n]{0,4}") {
            let text = format!("{head}CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n{tail}");
            if let Ok(checkpoint) = Checkpoint::parse(&text) {
                prop_assert_eq!(checkpoint.to_text(), text);
            }
        }
    }
}
