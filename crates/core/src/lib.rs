//! What the rules say, and nothing else.
//!
//! `core` holds the words of the house — members, offices, laws, orders,
//! cases, timers, grants — and two functions about them: `decide`, which
//! answers what a wish does to a case under a rule at an instant, and `apply`,
//! which folds a statement into the case. There is no I/O here, no clock, no
//! randomness, no bytes: an auditor who replays the same statements gets the
//! same case.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic
    )
)]

pub mod case;
pub mod category;
pub mod cell;
pub mod digest;
pub mod docket;
pub mod grant;
pub mod id;
pub mod law;
pub mod member;
pub mod office;
pub mod order;
pub mod publication;
pub mod realm;
pub mod register;
pub mod schema;
pub mod selector;
pub mod statement;
pub mod time;
