//! The streaming checker of reports.
