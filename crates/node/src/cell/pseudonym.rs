//! Pseudonyms: who publishes under one stands nowhere but under the cell's own seal.
//!
//! A member has one pseudonym a collection. Its id follows from the cell's secret, so nothing has
//! to be looked up to know that it is the member's; who is behind it is sealed under the same secret
//! and opened by an operator, by name and with a reason, and every opening is one leaf of the
//! record. What is published under it is the cell's own to everybody else: the label, the stamp and
//! the signature name the cell's member and the pseudonym.

use super::{
    Cell, CellError, Found, Source, Status,
    erase::Kept,
    recall::author_of,
    write::{Adding, Prepared},
};
use bytes::Bytes;
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use portcullis_core::{
    cell::{Caller, CollectionId, Command, ObjectId, Refusal, State},
    digest::Digest,
    member::MemberId,
};
use portcullis_stix::{header, taxii::Micros};
use portcullis_verdict::cell::{Opening, Word};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The cell's secret: from it pseudonyms follow, and under it they are sealed.
pub(crate) struct Secret(Zeroizing<[u8; 32]>);

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A pseudonym.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pseudonym {
    /// Its identity, for `created_by_ref`.
    pub identity: ObjectId,
    /// The STIX identity, as it stands in the collection.
    pub object: Vec<u8>,
}

/// Who is behind a pseudonym.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opened {
    /// The member.
    pub member: MemberId,
    /// In which collection it published.
    pub collection: CollectionId,
    /// The signed statement of this opening, for the record.
    pub word: Vec<u8>,
    /// SHA-256 of its payload.
    pub digest: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    member: String,
    collection: String,
}

fn code(secret: &[u8; 32], label: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is a key of HMAC.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::digest::KeyInit>::new_from_slice(secret) else {
        return [0; 32];
    };
    mac.update(label);
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl Secret {
    /// The cell's secret, from one that the node has already and never loses.
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Zeroizing::new(code(
            seed,
            b"portcullis/v1/cell-secret\0",
            &[],
        )))
    }

    fn identity(&self, member: &MemberId, collection: &CollectionId) -> String {
        let parts = [member.as_str().as_bytes(), collection.as_bytes()];
        let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            code(&self.0, b"portcullis/v1/cell-pseudonym\0", &parts);
        format!("identity--{}", super::uuid(bytes))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let key = Zeroizing::new(code(&self.0, b"portcullis/v1/cell-pseudonym-seal\0", &[]));
        XChaCha20Poly1305::new((&*key).into())
    }

    fn seal(&self, nonce: [u8; 24], identity: &str, says: &Sealed) -> Option<Vec<u8>> {
        let msg = serde_json::to_vec(says).ok()?;
        let aad = identity.as_bytes();
        let sealed = self
            .cipher()
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: &msg, aad });
        Some([&nonce[..], &sealed.ok()?].concat())
    }

    fn open(&self, identity: &str, sealed: &[u8]) -> Option<Sealed> {
        let (nonce, msg) = sealed.split_first_chunk::<24>()?;
        let aad = identity.as_bytes();
        let opened = self
            .cipher()
            .decrypt(XNonce::from_slice(nonce), Payload { msg, aad });
        serde_json::from_slice(&opened.ok()?).ok()
    }
}

impl Cell {
    /// Gives the cell the secret that its pseudonyms follow from: derived from a secret of the node
    /// that is backed up already, such as the seed of its leaves. The first one stays.
    pub fn give_secret(&self, seed: &[u8; 32]) {
        let _ = self.secret.set(Secret::from_seed(seed));
    }

    fn own_secret(&self) -> Result<&Secret, CellError> {
        self.secret.get().ok_or(CellError::NoKey)
    }

    /// The caller's pseudonym in a collection, taken if it has none yet: its identity is in the
    /// collection when this returns.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] when the caller may not add to the collection; [`CellError::NoKey`].
    pub fn pseudonym(
        &self,
        caller: &Caller,
        collection: &CollectionId,
    ) -> Result<Pseudonym, CellError> {
        let secret = self.own_secret()?;
        let (state, now) = (self.state(), self.env.now());
        state.may_write(caller, collection, now)?;
        let text = secret.identity(&caller.member, collection);
        let identity: ObjectId = text.parse().map_err(|_| CellError::NoKey)?;
        let taken = state.pseudonyms().get(&identity).map(|held| held.at);
        let at = match taken {
            Some(at) => at,
            None => self.take_pseudonym(secret, caller, collection, &identity)?,
        };
        let object = identity_object(&text, at);
        // CRASH: taken and not yet shown; the next time it is shown with the same bytes.
        let envelope = [b"{\"objects\":[", object.as_slice(), b"]}"].concat();
        self.add_as(
            &self.operator(),
            &text,
            collection,
            &Bytes::from(envelope),
            Source::Published,
        )?;
        Ok(Pseudonym { identity, object })
    }

