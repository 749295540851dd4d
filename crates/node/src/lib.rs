//! The loop around load, decide and commit, and the workers: sequencer, courier, witness, sweeper.
