//! Law files: those that come with Portcullis load and say what the statutes say;
//! hostile ones are refused by line and code.

mod calendars;
mod hostile;
mod statutes;
