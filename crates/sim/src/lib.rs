//! A federation of nodes in one thread, from a seed.
