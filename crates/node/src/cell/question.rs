//! Questions to other members: asked as a STIX note, answered by objects that refer to it.
//!
//! A question is an event here and a note in a collection, so that members with any client see it
//! and answer with what they have: notes, reports, sightings that refer to the note. Nodes that
//! follow the collection hear the note, know the question by it, and their people acknowledge,
//! answer and decline there; what they say comes back in a collection that is followed.
//!
//! `INVARIANT:` what is taken from a note counts as said by the member that published it, and only
//! as far as the rules let that member say it.

mod note;
mod reply;

pub use note::EXTENSION;
pub use reply::ReplyTo;

pub(crate) use note::hear;

use super::{
    Cell, CellError, Found, Source,
    served::{How, Run},
};
use bytes::Bytes;
use jiff::Timestamp;
use note::{Note, Says, Words};
use portcullis_core::{
    cell::{
        Caller, CollectionId, Command, Event, GroupId, ObjectId, QuestionId, Refusal, State,
        decide, question::Question, review::personal,
    },
    member::MemberId,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

/// The types of objects that may answer a question.
pub(crate) const ANSWERS: [&str; 7] = [
    "note",
    "opinion",
    "report",
    "grouping",
    "sighting",
    "observed-data",
    "relationship",
];

/// A question to ask.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewQuestion {
    /// The word of its kind: `seen`, `confirm`, `technique`, `actor`, `impact`, `mitigation`, `sample`.
    pub kind: String,
    /// In words.
    pub text: String,
    /// The objects it is about.
    pub about: Vec<ObjectId>,
    /// The groups that are asked.
    pub groups: BTreeSet<GroupId>,
    /// The members that are asked besides.
    pub members: BTreeSet<MemberId>,
    /// Until when answers help.
    pub deadline: Timestamp,
}

/// A question, to be shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QuestionView {
    /// Which.
    pub id: QuestionId,
    /// The question, whole; of the replies, others' are left out for whoever did not ask.
    pub question: Question,
    /// Those that have not replied and whose time is over.
    pub overdue: BTreeSet<MemberId>,
    /// What it brought: answers by their type.
    pub brought: BTreeMap<String, usize>,
}

/// Up to where the notes of each collection have been heard.
#[derive(Default)]
pub(crate) struct Heard(Mutex<Ears>);

#[derive(Default)]
struct Ears {
    /// The next entry's number.
    from: BTreeMap<CollectionId, usize>,
}

impl Cell {
    /// Asks members or groups a question: as a note in `collection`, addressed to those asked
    /// where others could read it, too.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`]: a question for the data of somebody's users
    /// ([`Refusal::AsksForUserData`]), nobody to ask, no right to. Then nothing is published.
    pub fn ask(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        new: NewQuestion,
    ) -> Result<QuestionId, CellError> {
        self.catch_up()?;
        let (state, now) = (self.state(), self.env.now());
        let question = self.new_question();
        let note: ObjectId = format!("note--{}", self.uuid())
            .parse()
            .map_err(|_| CellError::NotFound)?;
        let command = Command::Ask {
            question,
            kind: new.kind.clone(),
            text: new.text.clone(),
            note: Some(note.clone()),
            groups: new.groups.clone(),
            members: new.members.clone(),
            deadline: new.deadline,
        };
        // Nothing is published of what the rules refuse.
        let decided = decide(&state, caller, command.clone(), now)?;
        state.may_write(caller, collection, now)?;
        let asked = decided.iter().find_map(asked_in).unwrap_or_default();
        let says = Says::Asks {
            question: question.to_string(),
            kind: new.kind,
            deadline: new.deadline.to_string(),
            groups: new.groups.iter().map(ToString::to_string).collect(),
        };
        let author = author_of(&state, &caller.member);
        let mut refs: Vec<String> = new.about.iter().map(ToString::to_string).collect();
        if refs.is_empty() {
            refs.push(author.clone().unwrap_or_else(|| EXTENSION.to_owned()));
        }
        let red = !reaches_exactly(&state, collection, &new.groups, &new.members);
        let bytes = Note {
            id: note.as_str(),
            created_us: now.as_microsecond(),
            author: author.as_deref(),
            headline: &format!("Question ({question})"),
            content: &new.text,
            refs,
            red,
            says: &says,
        }
        .to_bytes();
        // CRASH: a note without its event is a note that says what it is; it is asked again.
        self.publish(caller, collection, &bytes)?;
        if red {
            self.address(caller, &note, asked)?;
        }
        self.perform(caller, command)?;
        Ok(question)
    }

