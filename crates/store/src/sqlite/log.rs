//! Logs, the queue of leaves, and batches.

use super::value::{Columns, rows};
use crate::log::{BATCHES_MAX, Batch, Leaf, LeafId, LogAppend, LogError, LogState, PlacedLeaf};
use portcullis_core::{digest::Digest, id::CaseId};
use rusqlite::{Connection, OptionalExtension, params, types::Type};
use std::collections::BTreeSet;

pub(super) fn origins(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached("SELECT origin FROM log ORDER BY origin")?
        .query_map([], |row| row.get(0))?
        .collect()
}

pub(super) fn log(connection: &Connection, origin: &str) -> rusqlite::Result<Option<LogState>> {
    connection
        .prepare_cached(
            "SELECT origin, size, root, frontier, checkpoint, cosigned, cosigned_size, closed FROM log
             WHERE origin = ?1",
        )?
        .query_row([origin], |row| {
            Ok(LogState {
                origin: row.get(0)?,
                size: row.get(1)?,
                root: row.get(2)?,
                frontier: row.get(3)?,
                checkpoint: row.get(4)?,
                cosigned: row.get(5)?,
                cosigned_size: row.get(6)?,
                closed: row.get(7)?,
            })
        })
        .optional()
}

pub(super) fn queued(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<Leaf>> {
    connection
        .prepare_cached(
            "SELECT leaf.id, statement, ordinal, entry, opening FROM queue JOIN leaf ON leaf.id = queue.id
             ORDER BY queue.id LIMIT ?1",
        )?
        .query_map([rows(limit)], |row| {
            Ok(Leaf {
                id: LeafId(row.get(0)?),
                statement: row.digest(1)?,
                ordinal: row.get(2)?,
                entry: row.get(3)?,
                opening: row.get(4)?,
            })
        })?
        .collect()
}

pub(super) fn queued_count(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT count(*) FROM leaf INDEXED BY leaf_queued WHERE log IS NULL")?
        .query_row([], |row| row.get(0))
}

pub(super) fn append(connection: &Connection, append: &LogAppend) -> Result<(), LogError> {
    append.check(log(connection, &append.origin)?.as_ref())?;
    let id: i64 = connection
        .prepare_cached(
            "INSERT INTO log (origin, size, root, frontier, checkpoint) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (origin) DO UPDATE SET size = ?2, root = ?3, frontier = ?4, checkpoint = ?5
             RETURNING id",
        )?
        .query_row(
            params![
                append.origin,
                append.size,
                append.root,
                append.frontier,
                append.checkpoint
            ],
            |row| row.get(0),
        )?;
    if !append.entries.is_empty() {
        connection
            .prepare_cached(
                "INSERT INTO batch (log, start, size, entries) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                id,
                append.expected_size,
                append.size,
                join(&append.entries)?
            ])?;
    }
    let mut place = connection
        .prepare_cached("UPDATE leaf SET log = ?2, position = ?3 WHERE id = ?1 AND log IS NULL")?;
    let mut unqueue = connection.prepare_cached("DELETE FROM queue WHERE id = ?1")?;
    for (leaf, index) in &append.placed {
        if place.execute(params![leaf.0, id, index])? != 1 {
            return Err(LogError::NotQueued(*leaf));
        }
        unqueue.execute([leaf.0])?;
    }
    Ok(())
}

pub(super) fn batches(
    connection: &Connection,
    origin: &str,
    from_size: u64,
) -> rusqlite::Result<Vec<Batch>> {
    connection
        .prepare_cached(
            "SELECT start, batch.size, entries FROM batch JOIN log ON log.id = batch.log
             WHERE origin = ?1 AND batch.size > ?2 ORDER BY start LIMIT ?3",
        )?
        .query_map(params![origin, from_size, BATCHES_MAX], |row| {
            let entries = split(row.get_ref(2)?.as_blob()?);
            let broken = || rusqlite::Error::InvalidColumnType(2, "entries".into(), Type::Blob);
            Ok(Batch {
                start: row.get(0)?,
                size: row.get(1)?,
                entries: entries.ok_or_else(broken)?,
            })
        })?
        .collect()
}

pub(super) fn published(connection: &Connection, origin: &str, up_to: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM batch WHERE log = (SELECT id FROM log WHERE origin = ?1) AND size <= ?2",
        )?
        .execute(params![origin, up_to])?;
    Ok(())
}

pub(super) fn set_cosigned(
    connection: &Connection,
    origin: &str,
    size: u64,
    note: &[u8],
) -> Result<(), LogError> {
    log(connection, origin)?
        .ok_or(LogError::NoLog)?
        .check_cosigned(size)?;
    connection
        .prepare_cached("UPDATE log SET cosigned = ?3, cosigned_size = ?2 WHERE origin = ?1")?
        .execute(params![origin, size, note])?;
    Ok(())
}

pub(super) fn close(connection: &Connection, origin: &str) -> Result<(), LogError> {
    match connection.execute("UPDATE log SET closed = 1 WHERE origin = ?1", [origin])? {
        0 => Err(LogError::NoLog),
        _ => Ok(()),
    }
}

pub(super) fn leaves_of(
    connection: &Connection,
    statement: &Digest,
) -> rusqlite::Result<Vec<PlacedLeaf>> {
    connection
        .prepare_cached(
            "SELECT ordinal, origin, position, opening FROM leaf JOIN log ON log.id = leaf.log
             WHERE statement = ?1 ORDER BY ordinal",
        )?
        .query_map([statement.0], |row| {
            Ok(PlacedLeaf {
                ordinal: row.get(0)?,
                origin: row.get(1)?,
                index: row.get(2)?,
                opening: row.get(3)?,
            })
        })?
        .collect()
}

pub(super) fn cosigned_without_proof(
    connection: &Connection,
    origin: &str,
    size: u64,
    limit: usize,
) -> rusqlite::Result<Vec<(CaseId, Digest)>> {
    let mut found = Vec::new();
    let Some(log) = connection
        .prepare_cached("SELECT id FROM log WHERE origin = ?1")?
        .query_row([origin], |row| row.get::<_, i64>(0))
        .optional()?
    else {
        return Ok(found);
    };
    let mut query = connection.prepare_cached(
        "SELECT case_id, digest FROM leaf INDEXED BY leaf_unproved JOIN statement ON digest = leaf.statement
         WHERE unproved = 1 AND leaf.log = ?1 AND position < ?2 AND NOT EXISTS (
            SELECT 1 FROM leaf AS other LEFT JOIN log ON log.id = other.log
            WHERE other.statement = leaf.statement AND (other.log IS NULL
                OR other.position >= CASE WHEN other.log = ?1 THEN ?2 ELSE cosigned_size END))
         ORDER BY position",
    )?;
    let (mut statements, mut seen) = (query.query(params![log, size])?, BTreeSet::new());
    while found.len() < limit
        && let Some(row) = statements.next()?
    {
        let digest = row.digest(1)?;
        if seen.insert(digest) {
            found.push((row.case(0)?, digest));
        }
    }
    Ok(found)
}

fn join(entries: &[Vec<u8>]) -> rusqlite::Result<Vec<u8>> {
    let mut joined = Vec::with_capacity(entries.iter().map(|entry| 4 + entry.len()).sum());
    for entry in entries {
        let length = u32::try_from(entry.len())
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        joined.extend(length.to_be_bytes());
        joined.extend(entry);
    }
    Ok(joined)
}

fn split(mut joined: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = joined.split_first_chunk() {
        let (entry, rest) =
            rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        entries.push(entry.to_vec());
        joined = rest;
    }
    joined.is_empty().then_some(entries)
}
