//! Questions: asked of those one shares a group with, answered, chased, closed.

use super::{
    super::{
        command::Command,
        event::Fact,
        group::Group,
        ids::{GroupId, ObjectId, QuestionId},
        question::{
            ASKED_MAX, Kind, OBJECTS_MAX, QUESTIONS_MAX, Question, TEXT_BYTES_MAX, user_data,
        },
        refusal::Refusal,
    },
    Answer, Wish, bound,
};
use crate::member::MemberId;
use std::collections::BTreeSet;

impl Wish<'_> {
    pub(super) fn question(self, command: Command) -> Answer {
        self.speaks()?;
        match command {
            Command::Ask { .. } => self.ask(command),
            Command::Acknowledge { question } => {
                let held = self.asked_us(&question)?;
                let member = self.by.member.clone();
                let reply = held.asked.get(&member);
                let new = reply.is_some_and(|reply| reply.acknowledged_at.is_none());
                Ok(new.then_some(Fact::Acknowledged { question, member }))
            }
            Command::Answer {
                question,
                mut objects,
            } => {
                let held = self.asked_us(&question)?;
                let member = self.by.member.clone();
                let given = held.asked.get(&member).map(|reply| &reply.answers);
                bound::fit("objects", !objects.is_empty())?;
                objects.retain(|object| given.is_none_or(|given| !given.contains(object)));
                let count = objects.len() + given.map_or(0, Vec::len);
                bound::count("objects", count, OBJECTS_MAX)?;
                Ok((!objects.is_empty()).then_some(Fact::Answered {
                    question,
                    member,
                    objects,
                }))
            }
            Command::Decline { question, reason } => {
                self.asked_us(&question)?;
                bound::text("reason", &reason)?;
                let member = self.by.member.clone();
                Ok(Some(Fact::Declined {
                    question,
                    member,
                    reason,
                }))
            }
            Command::Remind { question } => {
                let held = self.open_question(&question)?;
                if held.by.member != self.by.member {
                    self.operator()?;
                }
                let due = held.reminder_due().is_some_and(|due| due <= self.at);
                let members: BTreeSet<MemberId> = held.silent().cloned().collect();
                let asker = held.by.member == self.by.member && !self.by.operator;
                if members.is_empty() || !(due || asker) {
                    return Err(Refusal::ReminderNotDue);
                }
                Ok(Some(Fact::Reminded { question, members }))
            }
            Command::CloseQuestion {
                question,
                outcome,
                brought,
            } => {
                let held = self.open_question(&question)?;
                if held.by.member != self.by.member {
                    let member = held.by.member.clone();
                    return Err(Refusal::NotAsker { member });
                }
                bound::text("outcome", &outcome)?;
                bound::count("brought", brought.len(), OBJECTS_MAX)?;
                Ok(Some(Fact::QuestionClosed {
                    question,
                    outcome,
                    brought,
                }))
            }
            _ => Ok(None),
        }
    }

    fn ask(self, command: Command) -> Answer {
        let Command::Ask {
            question,
            kind,
            text,
            note,
            groups,
            members,
            deadline,
        } = command
        else {
            return Ok(None);
        };
        self.of_realm(question.realm_tag())?;
        let kind = known_kind(&kind, &text)?;
        if self.state.questions.contains_key(&question) {
            let name = question.to_string();
            return Err(Refusal::Taken { name });
        }
        bound::count("questions", self.state.questions.len() + 1, QUESTIONS_MAX)?;
        bound::fit(
            "note",
            note.as_ref()
                .is_none_or(|note: &ObjectId| note.kind() == "note"),
        )?;
        if deadline <= self.at {
            return Err(Refusal::RunsBack { field: "deadline" });
        }
        let members = self.audience(&groups, members)?;
        Ok(Some(Fact::Asked {
            question,
            kind,
            text,
            note,
            groups,
            members,
            deadline,
        }))
    }

    /// Everybody in the groups, and those named, as far as one shares a group with them.
    fn audience(
        &self,
        groups: &BTreeSet<GroupId>,
        named: BTreeSet<MemberId>,
    ) -> Result<BTreeSet<MemberId>, Refusal> {
        let us = &self.by.member;
        for member in &named {
            let shared =
                |group: &Group| group.standing(us).is_some() && group.standing(member).is_some();
            if member != us && !self.state.groups.values().any(shared) {
                let member = member.clone();
                return Err(Refusal::NotInGroup { member });
            }
        }
        let mut audience = named;
        for id in groups {
            let group = self.known_group(id)?;
            if group.standing(us).is_none() {
                let member = us.clone();
                return Err(Refusal::NotInGroup { member });
            }
            audience.extend(group.joined().map(|(member, _)| member.clone()));
        }
        audience.remove(us);
        if audience.is_empty() {
            return Err(Refusal::NobodyToAsk);
        }
        bound::count("members", audience.len(), ASKED_MAX)?;
        Ok(audience)
    }

    fn open_question(&self, id: &QuestionId) -> Result<&Question, Refusal> {
        self.of_realm(id.realm_tag())?;
        let question = self.state.questions.get(id);
        let question = question.ok_or(Refusal::UnknownQuestion)?;
        if question.closed.is_some() {
            return Err(Refusal::QuestionClosed);
        }
        Ok(question)
    }

    fn asked_us(&self, id: &QuestionId) -> Result<&Question, Refusal> {
        let question = self.open_question(id)?;
        if question.asked.contains_key(&self.by.member) {
            Ok(question)
        } else {
            let member = self.by.member.clone();
            Err(Refusal::NotAsked { member })
        }
    }
}

/// Law 10: whose account it is, what somebody wrote, where somebody was, is asked at the door.
fn known_kind(kind: &str, text: &str) -> Result<Kind, Refusal> {
    bound::long("text", text, TEXT_BYTES_MAX)?;
    let matched = user_data::kind(kind).or_else(|| user_data::asked_in(text));
    if let Some(matched) = matched {
        return Err(Refusal::AsksForUserData { matched });
    }
    Kind::parse(kind).ok_or_else(|| Refusal::UnknownKind {
        kind: kind.chars().take(64).collect(),
    })
}