    /// Says that the caller's member has a question.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] when it was not asked, or the question is closed.
    pub fn acknowledge(&self, caller: &Caller, question: QuestionId) -> Result<(), CellError> {
        let events = self.perform(caller, Command::Acknowledge { question })?;
        if !events.is_empty() {
            let says = Says::Acknowledges {
                question: question.to_string(),
            };
            self.reply(caller, question, &says, ("acknowledged", &[]))?;
        }
        Ok(())
    }

    /// Names objects as the caller's answer. Objects that refer to the question's note need not be
    /// named: they are found.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] when it was not asked, or the question is closed.
    pub fn answer(
        &self,
        caller: &Caller,
        question: QuestionId,
        objects: Vec<ObjectId>,
    ) -> Result<Vec<Event>, CellError> {
        let texts: Vec<String> = objects.iter().map(ToString::to_string).collect();
        let events = self.perform(caller, Command::Answer { question, objects })?;
        if !events.is_empty() {
            let says = Says::Answers {
                question: question.to_string(),
            };
            self.reply(caller, question, &says, ("answered", &texts))?;
        }
        Ok(events)
    }

    /// Says that the caller's member does not answer, and why.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] when it was not asked, or the question is closed.
    pub fn decline_question(
        &self,
        caller: &Caller,
        question: QuestionId,
        reason: &str,
    ) -> Result<(), CellError> {
        let command = Command::Decline {
            question,
            reason: reason.to_owned(),
        };
        self.perform(caller, command)?;
        let says = Says::Declines {
            question: question.to_string(),
        };
        self.reply(caller, question, &says, (reason, &[]))
    }

    /// Closes a question with what it brought: all answers, if none are named.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] when the caller's member did not ask it.
    pub fn close_question(
        &self,
        caller: &Caller,
        question: QuestionId,
        outcome: &str,
        brought: Vec<ObjectId>,
    ) -> Result<(), CellError> {
        self.question_tick()?;
        let state = self.state();
        let held = state
            .questions()
            .get(&question)
            .ok_or(Refusal::UnknownQuestion)?;
        let brought = if brought.is_empty() {
            let answers = held
                .asked
                .values()
                .flat_map(|reply| reply.answers.iter().cloned());
            answers
                .take(portcullis_core::cell::question::OBJECTS_MAX)
                .collect()
        } else {
            brought
        };
        let command = Command::CloseQuestion {
            question,
            outcome: outcome.to_owned(),
            brought,
        };
        self.perform(caller, command)?;
        let says = Says::Closes {
            question: question.to_string(),
        };
        let to: BTreeSet<MemberId> = held.asked.keys().cloned().collect();
        self.say(caller, held, &says, (outcome, &[]), to)
    }

