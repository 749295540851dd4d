//! SSH keys and the signatures that `ssh-keygen -Y sign` makes with them.
//!
//! Follows OpenSSH `PROTOCOL.sshsig` and, for hardware keys, `PROTOCOL.u2f`.
//! The reader of the wire is our own: it has one form for every key and
//! signature, and takes ECDSA beside Ed25519. To sign a statement, write its
//! [pre-authentication encoding](crate::pae) to a file and run
//!
//! ```text
//! ssh-keygen -Y sign -n portcullis/v1 -f KEY FILE
//! ```
//!
//! then hand `FILE.sig` to [`signature_from_armour`].

mod armour;
mod key;
mod sshsig;
mod wire;

pub(crate) use self::sshsig::verify;
pub use self::{
    armour::{ARMOUR_BYTES_MAX, signature_from_armour},
    key::{APPLICATION_BYTES_MAX, SshKey},
    sshsig::NAMESPACE,
};
