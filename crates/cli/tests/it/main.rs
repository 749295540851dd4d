//! The program, run as people run it: real processes, real files, real sockets.

mod backup;
mod kit;
mod law;
mod register;
