//! Schema files: those that come with Portcullis, the faults of others, and their page.

mod faults;
mod page;
mod shipped;
mod statements;
