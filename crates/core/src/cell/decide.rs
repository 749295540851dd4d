//! What a command does to a cell: one function, and a file for each part of it.

mod account;
mod bound;
mod collection;
mod follow;
mod group;
mod object;
mod pseudonym;
mod question;
mod recall;
mod review;

use super::{
    caller::{Caller, Rights},
    collection::Collection,
    command::Command,
    event::{Event, Fact},
    group::Group,
    ids::{CollectionId, GroupId},
    refusal::Refusal,
    state::State,
};
use crate::realm::RealmTag;
use jiff::Timestamp;

/// Decides what `command` adds to `state` at the instant `at`. No event means that it is so already.
///
/// # Errors
///
/// The [`Refusal`] of the first condition broken; one that another realm is touched
/// ([`Refusal::OtherRealm`]) comes before all that could be said about the thing itself.
pub fn decide(
    state: &State,
    by: &Caller,
    command: Command,
    at: Timestamp,
) -> Result<Vec<Event>, Refusal> {
    state.account_until(by, at)?;
    let wish = Wish { state, by, at };
    let fact = wish.answer(command)?;
    if fact.as_ref().is_some_and(|fact| !fact.is_of(state.realm)) {
        return Err(Refusal::OtherRealm);
    }
    let event = |fact| Event {
        at,
        by: by.by(),
        fact,
    };
    Ok(fact.into_iter().map(event).collect())
}

/// What a wish is judged against. Every answer is one fact, or none where it is so already.
#[derive(Clone, Copy)]
struct Wish<'a> {
    state: &'a State,
    by: &'a Caller,
    at: Timestamp,
}

/// What came of a wish.
type Answer = Result<Option<Fact>, Refusal>;

impl<'a> Wish<'a> {
    fn answer(self, command: Command) -> Answer {
        match command {
            Command::FoundGroup { .. }
            | Command::Invite { .. }
            | Command::Accept { .. }
            | Command::Attest { .. }
            | Command::Leave { .. }
            | Command::Expel { .. }
            | Command::LearnGroup { .. }
            | Command::DissolveGroup { .. } => self.group(command),
            Command::OpenCollection { .. }
            | Command::ChangeCollection { .. }
            | Command::CloseCollection { .. } => self.collection(command),
            Command::OpenAccount { .. }
            | Command::SetSecret { .. }
            | Command::EndAccount { .. } => self.account(command),
            Command::BindIdentity { .. }
            | Command::UnbindIdentity { .. }
            | Command::Mark { .. }
            | Command::Address { .. }
            | Command::OverrideWarning { .. }
            | Command::Wrap { .. } => self.object(command),
            Command::Hold { .. } | Command::Review { .. } => self.review(command),
            Command::Recall { .. }
            | Command::WidenRecall { .. }
            | Command::ConfirmRecall { .. } => self.recall(command),
            Command::Ask { .. }
            | Command::Acknowledge { .. }
            | Command::Answer { .. }
            | Command::Decline { .. }
            | Command::Remind { .. }
            | Command::CloseQuestion { .. } => self.question(command),
            Command::TakePseudonym { .. } | Command::OpenPseudonym { .. } => {
                self.pseudonym(command)
            }
            Command::Follow { .. }
            | Command::Advance { .. }
            | Command::PauseFollow { .. }
            | Command::Unfollow { .. } => self.follow(command),
        }
    }

    fn operator(&self) -> Result<(), Refusal> {
        if self.by.operator {
            self.speaks()
        } else {
            Err(Refusal::OperatorNeeded)
        }
    }

    fn speaks(&self) -> Result<(), Refusal> {
        self.by.needs(Rights::Speak)
    }

    fn writes(&self) -> Result<(), Refusal> {
        self.by.needs(Rights::Write)
    }

    fn of_realm(&self, tag: RealmTag) -> Result<(), Refusal> {
        if tag == self.state.realm {
            Ok(())
        } else {
            Err(Refusal::OtherRealm)
        }
    }

    fn known_group(&self, id: &GroupId) -> Result<&'a Group, Refusal> {
        self.of_realm(id.realm_tag())?;
        let group = self.state.groups.get(id).filter(|group| !group.dissolved);
        group.ok_or_else(|| Refusal::UnknownGroup {
            group: id.to_string(),
        })
    }

    fn known_collection(&self, id: &CollectionId) -> Result<&'a Collection, Refusal> {
        self.of_realm(id.realm_tag())?;
        let held = self.state.collection(id);
        held.ok_or_else(|| Refusal::UnknownCollection {
            collection: id.to_string(),
        })
    }
}
