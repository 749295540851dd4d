//! The cell at a node: a journal of objects and events, and what is read from it.