    /// Takes a pseudonym; answers since when it is taken.
    fn take_pseudonym(
        &self,
        secret: &Secret,
        caller: &Caller,
        collection: &CollectionId,
        identity: &ObjectId,
    ) -> Result<Timestamp, CellError> {
        let mut nonce = [0; 24];
        self.env.fill(&mut nonce);
        let says = Sealed {
            member: caller.member.to_string(),
            collection: collection.to_string(),
        };
        let sealed = secret.seal(nonce, identity.as_str(), &says);
        let command = Command::TakePseudonym {
            identity: identity.clone(),
            sealed: sealed.ok_or(CellError::NoKey)?,
        };
        match self.perform(&self.operator(), command) {
            // Another process was faster: it is the same pseudonym.
            Ok(_) | Err(CellError::Refused(Refusal::IdentityBound { .. })) => {}
            Err(error) => return Err(error),
        }
        let held = self.state().pseudonyms().get(identity).map(|held| held.at);
        held.ok_or(CellError::NotFound)
    }

    /// Whether a pseudonym is this caller's in that collection.
    pub(super) fn owns_pseudonym(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        identity: &str,
    ) -> bool {
        let secret = self.secret.get();
        secret.is_some_and(|secret| secret.identity(&caller.member, collection) == identity)
    }

    /// The caller's pseudonym in a collection, where it has taken one.
    fn pseudonym_of(&self, caller: &Caller, collection: &CollectionId) -> Option<String> {
        let state = self.state();
        if state.pseudonyms().is_empty() || caller.member == self.me {
            return None;
        }
        let identity = self.secret.get()?.identity(&caller.member, collection);
        let taken = state.pseudonyms().contains_key(&*identity);
        taken.then_some(identity)
    }

    /// Whether the caller has a pseudonym in any collection.
    pub(super) fn has_pseudonym(&self, caller: &Caller) -> bool {
        let state = self.state();
        let mut collections = state.collections().keys();
        collections.any(|collection| self.pseudonym_of(caller, collection).is_some())
    }

    /// Whether an entry was published by the caller under its pseudonym: as this node's own member's.
    /// Who has no pseudonym there has nothing looked up; a removal has no author.
    pub(super) fn is_under_own_pseudonym(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        number: u64,
    ) -> bool {
        let Some(own) = self.pseudonym_of(caller, collection) else {
            return false;
        };
        let of_cell = self.entry_of(collection, number);
        if of_cell.is_none_or(|(_, label)| label.publisher != self.me) {
            return false;
        }
        let author = self.author_at(collection, number);
        author.is_some_and(|author| author == own)
    }

    /// Whether what was found is the caller's: its member published it, by its name or under its pseudonym.
    pub(super) fn is_publisher(&self, caller: &Caller, found: &Found) -> bool {
        let publisher = &found.label.publisher;
        let under = || {
            let own = self.pseudonym_of(caller, &found.collection);
            own.is_some_and(|own| author_of(&found.bytes).is_some_and(|author| author == own))
        };
        *publisher == caller.member || (*publisher == self.me && under())
    }

    /// Who an entry says has made it; of what is erased only a pseudonym is known.
    pub(super) fn author_at(&self, collection: &CollectionId, number: u64) -> Option<String> {
        match self.kept(collection, number) {
            Ok(Kept::Whole(bytes)) => author_of(&bytes),
            Ok(Kept::Erased { left, .. }) => left.author,
            Err(_) => None,
        }
    }

    /// Adds an envelope with objects whose author is the caller's pseudonym, as the cell's own; `None`
    /// when no object's is. What may not be said so fails by itself ([`Self::may_author`]).
    ///
    /// # Errors
    ///
    /// [`Refusal::PseudonymMixed`] when some of the objects are under it and others are not, whether
    /// these would be taken or not: nothing of the envelope is.
    pub(super) fn add_pseudonymously(
        &self,
        caller: &Caller,
        collection: &CollectionId,
        envelope: &Bytes,
        source: Source,
    ) -> Result<Option<Status>, CellError> {
        let state = self.state();
        if state.pseudonyms().is_empty() || caller.operator {
            return Ok(None);
        }
        let read = header::envelope(envelope)?;
        let (mut under, mut plain) = (None, false);
        for object in &read.objects {
            let author = author_of(object.bytes);
            match author.filter(|author| state.pseudonyms().contains_key(&**author)) {
                None => plain = true,
                Some(author) if self.owns_pseudonym(caller, collection, &author) => {
                    under = Some(author);
                }
                // Nobody takes another's: it goes in neither way.
                Some(_) => {}
            }
        }
        let Some(under) = under else { return Ok(None) };
        state.may_write(caller, collection, self.env.now())?;
        if plain {
            return Err(Refusal::PseudonymMixed.into());
        }
        let operator = self.operator();
        let adding = Adding {
            caller: &operator,
            publisher: &under,
            collection,
            source,
            held: false,
            behind: Some(caller),
        };
        let status = self.add_all(adding, envelope)?;
        self.statuses().hand_over(&status.id, caller);
        Ok(Some(status))
    }

