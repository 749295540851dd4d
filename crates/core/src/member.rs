//! Members: organisations in the register, named by a word of their own.

/// The longest name of a member: a host name fits.
pub const MEMBER_ID_BYTES_MAX: usize = 64;

/// An organisation's name in the register: 1 to 64 of `a–z`, `0–9`, `-`, `.`,
/// beginning and ending with a letter or digit.
#[derive(Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct MemberId(String);

/// Why a text names no member.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "`{0}` is no member's name: 1 to 64 of a–z, 0–9, `-` and `.`, a letter or digit at both ends"
)]
pub struct ParseMemberError(String);

impl MemberId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::str::FromStr for MemberId {
    type Err = ParseMemberError;

    fn from_str(text: &str) -> Result<Self, ParseMemberError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let inside = |b: u8| plain(b) || b == b'-' || b == b'.';
        let ends = text.bytes().next().is_some_and(plain) && text.bytes().last().is_some_and(plain);
        if ends && text.len() <= MEMBER_ID_BYTES_MAX && text.bytes().all(inside) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseMemberError(text.chars().take(80).collect()))
        }
    }
}

impl core::fmt::Display for MemberId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::fmt::Debug for MemberId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a member does in the federation; one may do several.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Role {
    /// Applies for orders and collects what is disclosed.
    Authority,
    /// Approves or refuses: a minister's office, a court.
    Approver,
    /// Holds the data and answers orders.
    Provider,
    /// Inspects.
    Overseer,
    /// Shares threat intelligence.
    Cell,
    /// Cosigns other members' logs.
    Witness,
}

impl Role {
    /// Every role, in the order of the register.
    pub const ALL: [Self; 6] = [
        Self::Authority,
        Self::Approver,
        Self::Provider,
        Self::Overseer,
        Self::Cell,
        Self::Witness,
    ];

    /// The role's word in the register.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Approver => "approver",
            Self::Provider => "provider",
            Self::Overseer => "overseer",
            Self::Cell => "cell",
            Self::Witness => "witness",
        }
    }

    /// The role of a word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}
