//! What the rules of the cell say, asked from outside.

mod accounts;
mod audience;
mod collections;
mod groups;
mod model;
mod objects;
mod questions;
mod recalls;
mod reviews;

use super::*;
use crate::{member::MemberId, realm::Realm};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// A cell whose state is held against its events after every step.
struct World {
    state: State,
    events: Vec<Event>,
    now: Timestamp,
    drawn: u8,
}

fn member(name: &str) -> MemberId {
    name.parse().unwrap()
}

fn members<const N: usize>(names: [&str; N]) -> BTreeSet<MemberId> {
    names.into_iter().map(member).collect()
}

fn object(text: &str) -> ObjectId {
    text.parse().unwrap()
}

fn standing(kind: MemberKind, country: &str) -> Standing {
    Standing {
        kind,
        jurisdiction: country.parse().unwrap(),
    }
}

const COMPANY: MemberKind = MemberKind::Company;
const AUTHORITY: MemberKind = MemberKind::Authority;
const INDICATOR: &str = "indicator--6ba7b810-9dad-41d1-80b4-00c04fd430c8";

impl World {
    fn new() -> Self {
        Self {
            state: State::new(member("csirt"), &Realm::live()),
            events: Vec::new(),
            now: Timestamp::from_second(1_800_000_000).unwrap(),
            drawn: 0,
        }
    }

    fn operator(&self) -> Caller {
        Caller::operator(self.state.me().clone())
    }

    fn draw(&mut self) -> [u8; 12] {
        self.drawn += 1;
        [self.drawn; 12]
    }

    fn later(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    fn tries(&mut self, by: &Caller, command: Command) -> Result<Vec<Event>, Refusal> {
        let events = decide(&self.state, by, command, self.now)?;
        for event in &events {
            self.state.apply(event).unwrap();
            self.events.push(event.clone());
        }
        self.check();
        Ok(events)
    }

    fn does(&mut self, by: &Caller, command: Command) {
        let wish = format!("{command:?}");
        let events = self.tries(by, command).unwrap();
        assert_eq!(events.len(), 1, "{wish}");
    }

    fn operates(&mut self, command: Command) {
        self.does(&self.operator(), command);
    }

    fn speaks(&mut self, name: &str, command: Command) {
        self.does(&Caller::node(member(name)), command);
    }

    fn refused(&mut self, by: &Caller, command: Command) -> Refusal {
        let before = self.state.clone();
        let refusal = self.tries(by, command).unwrap_err();
        assert_eq!(self.state, before, "a refusal changes nothing");
        assert!(!refusal.to_string().ends_with('.'));
        refusal
    }

    /// INVARIANT: the state is what the events add up to.
    fn check(&self) {
        let mut again = State::new(member("csirt"), &Realm::live());
        for event in &self.events {
            again.apply(event).unwrap();
        }
        assert_eq!(again, self.state);
    }

    fn group(&mut self, of: &[(&str, Standing)]) -> GroupId {
        let group = GroupId::new(&Realm::live(), self.draw());
        self.operates(Command::FoundGroup {
            group,
            title: "Banks".into(),
            standing: standing(COMPANY, "GB"),
        });
        for (name, standing) in of {
            self.joins(group, name, *standing);
        }
        group
    }

    fn joins(&mut self, group: GroupId, name: &str, standing: Standing) {
        let member = member(name);
        self.operates(Command::Invite {
            group,
            member,
            standing,
        });
        self.speaks(name, Command::Accept { group });
    }

    fn opens(&mut self, f: impl FnOnce(&mut Settings)) -> CollectionId {
        let collection = CollectionId::new(&Realm::live(), self.draw());
        let mut settings = Settings::titled("Indicators");
        f(&mut settings);
        self.operates(Command::OpenCollection {
            collection,
            settings: Box::new(settings),
        });
        collection
    }

    fn shared(&mut self, of: &[(&str, Standing)]) -> (GroupId, CollectionId) {
        let group = self.group(of);
        let collection = self.opens(|settings| {
            settings.readers = [group].into();
            settings.writers = [group].into();
        });
        (group, collection)
    }

    fn label(&self, collection: &CollectionId, publisher: &str, tlp: Tlp) -> Label {
        self.state
            .label(collection, &member(publisher), tlp.into(), false)
    }

    fn sees(&self, caller: &Caller, collection: &CollectionId, label: &Label) -> bool {
        let marks = self.state.marks(INDICATOR, &label.publisher);
        self.state
            .clearance(caller, collection, self.now)
            .is_ok_and(|clearance| clearance.admits(label, marks))
    }
}

fn client_of(name: &str) -> Caller {
    Caller {
        client: true,
        rights: Rights::Write,
        ..Caller::node(member(name))
    }
}