    /// The questions that concern a caller, the newest first: all for an operator, else those that
    /// its member asked, and those to it whose note it may see as on any page; a member's client
    /// none. What others wrote is noted as served before it is answered.
    ///
    /// # Errors
    ///
    /// [`CellError::NotReady`], [`CellError::Journal`]; [`CellError::NotNoted`] when nothing can be
    /// recorded: then nothing is shown.
    pub fn questions(&self, caller: &Caller) -> Result<Vec<QuestionView>, CellError> {
        if caller.client {
            return Ok(Vec::new());
        }
        let (state, now) = (self.state(), self.env.now());
        let mut views = Vec::new();
        for (id, held) in state.questions() {
            let own = caller.operator || held.by.member == caller.member;
            if !own && !held.asked.contains_key(&caller.member) {
                continue;
            }
            let mut question = held.clone();
            if !own {
                if !self.shows(caller, held)? {
                    continue;
                }
                question.asked.retain(|member, _| *member == caller.member);
                // Its note may wait for a person: these words have no other review.
                let outcome = question.closed.as_mut().map(|closed| &mut closed.outcome);
                if let Some(outcome) = outcome.filter(|outcome| personal::any(outcome)) {
                    outcome.clear();
                }
            }
            let late = held.closed.is_none() && held.deadline <= now;
            let overdue = question.silent().filter(|_| late).cloned().collect();
            let mut brought = BTreeMap::new();
            for reply in question.asked.values() {
                for answer in &reply.answers {
                    *brought.entry(answer.kind().to_owned()).or_default() += 1;
                }
            }
            views.push(QuestionView {
                id: *id,
                question,
                overdue,
                brought,
            });
        }
        views.sort_by_key(|view| std::cmp::Reverse(view.question.at));
        Ok(views)
    }

    /// Whether a caller may see the note in which the asker says this question; notes it as served
    /// if so.
    ///
    /// `INVARIANT:` a question's words leave by no door that its note does not leave by: review,
    /// TLP, wrapper and expiry hold for both.
    fn shows(&self, caller: &Caller, held: &Question) -> Result<bool, CellError> {
        let Some(note) = &held.note else {
            return Ok(false);
        };
        let says = |found: &Found| {
            let heard = hear(&found.bytes);
            found.label.publisher == held.by.member
                && heard.is_some_and(|heard| heard.content == held.text)
        };
        let found = self.versions(caller, note.as_str())?;
        let Some(found) = found.iter().find(|found| says(found)) else {
            return Ok(false);
        };
        let runs = [Run::one(found.number)];
        self.note_served(caller, &found.collection, How::Object, &runs)?;
        Ok(true)
    }

    /// Hears new notes — questions of others, acknowledgements, answers — and reminds whoever is
    /// silent when it is time. Answers how many events came of it. Costs nothing when nothing is new.
    ///
    /// # Errors
    ///
    /// [`CellError`]; what was not heard is heard with the next call.
    pub fn question_tick(&self) -> Result<usize, CellError> {
        let mut events = 0;
        let mut ears = self.heard.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (collection, number, publisher) in self.unheard(&mut ears) {
            let bytes = match self.entry_bytes(&collection, number) {
                Ok(bytes) => bytes,
                Err(CellError::NotFound) => continue,
                Err(error) => {
                    // Heard again from here with the next call.
                    let from = usize::try_from(number).unwrap_or_default();
                    ears.from.insert(collection, from);
                    return Err(error);
                }
            };
            events += self.hear_object(&publisher, &bytes);
        }
        drop(ears);
        let (state, now) = (self.state(), self.env.now());
        for (question, held) in state.questions() {
            if held.reminder_due().is_some_and(|due| due <= now) {
                let command = Command::Remind {
                    question: *question,
                };
                events += self.perform(&self.operator(), command)?.len();
            }
        }
        Ok(events)
    }

    /// New entries that may say something of a question, each with its publisher.
    fn unheard(&self, ears: &mut Ears) -> Vec<(CollectionId, u64, MemberId)> {
        let state = self.state();
        let open = state
            .questions()
            .values()
            .any(|question| question.closed.is_none());
        let index = self.index();
        let kinds: Vec<u16> = ANSWERS
            .iter()
            .filter(|kind| open || **kind == "note")
            .filter_map(|kind| index.kinds.find(*kind))
            .collect();
        let durable_us = self.durable_us();
        let mut found = Vec::new();
        for (collection, shelf) in index.shelves() {
            let from = ears.from.entry(*collection).or_default();
            let entries = shelf.from(*from);
            let durable = entries.partition_point(|entry| entry.added_us <= durable_us);
            for entry in entries.iter().take(durable) {
                let number = *from as u64;
                *from += 1;
                if entry.is_live()
                    && kinds.contains(&entry.kind)
                    && let Some(label) = index.labels.get(entry.label)
                {
                    found.push((*collection, number, label.publisher.clone()));
                }
            }
        }
        found
    }

