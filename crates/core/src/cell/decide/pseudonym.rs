//! Pseudonyms: taken for a member that only the seal names, opened by a named person.

use super::{
    super::{
        command::Command,
        event::Fact,
        ids::ObjectId,
        pseudonym::{IDENTITIES_MAX, SEALED_BYTES_MAX},
        refusal::Refusal,
    },
    Answer, Wish, bound,
};

impl Wish<'_> {
    pub(super) fn pseudonym(self, command: Command) -> Answer {
        self.operator()?;
        match command {
            Command::TakePseudonym { identity, sealed } => {
                bound::fit("identity", identity.kind() == "identity")?;
                bound::fit("sealed", (1..=SEALED_BYTES_MAX).contains(&sealed.len()))?;
                let count = self.state.pseudonyms.len() + 1;
                bound::count("pseudonyms", count, IDENTITIES_MAX)?;
                if self.state.creator(identity.as_str()).is_some() {
                    return Err(Refusal::IdentityBound { identity });
                }
                Ok(Some(Fact::PseudonymTaken { identity, sealed }))
            }
            Command::OpenPseudonym {
                identity,
                reason,
                person,
            } => {
                self.known_pseudonym(&identity)?;
                bound::text("reason", &reason)?;
                bound::title("person", &person)?;
                Ok(Some(Fact::PseudonymOpened {
                    identity,
                    reason,
                    person,
                }))
            }
            _ => Ok(None),
        }
    }

    fn known_pseudonym(&self, identity: &ObjectId) -> Result<(), Refusal> {
        if self.state.pseudonyms.contains_key(identity) {
            Ok(())
        } else {
            Err(Refusal::UnknownPseudonym {
                identity: identity.clone(),
            })
        }
    }
}
