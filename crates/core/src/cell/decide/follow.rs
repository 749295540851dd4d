//! Follows: begun, moved on, rested, ended by the node's own people.

use super::{
    super::{
        command::Command,
        event::Fact,
        follow::{ADDRESS_BYTES_MAX, CURSOR_BYTES_MAX, FOLLOWS_MAX, Follow, Source},
        ids::{CollectionId, FollowId},
        refusal::Refusal,
    },
    Answer, Wish, bound,
};

impl Wish<'_> {
    pub(super) fn follow(self, command: Command) -> Answer {
        self.operator()?;
        match command {
            Command::Follow {
                follow,
                source,
                into,
                every_s,
            } => {
                self.of_realm(follow.realm_tag())?;
                self.source(&source, &into)?;
                bound::fit("every_s", every_s != Some(0))?;
                if self.state.follows.contains_key(&follow) {
                    let name = follow.to_string();
                    return Err(Refusal::Taken { name });
                }
                bound::count("follows", self.state.follows.len() + 1, FOLLOWS_MAX)?;
                let same =
                    |held: &Follow| !held.ended && held.source == source && held.into == into;
                if self.state.follows.values().any(same) {
                    return Err(Refusal::FollowedAlready);
                }
                Ok(Some(Fact::Followed {
                    follow,
                    source,
                    into,
                    every_s,
                }))
            }
            Command::Advance { follow, cursor } => {
                let held = self.known_follow(&follow)?;
                bound::fit("cursor", cursor.len() <= CURSOR_BYTES_MAX)?;
                let moved = held.cursor.as_ref() != Some(&cursor);
                Ok(moved.then_some(Fact::Advanced { follow, cursor }))
            }
            Command::PauseFollow { follow, paused } => {
                let held = self.known_follow(&follow)?;
                let changed = held.paused != paused;
                Ok(changed.then_some(Fact::FollowPaused { follow, paused }))
            }
            Command::Unfollow { follow } => {
                self.known_follow(&follow)?;
                Ok(Some(Fact::Unfollowed { follow }))
            }
            _ => Ok(None),
        }
    }

    /// A peer's collection may be followed before it is known here: it comes over with its id.
    fn source(&self, source: &Source, into: &CollectionId) -> Result<(), Refusal> {
        match source {
            Source::Peer { member, collection } => {
                self.of_realm(collection.realm_tag())?;
                bound::fit("source", *member != self.state.me)?;
                if collection == into && !self.state.collections.contains_key(into) {
                    return Ok(());
                }
            }
            Source::Taxii { url, credential }
            | Source::Misp {
                url, credential, ..
            } => address(url, credential.as_deref())?,
        }
        self.known_collection(into).map(|_| ())
    }

    fn known_follow(&self, id: &FollowId) -> Result<&Follow, Refusal> {
        self.of_realm(id.realm_tag())?;
        let follow = self.state.follows.get(id);
        follow
            .filter(|follow| !follow.ended)
            .ok_or(Refusal::UnknownFollow)
    }
}

fn address(url: &str, credential: Option<&str>) -> Result<(), Refusal> {
    let web = url.starts_with("https://") || url.starts_with("http://");
    let plain = url.bytes().all(|b| b.is_ascii_graphic());
    // A secret in an address would stand in the journal, and in every list.
    let authority = url
        .split("//")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let bare = authority.is_some_and(|authority| !authority.is_empty() && !authority.contains('@'));
    bound::fit(
        "url",
        web && plain && bare && url.len() <= ADDRESS_BYTES_MAX,
    )?;
    credential.map_or(Ok(()), |name| bound::title("credential", name))
}
