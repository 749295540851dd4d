//! The program as its users meet it: real processes, real folders, real sockets.

mod backup;
mod case;
mod cell;
mod docs;
mod inspect;
mod kit;
mod law;
mod log;
mod monitor;
mod order;
mod package;
mod place;
mod record;
mod register;
mod report;
mod taxii;
mod walk;
mod walkthrough;
