//! Recalls: asked by the publisher, answered by each that was served.

use super::{
    super::{
        command::Command,
        event::Fact,
        ids::RecallId,
        recall::{ASKED_MAX, Complied, RECALLS_MAX, Recall, VERSIONS_MAX},
        refusal::Refusal,
    },
    Answer, Wish, bound,
};

impl Wish<'_> {
    pub(super) fn recall(self, command: Command) -> Answer {
        self.speaks()?;
        match command {
            Command::Recall {
                recall,
                object,
                publisher,
                versions,
                under,
                reason,
                mut asked,
                due,
                since,
            } => {
                self.published(&publisher)?;
                self.of_realm(recall.realm_tag())?;
                if self.state.recalls.contains_key(&recall) {
                    let name = recall.to_string();
                    return Err(Refusal::Taken { name });
                }
                bound::count("recalls", self.state.recalls.len() + 1, RECALLS_MAX)?;
                bound::count("versions", versions.len(), VERSIONS_MAX)?;
                bound::text("reason", &reason)?;
                asked.remove(&publisher);
                bound::count("asked", asked.len(), ASKED_MAX)?;
                if due <= self.at {
                    return Err(Refusal::RunsBack { field: "due" });
                }
                Ok(Some(Fact::Recalled {
                    recall,
                    object,
                    versions,
                    under,
                    reason,
                    asked,
                    due,
                    since,
                }))
            }
            Command::WidenRecall { recall, mut asked } => {
                let held = self.known_recall(&recall)?;
                if held.by.member != self.by.member {
                    self.operator()?;
                }
                asked.retain(|one| *one != held.by.member && !held.asked.contains_key(one));
                bound::count("asked", held.asked.len() + asked.len(), ASKED_MAX)?;
                let more = !asked.is_empty();
                Ok(more.then_some(Fact::RecallWidened { recall, asked }))
            }
            Command::ConfirmRecall { recall, how, note } => {
                let held = self.known_recall(&recall)?;
                let member = self.by.member.clone();
                let Some(said) = held.asked.get(&member) else {
                    return Err(Refusal::NotAsked { member });
                };
                match &note {
                    Some(note) => bound::text("note", note)?,
                    None => bound::fit("note", how != Complied::Kept)?,
                }
                let said = said.as_ref();
                let same = said.is_some_and(|said| said.how == how && said.note == note);
                Ok((!same).then_some(Fact::RecallConfirmed {
                    recall,
                    member,
                    how,
                    note,
                }))
            }
            _ => Ok(None),
        }
    }

    fn known_recall(&self, id: &RecallId) -> Result<&Recall, Refusal> {
        self.of_realm(id.realm_tag())?;
        self.state.recalls.get(id).ok_or(Refusal::UnknownRecall)
    }
}
