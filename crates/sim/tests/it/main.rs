//! Federations: many from seeds, and some by hand.

mod kit;
mod life;
mod record;
mod seeds;
mod trouble;
