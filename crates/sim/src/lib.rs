//! A federation of nodes in one thread, from a seed.
//!
//! A [`Seed`](run::run) makes a list of [`Op`](op::Op)s: officers act, time
//! passes, couriers go, messages are lost or come twice, machines crash,
//! writes break, old backups come back, keys are stolen, hostile peers bring
//! what they like. After every op the laws of the [`house`] are checked over
//! what every node holds; at the end everything heals, and everybody must come
//! to hold the same.
//!
//! The same seed gives the same transcript. A failure says which law, at which
//! op, how to repeat it, and a shorter list of ops that breaks the same law.

pub mod cast;
pub mod cell;
pub mod clock;
pub mod deed;
pub mod dice;
pub mod hostile;
pub mod house;
pub mod misdeed;
pub mod network;
pub mod op;
pub mod orders;
pub mod run;
pub mod shrink;
pub mod world;
