//! The store's capabilities, on every driver.

mod backup;
mod blob;
mod contract;
mod erase;
mod fault;
mod given;
mod kill;
mod lives;
mod measure;
mod model;
mod sqlite;
