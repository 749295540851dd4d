//! Logs, the queue of leaves, and batches.

use super::{
    batch::{self, Part},
    value::{At, Columns, rows},
};
use crate::log::{
    Aside, BATCHES_MAX, Batch, Leaf, LeafId, LogAppend, LogError, LogState, PlacedLeaf, Remade,
};
use portcullis_core::{digest::Digest, id::CaseId};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet};

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
            "SELECT id, statement, ordinal, entry, opening FROM leaf INDEXED BY leaf_queued JOIN entry ON leaf = id
             WHERE log IS NULL ORDER BY id LIMIT ?1",
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

pub(super) fn remake(connection: &Connection, made: &[Remade]) -> rusqlite::Result<()> {
    let mut entry = connection.prepare_cached(
        "UPDATE entry SET entry = ?2 WHERE leaf = (SELECT id FROM leaf WHERE id = ?1 AND log IS NULL)",
    )?;
    let mut opening = connection.prepare_cached(
        "UPDATE leaf SET opening = ?2 WHERE id = ?1 AND log IS NULL AND opening <> x''",
    )?;
    for new in made {
        entry.execute(params![new.id.0, new.entry])?;
        opening.execute(params![new.id.0, new.opening])?;
    }
    Ok(())
}

pub(super) fn add_aside(
    connection: &Connection,
    aside: &Aside,
    entry: &[u8],
    opening: &[u8],
) -> rusqlite::Result<bool> {
    let added = connection
        .prepare_cached(
            "INSERT INTO aside (digest, envelope, stored_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![aside.digest.0, aside.envelope, At(aside.stored_at)])?;
    if added == 0 {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "INSERT INTO leaf (statement, ordinal, opening, unproved) VALUES (?1, 0, ?2, 0)",
        )?
        .execute(params![aside.digest.0, opening])?;
    connection
        .prepare_cached("INSERT INTO entry (leaf, entry) VALUES (last_insert_rowid(), ?1)")?
        .execute(params![entry])?;
    Ok(true)
}

pub(super) fn aside(connection: &Connection, digest: &Digest) -> rusqlite::Result<Option<Aside>> {
    connection
        .prepare_cached("SELECT envelope, stored_at FROM aside WHERE digest = ?1")?
        .query_row([digest.0], |row| {
            Ok(Aside {
                digest: *digest,
                envelope: row.get(0)?,
                stored_at: row.at(1)?,
            })
        })
        .optional()
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
        let leaves: BTreeMap<u64, LeafId> = append
            .placed
            .iter()
            .map(|(leaf, index)| (*index, *leaf))
            .collect();
        let parts = append
            .entries
            .iter()
            .zip(append.expected_size..)
            .map(|(entry, index)| match leaves.get(&index) {
                Some(leaf) => Part::Leaf(*leaf),
                None => Part::Cover(entry),
            });
        connection
            .prepare_cached(
                "INSERT INTO batch (log, start, size, entries) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                id,
                append.expected_size,
                append.size,
                batch::write(parts)?
            ])?;
    }
    let mut is_queued = connection.prepare_cached(
        "SELECT entry IS ?2 FROM entry JOIN leaf ON id = leaf WHERE leaf = ?1 AND log IS NULL",
    )?;
    let mut place =
        connection.prepare_cached("UPDATE leaf SET log = ?2, position = ?3 WHERE id = ?1")?;
    for (leaf, index) in &append.placed {
        let queued = is_queued
            .query_row(params![leaf.0, append.entry(*index)], |row| row.get(0))
            .optional()?;
        if queued != Some(true) {
            return Err(LogError::NotQueued(*leaf));
        }
        place.execute(params![leaf.0, id, index])?;
    }
    Ok(())
}

pub(super) fn batches(
    connection: &Connection,
    origin: &str,
    from_size: u64,
) -> rusqlite::Result<Vec<Batch>> {
    let mut entry = connection.prepare_cached("SELECT entry FROM entry WHERE leaf = ?1")?;
    let mut resolve = |part: Part<'_>| match part {
        Part::Cover(entry) => Ok(entry.to_vec()),
        Part::Leaf(leaf) => entry.query_row([leaf.0], |row| row.get(0)),
    };
    connection
        .prepare_cached(
            "SELECT start, batch.size, entries FROM batch JOIN log ON log.id = batch.log
             WHERE origin = ?1 AND batch.size > ?2 ORDER BY start LIMIT ?3",
        )?
        .query_map(params![origin, from_size, BATCHES_MAX], |row| {
            let entries = batch::read(row.get_ref(2)?.as_blob()?)?
                .into_iter()
                .map(&mut resolve);
            Ok(Batch {
                start: row.get(0)?,
                size: row.get(1)?,
                entries: entries.collect::<Result<_, _>>()?,
            })
        })?
        .collect()
}

pub(super) fn published(connection: &Connection, origin: &str, up_to: u64) -> rusqlite::Result<()> {
    // Entries are public: overwriting them would only cost writes.
    connection.execute_batch("PRAGMA secure_delete = OFF")?;
    let dropped = drop_batches(connection, origin, up_to);
    connection.execute_batch("PRAGMA secure_delete = ON")?;
    dropped
}

fn drop_batches(connection: &Connection, origin: &str, up_to: u64) -> rusqlite::Result<()> {
    let mut drop_entry = connection.prepare_cached("DELETE FROM entry WHERE leaf = ?1")?;
    let mut dropped = connection.prepare_cached(
        "DELETE FROM batch WHERE log = (SELECT id FROM log WHERE origin = ?1) AND size <= ?2 RETURNING entries",
    )?;
    let mut dropped = dropped.query(params![origin, up_to])?;
    while let Some(row) = dropped.next()? {
        for part in batch::read(row.get_ref(0)?.as_blob()?)? {
            if let Part::Leaf(leaf) = part {
                drop_entry.execute([leaf.0])?;
            }
        }
    }
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

pub(super) fn leaves_at(
    connection: &Connection,
    origin: &str,
    indices: &BTreeSet<u64>,
) -> rusqlite::Result<BTreeMap<u64, (Digest, PlacedLeaf)>> {
    let mut found = BTreeMap::new();
    let (Some(first), Some(last)) = (indices.first(), indices.last()) else {
        return Ok(found);
    };
    let mut statement = connection.prepare_cached(
        "SELECT position, statement, ordinal, opening FROM leaf JOIN log ON log.id = leaf.log
         WHERE origin = ?1 AND position BETWEEN ?2 AND ?3",
    )?;
    let mut rows = statement.query((origin, first, last))?;
    while let Some(row) = rows.next()? {
        let index = row.get(0)?;
        if indices.contains(&index) {
            let leaf = PlacedLeaf {
                ordinal: row.get(2)?,
                origin: origin.to_owned(),
                index,
                opening: row.get(3)?,
            };
            found.insert(index, (Digest(row.get(1)?), leaf));
        }
    }
    Ok(found)
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
