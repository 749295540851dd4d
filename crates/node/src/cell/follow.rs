//! Follows: collections of ours that are kept in step with ones elsewhere.
//!
//! [`Cell::follow_tick`] does the next step of one follow and says when it
//! wants to be called again; whoever calls it gives it the network. What a step
//! brings is applied in one piece with the place up to which it reaches, so
//! that after any break the next step goes on exactly there; and what arrives
//! twice, by whatever way round, is the same change and changes nothing.

mod crowd;
mod held;
mod misp;
mod peer;
mod taxii;
mod view;

pub(crate) use peer::Replied;
pub use peer::Vouch;
pub(crate) use view::Working;
pub use view::{FollowState, FollowView, NOTES_MAX, Noted};

use super::{
    Cell, CellError,
    feed::FeedError,
    provenance::{self, Origin},
    remote,
    remote::RemoteError,
};
use crate::{
    Node,
    peers::{Peer, PeerError, Peers},
};
use jiff::Timestamp;
use portcullis_core::{
    cell::{CollectionId, FollowId, follow::Source},
    member::MemberId,
};
use portcullis_verdict::cell::By;
use std::time::Duration;

/// How long a follow waits after a step that brought nothing, where nobody hints.
pub const EVERY_DEFAULT: Duration = Duration::from_mins(1);
/// How long a follow waits after its first failure; twice as long after each more.
const BACKOFF_MIN: Duration = Duration::from_secs(1);
/// The longest a follow of a server waits after failures, and no longer than between two looks
/// ([`every`](Work::every), but at least [`PEER_BACKOFF_MAX`]): a server that is back is asked soon.
const BACKOFF_MAX: Duration = Duration::from_mins(5);
/// The longest a follow of another node does: it is not to be minutes behind when a line that was
/// down is up again, and to ask who is not there costs nobody much.
const PEER_BACKOFF_MAX: Duration = Duration::from_secs(5);
/// The longest a server that says `Retry-After` is left alone.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);
/// The pause after an answer without news from a node that did not wait as it was asked.
const BREATH: Duration = Duration::from_millis(20);
/// The pause after an answer of nothing but what we knew: what we publish comes back from who
/// follows us, and shall come back in few pieces; what they publish meanwhile waits no longer.
const ECHO: Duration = Duration::from_millis(3);
/// How often a paused follow is looked at.
const PAUSED: Duration = Duration::from_secs(2);

/// Tells where an object comes from, by its exact bytes and what vouches for it.
pub type Verify<'a> = dyn Fn(&[u8], &[u8]) -> Result<Origin, String> + 'a;

/// What a follow reaches others by.
pub struct Reach<'a> {
    /// Other nodes.
    pub peers: &'a dyn Peers,
    /// Servers outside the federation.
    pub remote: &'a dyn remote::Remote,
    /// Where a member's node answers, by the register.
    pub peer_of: &'a dyn Fn(&MemberId) -> Option<Peer>,
    /// The endpoint's secrets, pins and permissions by the name of a credential in the
    /// configuration; the origin is filled in from the follow's address.
    pub endpoint_of: &'a dyn Fn(Option<&str>) -> Option<remote::Endpoint>,
    /// Verifies where an object comes from, by its exact bytes and what vouches for it: see
    /// [`crate::Node::verify_provenance`].
    pub verify: &'a Verify<'a>,
    /// How long a node may be waited for when it has no news, in milliseconds.
    pub wait_ms: u32,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ticked {
    /// After how long the follow wants to be called again; none when it has ended.
    pub next_call: Option<Duration>,
    /// How many changes came that we did not have.
    pub fresh: usize,
}

/// Why a step did not come about. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The register does not say where the member's node is.
    #[error("the register does not say where `{0}` answers")]
    NoAddress(MemberId),
    /// The configuration has no such credential.
    #[error("the configuration has no credential `{0}`")]
    NoCredential(String),
    /// The follow's address is none.
    #[error("{0}")]
    Address(String),
    /// The node was not reached, or refused.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The node's answer is not what it should be.
    #[error("the answer of `{source_member}` cannot be taken: {why}")]
    Answer {
        /// Whose.
        source_member: MemberId,
        /// What is wrong.
        why: String,
    },
    /// The server was not reached, or did not answer as its standard says.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// What came could not be kept.
    #[error(transparent)]
    Cell(#[from] CellError),
}

impl FollowError {
    fn answer(source: &MemberId, error: &FeedError) -> Self {
        Self::Answer {
            source_member: source.clone(),
            why: error.to_string(),
        }
    }

    /// When the other side wants to be asked again, if it said so.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Remote(RemoteError::Status {
                retry_s: Some(seconds),
                ..
            }) => Some(Duration::from_secs(u64::from(*seconds)).min(RETRY_AFTER_MAX)),
            _ => None,
        }
    }
}

/// What one step did.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// How many changes came that we did not have.
    pub(crate) fresh: usize,
    /// Whether there is more at once.
    pub(crate) more: bool,
    /// How many are still waiting there, if it is known.
    pub(crate) behind: Option<u64>,
    /// How long to rest if there is no more.
    pub(crate) rest: Duration,
    /// What was not taken, and why.
    pub(crate) notes: Vec<Noted>,
}

