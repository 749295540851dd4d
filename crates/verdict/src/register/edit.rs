//! Writing the next version: pure edits on a register that roots then sign.

use jiff::Timestamp;
use portcullis_core::{
    digest::Digest,
    member::MemberId,
    office::Office,
    register::{Key, Member, Register, Revocation, Roots, Term},
};

/// Why an edit does not fit the register.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EditError {
    /// No such member.
    #[error("`{0}` is no member; add it first")]
    UnknownMember(MemberId),
    /// The member is there already.
    #[error("`{0}` is a member already")]
    MemberExists(MemberId),
    /// No such key.
    #[error("no member has the key {0}")]
    UnknownKey(Digest),
    /// The key is there already.
    #[error("the key {0} is in the register already")]
    KeyExists(Digest),
}

/// The version that follows `register`, which its digest names, with nothing changed yet.
pub fn next(register: &Register, digest: Digest, made: Timestamp, expires: Timestamp) -> Register {
    Register {
        version: register.version.saturating_add(1),
        previous: Some(digest),
        made,
        expires,
        ..register.clone()
    }
}

/// Adds a member.
///
/// # Errors
///
/// [`EditError::MemberExists`].
pub fn add_member(register: &mut Register, id: MemberId, member: Member) -> Result<(), EditError> {
    if register.members.contains_key(&id) {
        return Err(EditError::MemberExists(id));
    }
    register.members.insert(id, member);
    Ok(())
}

/// Adds a key to a member, or an office to a key that is there.
///
/// # Errors
///
/// [`EditError::UnknownMember`]; [`EditError::KeyExists`] when the key is another member's.
pub fn add_office(
    register: &mut Register,
    id: &MemberId,
    key: Digest,
    public: &str,
    office: Office,
    term: Term,
) -> Result<(), EditError> {
    if register.key(&key).is_some_and(|(owner, _)| owner != id) {
        return Err(EditError::KeyExists(key));
    }
    let member = register
        .members
        .get_mut(id)
        .ok_or_else(|| EditError::UnknownMember(id.clone()))?;
    let fresh = || Key {
        public: public.to_owned(),
        offices: std::collections::BTreeMap::new(),
        revoked: None,
    };
    member
        .keys
        .entry(key)
        .or_insert_with(fresh)
        .offices
        .insert(office, term);
    Ok(())
}

/// Ends a key before its time.
///
/// # Errors
///
/// [`EditError::UnknownKey`].
pub fn revoke(
    register: &mut Register,
    key: Digest,
    revocation: Revocation,
) -> Result<(), EditError> {
    let held = register
        .members
        .values_mut()
        .find_map(|member| member.keys.get_mut(&key));
    held.ok_or(EditError::UnknownKey(key))?.revoked = Some(revocation);
    Ok(())
}

/// Replaces the roots; the new version then needs enough of the old and of the new.
pub fn rotate_roots(register: &mut Register, roots: Roots) {
    register.roots = roots;
}
