//! What comes in has a form and an end.

use super::super::{
    account::{ACCOUNT_BYTES_MAX, HASH_BYTES_MAX, Secret},
    collection::ALIAS_BYTES_MAX,
    ids::CollectionId,
    refusal::Refusal,
};

/// The longest title, and the longest name of a person, a list, a legal basis.
const TITLE_BYTES_MAX: usize = 256;

/// The longest reason, description, clause.
const TEXT_BYTES_MAX: usize = 4_096;

/// One line: no control characters, not blank.
pub(super) fn title(field: &'static str, text: &str) -> Result<(), Refusal> {
    let fits = text.len() <= TITLE_BYTES_MAX && !text.chars().any(char::is_control);
    fit(field, fits && !text.trim().is_empty())
}

/// Some lines, not blank.
pub(super) fn text(field: &'static str, text: &str) -> Result<(), Refusal> {
    long(field, text, TEXT_BYTES_MAX)
}

/// Some lines, not blank, no longer than `bytes_max`.
pub(super) fn long(field: &'static str, text: &str, bytes_max: usize) -> Result<(), Refusal> {
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    let fits = text.len() <= bytes_max && text.chars().all(plain);
    fit(field, fits && !text.trim().is_empty())
}

/// A short name: a letter, then letters, digits, `-` and `_`. None that reads like a collection's id.
pub(super) fn alias(text: &str) -> Result<(), Refusal> {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    let letter = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    let fits = letter && text.len() <= ALIAS_BYTES_MAX && text.bytes().all(word);
    fit("alias", fits && text.parse::<CollectionId>().is_err())
}

/// An account's name: printable ASCII without spaces, and without the `:` that ends it in HTTP's
/// Basic scheme (RFC 7617 §2).
pub(super) fn account(text: &str) -> Result<(), Refusal> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b':');
    fit(
        "name",
        plain && (1..=ACCOUNT_BYTES_MAX).contains(&text.len()),
    )
}

/// A password only ever comes here hashed.
pub(super) fn secret(secret: &Secret) -> Result<(), Refusal> {
    match secret {
        Secret::Token(_) => Ok(()),
        Secret::Password(hash) => {
            let plain = hash.bytes().all(|b| b.is_ascii_graphic());
            let hashed = hash.starts_with("$argon2id$") && hash.len() <= HASH_BYTES_MAX;
            fit("secret", hashed && plain)
        }
    }
}

/// Whether there are no more of something than fit.
pub(super) fn count(what: &'static str, count: usize, max: usize) -> Result<(), Refusal> {
    if count <= max {
        Ok(())
    } else {
        Err(Refusal::TooMany { what, max })
    }
}

/// Whether a part of a command is as it should be.
pub(super) fn fit(field: &'static str, fits: bool) -> Result<(), Refusal> {
    if fits {
        Ok(())
    } else {
        Err(Refusal::Unfit { field })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_a_word_that_is_no_id() {
        assert_eq!(alias("bank-reports_2"), Ok(()));
        for wrong in [
            "",
            "2-banks",
            "Banks",
            "a b",
            "a0000000-0000-4000-8000-000000000000",
        ] {
            assert!(alias(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_in_the_clear_is_never_taken() {
        assert!(secret(&Secret::Password("hunter2".into())).is_err());
        assert!(secret(&Secret::Password("$argon2id$v=19$…".into())).is_err());
        assert_eq!(
            secret(&Secret::Password("$argon2id$v=19$m=1".into())),
            Ok(())
        );
    }

    #[test]
    fn lines_are_not_blank_and_have_no_controls() {
        assert!(title("title", " ").is_err() && title("title", "a\nb").is_err());
        assert!(text("reason", "a\nb").is_ok() && text("reason", "a\u{7}b").is_err());
        assert!(text("reason", &"x".repeat(TEXT_BYTES_MAX + 1)).is_err());
    }
}
