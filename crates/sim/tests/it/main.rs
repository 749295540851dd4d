//! Federations: many from seeds, and some by hand.

mod kit;
mod life;
mod seeds;
mod trouble;
