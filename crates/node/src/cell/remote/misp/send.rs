//! What goes to an instance, and what it says to that.

use super::answer::{Refusal, asked, is_about_the_key};
use super::{Instance, RemoteError};
use crate::cell::remote::{Remote, Request, Response, taxii};

/// How MISP says that it could not cope with this one thing.
const STUMBLED: &str = "An Internal Error Has Occurred";

/// What became of something that was sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Sent {
    /// The instance has it.
    Taken,
    /// The instance has it, without what it says here.
    Partly(String),
    /// The instance does not want it, and says why: to send it again would change nothing.
    Refused(String),
}

/// Sends an event: changes the one of this UUID, or, if `add`, adds it where there is none. Answers
/// what became of it, and whether it was added.
///
/// # Errors
///
/// [`RemoteError`] where the instance cannot be reached, does not know our key, or wants to be
/// left alone.
pub fn send(
    remote: &dyn Remote,
    instance: &Instance,
    uuid: &str,
    event: &[u8],
    add: bool,
) -> Result<(Sent, bool), RemoteError> {
    let edit = instance.path(&format!("events/edit/{}", taxii::percent(uuid)));
    let edited = asked(remote, instance, &Request::post_json(edit, event.to_vec()));
    match edited {
        Err(RemoteError::Status { status: 404, .. }) if add => {
            let path = instance.path("events/add");
            let request = Request::post_json(path, event.to_vec());
            let sent = sent(asked(remote, instance, &request))?;
            let added = !matches!(sent, Sent::Refused(_));
            Ok((sent, added))
        }
        Err(RemoteError::Status { status: 404, .. }) => Ok((Sent::Taken, false)),
        other => Ok((sent(other)?, false)),
    }
}

/// Deletes an event (`events/delete`); one that is not there is deleted.
///
/// # Errors
///
/// As [`send`].
pub fn delete(remote: &dyn Remote, instance: &Instance, uuid: &str) -> Result<Sent, RemoteError> {
    let path = instance.path(&format!("events/delete/{}", taxii::percent(uuid)));
    match asked(remote, instance, &Request::post_json(path, b"{}".to_vec())) {
        Err(RemoteError::Status { status: 404, .. }) => Ok(Sent::Taken),
        other => sent(other),
    }
}

/// Sends a sighting of an attribute (`sightings/add`), as its JSON.
///
/// # Errors
///
/// As [`send`]; an attribute that is not there is none, but [`Sent::Refused`].
pub fn sight(
    remote: &dyn Remote,
    instance: &Instance,
    sighting: &[u8],
) -> Result<Sent, RemoteError> {
    let path = instance.path("sightings/add");
    let request = Request::post_json(path, sighting.to_vec());
    sent(asked(remote, instance, &request))
}

fn sent(answered: Result<Response, RemoteError>) -> Result<Sent, RemoteError> {
    match answered {
        Ok(response) => {
            let said = Refusal::read(&response.body);
            // Older instances answer a failure with success, and say so in its words.
            if said.saved == Some(false) || said.name.starts_with("Could not") {
                return Ok(Sent::Refused(said.words()));
            }
            if said.errors.is_null() {
                return Ok(Sent::Taken);
            }
            Ok(Sent::Partly(said.words()))
        }
        // Its own word about this one thing: others may go all the same.
        Err(RemoteError::Status { status, detail, .. })
            if !is_about_the_key(&detail)
                && (matches!(status, 400 | 403..=405 | 409 | 413)
                    || (status == 500 && detail.starts_with(STUMBLED))) =>
        {
            Ok(Sent::Refused(detail))
        }
        Err(error) => Err(error),
    }
}
