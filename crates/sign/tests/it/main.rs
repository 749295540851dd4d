//! What the crate can do, through its public API.

mod ed25519;
mod envelope;
mod public_key;
mod ssh_keygen;
mod sshsig;
mod statement;
mod webauthn;
