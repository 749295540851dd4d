//! Reports: made from a real log, checked, and every lie about one refused by its name.

mod kit;
mod lies;
mod together;
mod truths;
