//! The Traffic Light Protocol, version 2.0 (FIRST, August 2022).

/// One of the five labels, from the widest to the strictest.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Tlp {
    /// To the world.
    Clear,
    /// To the community: here, the members of the collection's groups and their clients.
    Green,
    /// To the recipient's organisation and its clients.
    Amber,
    /// To the recipient's organisation only.
    AmberStrict,
    /// To the named recipients only.
    Red,
}

impl Tlp {
    /// Every label, from the widest to the strictest.
    pub const ALL: [Self; 5] = [
        Self::Clear,
        Self::Green,
        Self::Amber,
        Self::AmberStrict,
        Self::Red,
    ];

    /// The label's word, lower-case: `amber+strict`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Green => "green",
            Self::Amber => "amber",
            Self::AmberStrict => "amber+strict",
            Self::Red => "red",
        }
    }

    /// The label of a word as [`Self::as_str`] gives it, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tlp| tlp.as_str() == word)
    }
}

impl core::fmt::Display for Tlp {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TLP:")?;
        self.as_str()
            .chars()
            .try_for_each(|c| write!(f, "{}", c.to_ascii_uppercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_as_they_are_written_and_nothing_else_does() {
        for tlp in Tlp::ALL {
            assert_eq!(Tlp::parse(tlp.as_str()), Some(tlp));
        }
        for wrong in ["AMBER", "white", "amber-strict", "tlp:red", ""] {
            assert_eq!(Tlp::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Tlp::AmberStrict.to_string(), "TLP:AMBER+STRICT");
    }
}