    /// Whether an object may name its author, where that is a pseudonym.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotCreator`] unless it is added under that pseudonym; [`Refusal::PseudonymDefines`]
    /// when it is a marking definition, which would be the cell's own word;
    /// [`Refusal::PseudonymNamed`] when it names the member all the same.
    pub(super) fn may_author(
        &self,
        state: &State,
        adding: Adding<'_>,
        object: &Prepared<'_>,
    ) -> Result<(), Refusal> {
        let author = object.header.created_by.as_deref();
        let pseudonym = author.filter(|author| state.pseudonyms().contains_key(*author));
        let id = || object.header.id.to_string();
        if pseudonym.is_some_and(|pseudonym| pseudonym != adding.publisher) {
            return Err(Refusal::NotCreator { object: id() });
        }
        let Some(behind) = adding.behind else {
            return Ok(());
        };
        if object.header.kind == "marking-definition" {
            return Err(Refusal::PseudonymDefines { object: id() });
        }
        if self.names(behind, object.bytes) {
            return Err(Refusal::PseudonymNamed { object: id() });
        }
        Ok(())
    }

    /// Whether an object's text has the caller's member or one of its identities in it.
    fn names(&self, caller: &Caller, object: &[u8]) -> bool {
        let state = self.state();
        let has = |text: &str| {
            object
                .windows(text.len())
                .any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
        };
        let identities = state.identities().iter();
        let mut own = identities.filter(|(_, member)| **member == caller.member);
        has(caller.member.as_str()) || own.any(|(identity, _)| has(identity.as_str()))
    }

    /// Opens a pseudonym: who is behind it. The opening is an event before anything is shown, and
    /// the signed statement that comes with the answer is for the record: give it to
    /// [`crate::Node::record_aside`] before it is shown, where the node has a log.
    ///
    /// # Errors
    ///
    /// [`CellError::Refused`] unless an operator asks, by name and with a reason; [`CellError::NoKey`].
    pub fn open_pseudonym(
        &self,
        caller: &Caller,
        identity: &str,
        person: &str,
        reason: &str,
    ) -> Result<Opened, CellError> {
        let (secret, signing) = (self.own_secret()?, self.signing().ok_or(CellError::NoKey)?);
        let identity: ObjectId = identity.parse().map_err(|_| CellError::NotFound)?;
        let command = Command::OpenPseudonym {
            identity: identity.clone(),
            reason: reason.to_owned(),
            person: person.to_owned(),
        };
        self.perform(caller, command)?;
        let says = Opening {
            realm: self.realm.name().to_owned(),
            member: self.me.clone(),
            identity: identity.to_string(),
            by: person.to_owned(),
            reason: reason.to_owned(),
            made_at: crate::env::now_ms(&*self.env),
        };
        let word = Word::sign(&says, signing.key).map_err(|_| CellError::NoKey)?;
        let state = self.state();
        let held = state
            .pseudonyms()
            .get(&identity)
            .ok_or(CellError::NotFound)?;
        let opened = secret
            .open(identity.as_str(), &held.sealed)
            .ok_or(CellError::NoKey)?;
        Ok(Opened {
            member: opened.member.parse().map_err(|_| CellError::NoKey)?,
            collection: opened.collection.parse().map_err(|_| CellError::NoKey)?,
            word: word.as_bytes().to_vec(),
            digest: word.digest(),
        })
    }
}

/// The STIX identity of a pseudonym (STIX 2.1 §4.6): the same bytes for the same pseudonym.
fn identity_object(id: &str, at: Timestamp) -> Vec<u8> {
    let millis = at.as_millisecond().saturating_mul(1000);
    let at = Micros(millis);
    format!(
        concat!(
            r#"{{"type":"identity","spec_version":"2.1","id":"{id}","created":"{at}","modified":"{at}","#,
            r#""name":"a member of this cell","identity_class":"unspecified"}}"#
        ),
        id = id,
        at = at
    )
    .into_bytes()
}
