//! Who speaks: a member's node, an account, or the node's own people.

use super::refusal::Refusal;
use crate::member::MemberId;

/// Whom a door has recognised.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct Caller {
    /// The member it speaks for.
    pub member: MemberId,
    /// The account's name; none for a client certificate and for the node's own commands.
    pub account: Option<String>,
    /// Whether it acts for a client of the member: TLP:AMBER+STRICT stops here.
    pub client: bool,
    /// Whether it is one of this node's own people.
    pub operator: bool,
    /// How much of what the member may do it may do.
    pub rights: Rights,
}

/// How much of what its member may do a caller may do; each includes the one before.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Rights {
    /// Read.
    Read,
    /// Add, and remove what it added.
    Write,
    /// Speak for the member: join and leave groups, bind identities, recall, ask, answer.
    Speak,
}

impl Rights {
    /// All, from the least to the most.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Speak];

    /// The word: `read`, `write`, `speak`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Speak => "speak",
        }
    }

    /// The rights of a word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rights| rights.as_str() == word)
    }
}

impl Caller {
    /// A member's own node, recognised by its certificate in the register.
    pub const fn node(member: MemberId) -> Self {
        Self {
            member,
            account: None,
            client: false,
            operator: false,
            rights: Rights::Speak,
        }
    }

    /// This node's own people, at its own terminal.
    pub const fn operator(me: MemberId) -> Self {
        Self {
            member: me,
            account: None,
            client: false,
            operator: true,
            rights: Rights::Speak,
        }
    }

    /// Whether the caller has at least these rights.
    ///
    /// # Errors
    ///
    /// [`Refusal::RightsMissing`].
    pub const fn needs(&self, rights: Rights) -> Result<(), Refusal> {
        if rights as u8 <= self.rights as u8 {
            Ok(())
        } else {
            Err(Refusal::RightsMissing {
                needed: rights.as_str(),
            })
        }
    }

    /// As what it goes into an event.
    pub fn by(&self) -> By {
        By {
            member: self.member.clone(),
            account: self.account.clone(),
        }
    }
}

/// Whose doing an event is.
#[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct By {
    /// The member.
    pub member: MemberId,
    /// The account, where one was used.
    pub account: Option<String>,
}
