//! Federations: many from seeds, and some by hand.

mod cells;
mod kit;
mod life;
mod record;
mod report;
mod seeds;
mod trouble;
