//! The loop around decide: whatever changes the small state of a cell goes
//! through [`Cell::perform`], from every door, command and worker.

use super::{Cell, CellError};
use portcullis_core::cell::{
    Caller, CollectionId, Command, Event, FollowId, GroupId, QuestionId, RecallId, ReviewId, Tlp,
    decide,
};

impl Cell {
    /// Lets `by` do what `command` says: under the journal's lock, on the state as it is at the
    /// journal's end. The answer is on the disk, and shown. No event: it was so already.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] with the rule that says no; [`CellError`] if it could not be done.
    pub fn perform(&self, by: &Caller, command: Command) -> Result<Vec<Event>, CellError> {
        let stricter = self.stricter(by, &command)?;
        self.transact_and(
            |state, at| decide(state, by, command, at),
            || {
                let (collection, from, default) = stricter?;
                Some(self.dimmer(&collection, from, default))
            },
        )
    }

    /// What a command makes the light of what is not marked in a collection, if that becomes stricter,
    /// and from which entry on that is still to be done: along with the event.
    fn stricter(
        &self,
        by: &Caller,
        command: &Command,
    ) -> Result<Option<(CollectionId, usize, Tlp)>, CellError> {
        let Command::ChangeCollection {
            collection,
            settings,
        } = command
        else {
            return Ok(None);
        };
        self.catch_up()?;
        let default = settings.default_tlp;
        if default <= self.default_light(collection) {
            return Ok(None);
        }
        // Nothing is done for whom it is refused.
        decide(&self.state(), by, command.clone(), self.env.now())?;
        let from = self.close_by(collection, default)?;
        Ok(Some((*collection, from, default)))
    }

    /// A fresh id for a group.
    pub fn new_group(&self) -> GroupId {
        GroupId::new(&self.realm, self.draw())
    }

    /// A fresh id for a collection.
    pub fn new_collection(&self) -> CollectionId {
        CollectionId::new(&self.realm, self.draw())
    }

    /// A fresh id for a review.
    pub fn new_review(&self) -> ReviewId {
        ReviewId::new(&self.realm, self.draw())
    }

    /// A fresh id for a recall.
    pub fn new_recall(&self) -> RecallId {
        RecallId::new(&self.realm, self.draw())
    }

    /// A fresh id for a question.
    pub fn new_question(&self) -> QuestionId {
        QuestionId::new(&self.realm, self.draw())
    }

    /// A fresh id for a follow.
    pub fn new_follow(&self) -> FollowId {
        FollowId::new(&self.realm, self.draw())
    }

    fn draw(&self) -> [u8; 12] {
        let mut random = [0; 12];
        self.env.fill(&mut random);
        random
    }
}
