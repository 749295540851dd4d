//! Packages from the outside: the public API, and the real `age` and `tar`.

mod changed;
mod checked;
mod folders;
mod kit;
mod manifests;
mod real_programs;
mod round_trip;
mod scope;
mod speed;
mod tamper;
mod tricks;