impl Cell {
    /// The next step of a follow: one answer, one page, one event, applied in one piece.
    ///
    /// Blocks on the network for as long as `reach` lets it. Failures are no errors here: they
    /// stand in [`Cell::follows`], and are tried again after a growing pause.
    pub fn follow_tick(&self, follow: &FollowId, reach: &Reach<'_>) -> Ticked {
        let state = self.state();
        let Some(held) = state.follows().get(follow).filter(|held| !held.ended) else {
            self.working.forget(follow);
            return Ticked {
                next_call: None,
                fresh: 0,
            };
        };
        if held.paused {
            return Ticked {
                next_call: Some(PAUSED),
                fresh: 0,
            };
        }
        let every = held.every_s.map_or(EVERY_DEFAULT, |seconds| {
            Duration::from_secs(u64::from(seconds))
        });
        let work = Work {
            cell: self,
            follow: *follow,
            into: held.into,
            cursor: held.cursor.as_deref(),
            every,
        };
        let step = match &held.source {
            Source::Peer { member, collection } => work.of_peer(reach, member, *collection),
            Source::Taxii { url, credential } => work.of_taxii(reach, url, credential.as_deref()),
            Source::Misp {
                url,
                credential,
                both_ways,
            } => work.with_misp(reach, url, credential.as_deref(), *both_ways),
        };
        let now = self.env.now();
        match step {
            Ok(step) => {
                let (fresh, more, rest) = (step.fresh, step.more, step.rest);
                self.working.went_well(follow, step, now);
                let next_call = if more { Duration::ZERO } else { rest };
                Ticked {
                    next_call: Some(next_call),
                    fresh,
                }
            }
            Err(error) => {
                tracing::debug!(%error, %follow, "a follow made no step");
                let failures = self.working.failed(follow, &error, now);
                let doubled = BACKOFF_MIN.saturating_mul(1 << failures.min(16).saturating_sub(1));
                let longest = match &held.source {
                    Source::Peer { .. } => PEER_BACKOFF_MAX,
                    Source::Taxii { .. } | Source::Misp { .. } => {
                        BACKOFF_MAX.min(every.max(PEER_BACKOFF_MAX))
                    }
                };
                let pause = error.retry_after().unwrap_or(doubled.min(longest));
                Ticked {
                    next_call: Some(pause),
                    fresh: 0,
                }
            }
        }
    }

    /// Takes over what an earlier process saw of a follow: what was not taken, the newest last, and
    /// when a step last went well. What this process has seen itself stays.
    pub fn resume_follow(&self, follow: &FollowId, notes: Vec<Noted>, last_ok: Option<Timestamp>) {
        self.working.resume(follow, notes, last_ok);
    }

    /// How often a follow was told to rest or to go on. Whoever waits between two steps stops
    /// waiting when it has grown.
    pub fn follow_turns(&self, follow: &FollowId) -> u64 {
        self.working.turns(follow)
    }

    /// Every follow that has not ended: where it stands, what waits, what went wrong last.
    pub fn follows(&self) -> Vec<FollowView> {
        let state = self.state();
        let running = state.follows().iter().filter(|(_, held)| !held.ended);
        running
            .map(|(id, held)| self.working.view(id, held))
            .collect()
    }
}

impl Node {
    /// Verifies where an object comes from by the register that this node trusts: for
    /// [`Reach::verify`].
    ///
    /// # Errors
    ///
    /// Why it is not believed, as a sentence.
    pub fn verify_provenance(&self, object: &[u8], proof: &[u8]) -> Result<Origin, String> {
        let history = self.history().map_err(|error| error.to_string())?;
        let by = By::Register {
            history: &history,
            trust: &self.trust,
            now: self.now(),
        };
        provenance::verify(object, proof, &by).map_err(|error| error.to_string())
    }
}

/// One step under way.
struct Work<'a> {
    cell: &'a Cell,
    follow: FollowId,
    into: CollectionId,
    cursor: Option<&'a str>,
    every: Duration,
}

impl Reach<'_> {
    fn vouch(&self) -> Vouch<'_> {
        Vouch {
            peer_of: self.peer_of,
            verify: self.verify,
        }
    }

    /// The endpoint of a credential.
    fn endpoint(&self, credential: Option<&str>) -> Result<remote::Endpoint, FollowError> {
        let name = || credential.unwrap_or_default().to_owned();
        (self.endpoint_of)(credential).ok_or_else(|| FollowError::NoCredential(name()))
    }
}

impl Work<'_> {
    /// The member's name under which a server's changes are stamped: its host, so that every node
    /// that reads the same server makes the same change of the same object.
    fn name_of(&self, origin: &str) -> MemberId {
        let host = origin.split_once("://").map_or(origin, |(_, host)| host);
        let host = host.to_ascii_lowercase();
        let plain = |byte: char| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let word: String = host
            .chars()
            .map(|symbol| {
                if plain(symbol) || symbol == '.' {
                    symbol
                } else {
                    '-'
                }
            })
            .take(portcullis_core::member::MEMBER_ID_BYTES_MAX)
            .collect();
        let word = word.trim_matches(|symbol| !plain(symbol));
        word.parse().unwrap_or_else(|_| self.cell.me().clone())
    }
}

#[cfg(test)]
mod tests;