    /// Takes what an object says of questions as its publisher's word; answers how many events
    /// came of it.
    fn hear_object(&self, publisher: &MemberId, bytes: &[u8]) -> usize {
        let state = self.state();
        let Some(heard) = hear(bytes) else { return 0 };
        let Ok(header) = portcullis_stix::header::header(bytes) else {
            return 0;
        };
        let Ok(id) = header.id.parse::<ObjectId>() else {
            return 0;
        };
        let commands: Vec<Command> = match &heard.says {
            Some(says) => said(&state, (&self.me, publisher), &id, says, &heard)
                .into_iter()
                .collect(),
            None => state
                .questions()
                .iter()
                .filter(|(_, held)| held.closed.is_none() && held.asked.contains_key(publisher))
                .filter(|(_, held)| {
                    let note = held.note.as_ref().map(ObjectId::as_str);
                    note.is_some_and(|note| heard.refs.iter().any(|of| of == note))
                })
                .map(|(question, _)| Command::Answer {
                    question: *question,
                    objects: vec![id.clone()],
                })
                .collect(),
        };
        let by = if *publisher == self.me {
            self.operator()
        } else {
            Caller::node(publisher.clone())
        };
        let mut events = 0;
        for command in commands {
            match self.perform(&by, command) {
                Ok(done) => events += done.len(),
                Err(error) => {
                    tracing::debug!(%error, object = %id, "what a note says was not taken");
                }
            }
        }
        events
    }

    /// Tells who asked, where that is at another node.
    fn reply(
        &self,
        caller: &Caller,
        question: QuestionId,
        says: &Says,
        content: (&str, &[String]),
    ) -> Result<(), CellError> {
        let state = self.state();
        let held = state
            .questions()
            .get(&question)
            .ok_or(Refusal::UnknownQuestion)?;
        let to = [held.by.member.clone()].into();
        self.say(caller, held, says, content, to)
    }

    /// Publishes a note about a question beside the question's own, where that is known and the
    /// caller may: it is for `to` alone, and for the node at which the asker has its account: that one
    /// hears it for the asker.
    fn say(
        &self,
        caller: &Caller,
        held: &Question,
        says: &Says,
        (content, objects): (&str, &[String]),
        mut to: BTreeSet<MemberId>,
    ) -> Result<(), CellError> {
        let Some(about) = &held.note else {
            return Ok(());
        };
        // Others may have brought a note of this id elsewhere: that is no question of the asker's.
        let asked = |(collection, number): &(CollectionId, u64)| {
            let entry = self.entry_of(collection, *number);
            entry.is_some_and(|(_, label)| label.publisher == held.by.member)
        };
        let mut numbers = self.numbers_of(about.as_str());
        numbers.retain(asked);
        let Some((collection, number)) = numbers.pop() else {
            return Ok(());
        };
        let mut nodes = BTreeSet::from_iter(self.account_at(&collection, number)?);
        for (collection, number) in numbers {
            nodes.extend(self.account_at(&collection, number)?);
        }
        // Where several nodes have signed what the asker said, one of them is not the asker's.
        if nodes.len() == 1 {
            to.extend(nodes);
        }
        let state = self.state();
        if state
            .may_write(caller, &collection, self.env.now())
            .is_err()
        {
            return Ok(());
        }
        let note: ObjectId = format!("note--{}", self.uuid())
            .parse()
            .map_err(|_| CellError::NotFound)?;
        let bytes = Note {
            id: note.as_str(),
            created_us: self.env.now().as_microsecond(),
            author: author_of(&state, &caller.member).as_deref(),
            headline: "Reply to a question",
            content,
            refs: std::iter::once(about.to_string())
                .chain(objects.iter().cloned())
                .collect(),
            red: true,
            says,
        }
        .to_bytes();
        self.publish(caller, &collection, &bytes)?;
        self.address(caller, &note, to)
    }

