//! What is kept by key: witness state, registers, promises, words and leases.

use super::value::{At, Columns};
use crate::{
    register::RegisterRecord,
    witness::{self, WitnessError, Witnessed},
};
use jiff::Timestamp;
use portcullis_core::digest::Digest;
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn witnessed(
    connection: &Connection,
    origin: &str,
) -> rusqlite::Result<Option<Witnessed>> {
    connection
        .prepare_cached("SELECT size, root, note FROM witnessed WHERE origin = ?1")?
        .query_row([origin], |row| {
            Ok(Witnessed {
                size: row.get(0)?,
                root: row.get(1)?,
                note: row.get(2)?,
            })
        })
        .optional()
}

pub(super) fn witness_advance(
    connection: &Connection,
    origin: &str,
    expected: Option<u64>,
    to: &Witnessed,
) -> Result<(), WitnessError> {
    witness::check(witnessed(connection, origin)?.as_ref(), expected, to)?;
    connection
        .prepare_cached(
            "INSERT INTO witnessed (origin, size, root, note) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (origin) DO UPDATE SET size = ?2, root = ?3, note = ?4",
        )?
        .execute(params![origin, to.size, to.root, to.note])?;
    Ok(())
}

pub(super) fn registers(connection: &Connection) -> rusqlite::Result<Vec<RegisterRecord>> {
    connection
        .prepare_cached(
            "SELECT register, version, envelope, proof, stored_at FROM register ORDER BY register, version, arrival",
        )?
        .query_map([], |row| {
            Ok(RegisterRecord {
                register: row.digest(0)?,
                version: row.get(1)?,
                envelope: row.get(2)?,
                proof: row.get(3)?,
                stored_at: row.at(4)?,
            })
        })?
        .collect()
}

pub(super) fn add_register(
    connection: &Connection,
    record: &RegisterRecord,
) -> rusqlite::Result<bool> {
    let held = connection
        .prepare_cached(
            "SELECT arrival FROM register WHERE register = ?1 AND version = ?2 AND envelope = ?3",
        )?
        .query_row(
            params![record.register.0, record.version, record.envelope],
            |row| row.get::<_, i64>(0),
        )
        .optional()?;
    if let Some(arrival) = held {
        connection
            .prepare_cached("UPDATE register SET proof = ?2 WHERE arrival = ?1 AND proof IS NULL")?
            .execute(params![arrival, record.proof])?;
        return Ok(false);
    }
    connection
        .prepare_cached(
            "INSERT INTO register (register, version, envelope, proof, stored_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            record.register.0,
            record.version,
            record.envelope,
            record.proof,
            At(record.stored_at)
        ])?;
    Ok(true)
}

pub(super) fn add_promise(
    connection: &Connection,
    statement: &Digest,
    promise: &[u8],
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "INSERT INTO promise (statement, promise) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?
        .execute(params![statement.0, promise])
        .map(|added| added == 1)
}

pub(super) fn promise(
    connection: &Connection,
    statement: &Digest,
) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT promise FROM promise WHERE statement = ?1")?
        .query_row([statement.0], |row| row.get(0))
        .optional()
}

pub(super) fn promises(connection: &Connection) -> rusqlite::Result<Vec<(Digest, Vec<u8>)>> {
    connection
        .prepare_cached("SELECT statement, promise FROM promise ORDER BY statement")?
        .query_map([], |row| Ok((row.digest(0)?, row.get(1)?)))?
        .collect()
}

pub(super) fn meta(connection: &Connection, key: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

pub(super) fn set_meta(connection: &Connection, key: &str, value: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2")?
        .execute(params![key, value])?;
    Ok(())
}

pub(super) fn lease(
    connection: &Connection,
    name: &str,
    holder: &str,
    until: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "INSERT INTO lease (name, holder, until) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET holder = ?2, until = ?3 WHERE holder = ?2 OR until <= ?4",
        )?
        .execute(params![name, holder, At(until), At(now)])
        .map(|taken| taken == 1)
}
