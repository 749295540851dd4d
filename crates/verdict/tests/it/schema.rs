//! Schema files: those that come with Portcullis, and the faults of others.

mod faults;
mod shipped;