    fn publish(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        object: &[u8],
    ) -> Result<(), CellError> {
        let envelope = [b"{\"objects\":[", object, b"]}"].concat();
        let status = self.add(caller, collection, Bytes::from(envelope), Source::Published)?;
        match status.failures.first() {
            None => Ok(()),
            Some(failed) => {
                tracing::warn!(failed = ?failed, "a note was not taken");
                Err(CellError::NotFound)
            }
        }
    }

    fn address(
        &self,
        caller: &Caller,
        note: &ObjectId,
        recipients: BTreeSet<MemberId>,
    ) -> Result<(), CellError> {
        let command = Command::Address {
            object: note.clone(),
            publisher: caller.member.clone(),
            recipients,
        };
        self.perform(caller, command).map(|_| ())
    }
}

/// Whom a question goes to, by its event.
fn asked_in(event: &Event) -> Option<BTreeSet<MemberId>> {
    match &event.fact {
        portcullis_core::cell::Fact::Asked { members, .. } => Some(members.clone()),
        _ => None,
    }
}

/// The identity that a member signs its objects with, if it has bound one.
fn author_of(state: &State, member: &MemberId) -> Option<String> {
    let mut bound = state.identities().iter().filter(|(_, of)| *of == member);
    bound.next().map(|(identity, _)| identity.to_string())
}

/// Whether whoever may read a collection is exactly whoever is asked.
fn reaches_exactly(
    state: &State,
    collection: &CollectionId,
    groups: &BTreeSet<GroupId>,
    members: &BTreeSet<MemberId>,
) -> bool {
    let settings = state.collection(collection).map(|held| &held.settings);
    settings.is_some_and(|set| !set.open && set.readers == *groups && members.is_empty())
}

/// What a note wants to happen; nothing where it was heard before.
fn said(
    state: &State,
    (me, publisher): (&MemberId, &MemberId),
    note: &ObjectId,
    says: &Says,
    heard: &Words,
) -> Option<Command> {
    let content = &heard.content;
    match says {
        Says::Asks {
            question,
            kind,
            deadline,
            groups,
        } => {
            let question: QuestionId = question.parse().ok()?;
            if state.questions().contains_key(&question) {
                return None;
            }
            let known = |group: &String| {
                let group: GroupId = group.parse().ok()?;
                state.groups().contains_key(&group).then_some(group)
            };
            let groups: BTreeSet<GroupId> = groups.iter().filter_map(known).collect();
            // Addressed to us alone, or to a group that we do not know by that name.
            let members = if groups.is_empty() {
                [me.clone()].into()
            } else {
                BTreeSet::new()
            };
            Some(Command::Ask {
                question,
                kind: kind.clone(),
                text: content.clone(),
                note: Some(note.clone()),
                groups,
                members,
                deadline: deadline.parse().ok()?,
            })
        }
        Says::Acknowledges { question } => {
            let question = question.parse().ok()?;
            Some(Command::Acknowledge { question })
        }
        Says::Answers { question } => {
            let question: QuestionId = question.parse().ok()?;
            let asked = state.questions().get(&question)?.note.as_ref();
            let objects = heard
                .refs
                .iter()
                .filter_map(|id| id.parse::<ObjectId>().ok());
            Some(Command::Answer {
                question,
                objects: objects.filter(|id| Some(id) != asked).collect(),
            })
        }
        Says::Declines { question } => {
            let question: QuestionId = question.parse().ok()?;
            let reply = state.questions().get(&question)?.asked.get(publisher)?;
            let new = reply.declined.is_none() && reply.answered_at.is_none();
            new.then(|| Command::Decline {
                question,
                reason: content.clone(),
            })
        }
        Says::Closes { question } => {
            let question: QuestionId = question.parse().ok()?;
            let held = state.questions().get(&question)?;
            let answers = held
                .asked
                .values()
                .flat_map(|reply| reply.answers.iter().cloned());
            Some(Command::CloseQuestion {
                question,
                outcome: content.clone(),
                brought: answers.collect(),
            })
        }
    }
}
