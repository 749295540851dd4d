//! What is said beside objects: whose identity an author is, how a publisher
//! marks its own towards a group, why it is meant although a list warns, and
//! under which law it leaves.

use super::{
    super::{
        command::Command,
        event::Fact,
        ids::ObjectId,
        mark::{GROUPS_MARKED_MAX, RECIPIENTS_MAX},
        pseudonym::IDENTITIES_MAX,
        refusal::Refusal,
        warning::LISTS_MAX,
        wrapper::WRAPPERS_MAX,
    },
    Answer, Wish, bound,
};
use crate::member::MemberId;

impl Wish<'_> {
    pub(super) fn object(self, command: Command) -> Answer {
        match command {
            Command::BindIdentity { identity } => self.bind(identity),
            Command::UnbindIdentity { identity } => self.unbind(identity),
            Command::Mark {
                object,
                publisher,
                group,
                tlp,
            } => {
                self.published(&publisher)?;
                self.known_group(&group)?;
                let marks = self.state.marks(object.as_str(), &publisher);
                let said = marks.map(|marks| &marks.groups);
                let count = said.map_or(0, std::collections::BTreeMap::len) + 1;
                bound::count("marks", count, GROUPS_MARKED_MAX)?;
                let changed = said.and_then(|said| said.get(&group)).copied() != tlp;
                Ok(changed.then_some(Fact::Marked { object, group, tlp }))
            }
            Command::Address {
                object,
                publisher,
                recipients,
            } => {
                self.published(&publisher)?;
                bound::count("recipients", recipients.len(), RECIPIENTS_MAX)?;
                let marks = self.state.marks(object.as_str(), &publisher);
                let same = marks.is_some_and(|marks| marks.recipients == recipients);
                let nothing = marks.is_none() && recipients.is_empty();
                Ok((!same && !nothing).then_some(Fact::Addressed { object, recipients }))
            }
            Command::OverrideWarning {
                object,
                lists,
                reason,
            } => {
                self.writes()?;
                bound::fit("lists", !lists.is_empty())?;
                bound::count("lists", lists.len(), LISTS_MAX)?;
                for list in &lists {
                    bound::title("lists", list)?;
                }
                bound::text("reason", &reason)?;
                Ok(Some(Fact::WarningOverridden {
                    object,
                    lists,
                    reason,
                }))
            }
            Command::Wrap {
                name,
                clause,
                from,
                until,
            } => {
                self.operator()?;
                bound::title("name", &name)?;
                bound::text("clause", &clause)?;
                if until <= from {
                    return Err(Refusal::RunsBack { field: "until" });
                }
                bound::count("wrappers", self.state.wrappers.len() + 1, WRAPPERS_MAX)?;
                Ok(Some(Fact::Wrapped {
                    name,
                    clause,
                    from,
                    until,
                }))
            }
            _ => Ok(None),
        }
    }

    /// First come: an identity that is bound stays its member's.
    fn bind(self, identity: ObjectId) -> Answer {
        self.speaks()?;
        bound::fit("identity", identity.kind() == "identity")?;
        match self.state.creator(identity.as_str()) {
            Some(member) if *member == self.by.member => Ok(None),
            Some(_) => Err(Refusal::IdentityBound { identity }),
            None => {
                let count = self.state.identities.len() + 1;
                bound::count("identities", count, IDENTITIES_MAX)?;
                let member = self.by.member.clone();
                Ok(Some(Fact::IdentityBound { identity, member }))
            }
        }
    }

    /// Whoever bound an identity gives it free. A pseudonym is its cell's for ever.
    fn unbind(self, identity: ObjectId) -> Answer {
        self.speaks()?;
        match self.state.identities.get(&identity) {
            Some(member) if *member == self.by.member => {
                Ok(Some(Fact::IdentityUnbound { identity }))
            }
            Some(_) => Err(Refusal::IdentityBound { identity }),
            None => Err(Refusal::NotBound { identity }),
        }
    }

    /// Whether the caller may speak about its own object.
    pub(super) fn published(&self, publisher: &MemberId) -> Result<(), Refusal> {
        self.writes()?;
        if *publisher == self.by.member && !self.by.client {
            Ok(())
        } else {
            Err(Refusal::NotPublisher {
                publisher: publisher.clone(),
            })
        }
    }
}
