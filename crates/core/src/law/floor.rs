//! The floors: what no law file may go below, whoever wrote it.
