//! Who asks: an account by its token or password, else a member by its certificate.
//!
//! What is sent in `Authorization` counts first, since it is sent on purpose; a
//! certificate may merely be there. A token, and a password that was right a
//! moment ago, are recognised where the request was read; a password that must be
//! hashed, and a certificate that must be looked up, on a blocking thread.

use super::no::No;
use axum::http::{HeaderMap, StatusCode, header};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use portcullis_core::{cell::Caller, digest::Digest, member::MemberId};
use portcullis_node::{
    cell::{
        Cell,
        account::{Credential, Denied},
    },
    door::Doors,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use zeroize::Zeroizing;

/// How long a connection's certificate is known to be a member's before the register is asked again.
const CERTIFICATE_KNOWN_FOR: Duration = Duration::from_secs(1);
/// The longest value of `Authorization` that is looked at.
const AUTHORIZATION_BYTES_MAX: usize = 4 * 1024;

/// One connection, and whose certificate it showed.
#[derive(Debug)]
pub(crate) struct Knock {
    shown: Option<Digest>,
    known: Mutex<Option<Known>>,
}

/// What the register said of a certificate, and until when that is believed.
#[derive(Clone, Debug)]
struct Known {
    member: Option<MemberId>,
    until: Instant,
}

/// Who it is, as far as that is clear at once.
pub(super) enum Recognised {
    As(Caller),
    Nobody(No),
    /// It takes a blocking thread to say.
    AskAside,
}

/// What was sent in `Authorization`. Clears itself.
struct Sent {
    text: Zeroizing<String>,
    /// Where the password begins, after the name and a colon; none for a token.
    colon: Option<usize>,
}

impl Knock {
    pub(crate) fn new(shown: Option<Digest>) -> Arc<Self> {
        Arc::new(Self {
            shown,
            known: Mutex::default(),
        })
    }

    fn known(&self) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone().filter(|known| Instant::now() < known.until)
    }

    fn learn(&self, member: Option<MemberId>) {
        let until = Instant::now() + CERTIFICATE_KNOWN_FOR;
        let known = Some(Known { member, until });
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

/// Recognises whoever sent these headers, without blocking.
pub(super) fn recognise(cell: &Cell, headers: &HeaderMap, knock: &Knock) -> Recognised {
    if headers.contains_key(header::AUTHORIZATION) {
        return match Sent::read(headers) {
            Ok(sent) => match cell.recognise(&sent.credential()) {
                Some(caller) => {
                    caller.map_or_else(|denied| Recognised::Nobody(denied.into()), Recognised::As)
                }
                None => Recognised::AskAside,
            },
            Err(no) => Recognised::Nobody(no),
        };
    }
    if knock.shown.is_none() {
        return Recognised::Nobody(No::unauthorized("taxii.nobody", "say who you are"));
    }
    match knock.known() {
        Some(Known {
            member: Some(member),
            ..
        }) => Recognised::As(cell.caller_of_member(&member)),
        Some(Known { member: None, .. }) => Recognised::Nobody(stranger()),
        None => Recognised::AskAside,
    }
}

/// The same, where waiting is allowed.
///
/// # Errors
///
/// 401; 503 if too many wait already.
pub(super) async fn recognise_aside(
    doors: &Arc<dyn Doors>,
    cell: &Arc<Cell>,
    headers: &HeaderMap,
    knock: Arc<Knock>,
) -> Result<Caller, No> {
    if headers.contains_key(header::AUTHORIZATION) {
        let (sent, cell) = (Sent::read(headers)?, cell.clone());
        let found = tokio::task::spawn_blocking(move || cell.authenticate(&sent.credential()));
        return Ok(found.await.map_err(|_| No::broken())??);
    }
    let (doors, cell) = (doors.clone(), cell.clone());
    let found = tokio::task::spawn_blocking(move || {
        let member = knock
            .shown
            .and_then(|shown| doors.member_of_certificate(&shown));
        knock.learn(member.clone());
        member.map(|member| cell.caller_of_member(&member))
    });
    found.await.map_err(|_| No::broken())?.ok_or_else(stranger)
}

fn stranger() -> No {
    No::unauthorized(
        "taxii.unknown_certificate",
        "no member has this certificate",
    )
}

impl Sent {
    /// Reads RFC 6750 §2.1 (Bearer) and RFC 7617 §2 (Basic).
    fn read(headers: &HeaderMap) -> Result<Self, No> {
        let unread = || {
            No::unauthorized(
                "taxii.authorization",
                "`Authorization` is `Basic …` or `Bearer …`, once",
            )
        };
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(unread());
        };
        let value = value.to_str().map_err(|_| unread())?;
        if AUTHORIZATION_BYTES_MAX < value.len() {
            return Err(unread());
        }
        let (scheme, rest) = value.split_once(' ').ok_or_else(unread)?;
        let rest = rest.trim();
        // `Token` is what taxii2-client says where RFC 6750 has `Bearer`.
        if ["Bearer", "Token"]
            .iter()
            .any(|word| scheme.eq_ignore_ascii_case(word))
        {
            let text = Zeroizing::new(rest.to_owned());
            return Ok(Self { text, colon: None });
        }
        if !scheme.eq_ignore_ascii_case("Basic") {
            return Err(unread());
        }
        let bytes = BASE64_STANDARD.decode(rest).map_err(|_| unread())?;
        let text = String::from_utf8(bytes).map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            unread()
        });
        let text = Zeroizing::new(text?);
        let colon = Some(text.find(':').ok_or_else(unread)?);
        Ok(Self { text, colon })
    }

    fn credential(&self) -> Credential<'_> {
        match self
            .colon
            .and_then(|colon| self.text.split_at_checked(colon))
        {
            None => Credential::Token(&self.text),
            Some((name, password)) => Credential::Password {
                name,
                password: password.strip_prefix(':').unwrap_or_default(),
            },
        }
    }
}

impl From<Denied> for No {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Busy | Denied::NotReady => Self::later(
                StatusCode::SERVICE_UNAVAILABLE,
                denied.code(),
                denied.to_string(),
            ),
            Denied::Credential => Self::unauthorized(denied.code(), denied.to_string()),
        }
    }
}
