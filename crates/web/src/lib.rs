//! Doors: peers, log, register.
