//! Cases, their statements, and the commit.

use super::value::{At, Columns};
use crate::{
    outbox::NewDelivery,
    record::{CaseRecord, Commit, CommitError, NewLeaf, StatementRecord, Summary},
};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};

/// The `due` of a case without a timer: after every instant there is.
pub(super) const NEVER: i64 = i64::MAX;

/// The columns of [`statement_record`].
const STATEMENT: &str = "digest, author, number, kind, time, envelope, judged, attachment, proof, ours, stored_at, case_id";

/// Makes one commit. The caller's savepoint undoes it when it is refused.
pub(super) fn commit(connection: &Connection, commit: &Commit) -> Result<u64, CommitError> {
    let before = connection
        .prepare_cached("SELECT version, phase, erased FROM cases WHERE case_id = ?1")?
        .query_row([commit.case.as_bytes()], |row| {
            Ok((
                row.get::<_, u64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, bool>(2)?,
            ))
        })
        .optional()?;
    let found = before.as_ref().map_or(0, |(version, ..)| *version);
    if found != commit.expected {
        return Err(CommitError::Conflict { found });
    }
    let erased = commit.erase || before.as_ref().is_some_and(|(.., erased)| *erased);
    if commit.erase {
        erase(connection, &commit.case)?;
    }
    keep_summary(connection, &commit.case, found + 1, erased, &commit.summary)?;
    count_phase(
        connection,
        before.as_ref().map(|(_, phase, _)| phase.as_str()),
        &commit.summary.phase,
    )?;
    for statement in &commit.statements {
        add_statement(connection, &commit.case, statement)?;
    }
    for leaf in &commit.leaves {
        add_leaf(connection, &commit.case, leaf)?;
    }
    for delivery in &commit.deliveries {
        add_delivery(
            connection,
            &commit.case,
            delivery,
            commit.summary.updated_at,
        )?;
    }
    for (digest, proof) in &commit.proofs {
        if unproved(connection, &commit.case, digest)?.is_none() {
            return Err(CommitError::NoStatement(*digest));
        }
        attach_proof(connection, digest, proof)?;
    }
    Ok(found + 1)
}

/// Keeps a proof, unless there is one.
pub(super) fn attach_proof(
    connection: &Connection,
    digest: &Digest,
    proof: &[u8],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE statement SET proof = ?2 WHERE digest = ?1 AND proof IS NULL")?
        .execute(params![digest.0, proof])?;
    connection
        .prepare_cached("UPDATE leaf SET unproved = 0 WHERE statement = ?1 AND unproved = 1")?
        .execute([digest.0])?;
    Ok(())
}

pub(super) fn case(connection: &Connection, case: &CaseId) -> rusqlite::Result<Option<CaseRecord>> {
    let head = connection
        .prepare_cached("SELECT version, erased FROM cases WHERE case_id = ?1")?
        .query_row([case.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((version, erased)) = head else {
        return Ok(None);
    };
    let statements = connection
        .prepare_cached(&format!(
            "SELECT {STATEMENT} FROM statement WHERE case_id = ?1 ORDER BY arrival"
        ))?
        .query_map([case.as_bytes()], statement_record)?
        .collect::<Result<_, _>>()?;
    Ok(Some(CaseRecord {
        version,
        statements,
        erased,
    }))
}

pub(super) fn statement(
    connection: &Connection,
    digest: &Digest,
) -> rusqlite::Result<Option<(CaseId, StatementRecord)>> {
    connection
        .prepare_cached(&format!(
            "SELECT {STATEMENT} FROM statement WHERE digest = ?1"
        ))?
        .query_row([digest.0], |row| {
            Ok((row.case("case_id")?, statement_record(row)?))
        })
        .optional()
}

fn statement_record(row: &Row<'_>) -> rusqlite::Result<StatementRecord> {
    Ok(StatementRecord {
        digest: row.digest(0)?,
        author: row.member(1)?,
        number: row.get(2)?,
        kind: row.get(3)?,
        time: row.at(4)?,
        envelope: row.get(5)?,
        judged: row.get(6)?,
        attachment: row.get(7)?,
        proof: row.get(8)?,
        ours: row.get(9)?,
        stored_at: row.at(10)?,
    })
}

fn erase(connection: &Connection, case: &CaseId) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE leaf SET opening = x'', unproved = 0 WHERE statement IN (SELECT digest FROM statement WHERE case_id = ?1)",
        [case.as_bytes()],
    )?;
    connection.execute(
        "UPDATE statement SET envelope = x'', judged = x'', attachment = NULL, proof = x'' WHERE case_id = ?1",
        [case.as_bytes()],
    )?;
    Ok(())
}

fn keep_summary(
    connection: &Connection,
    case: &CaseId,
    version: u64,
    erased: bool,
    summary: &Summary,
) -> rusqlite::Result<()> {
    let due = summary.next_at.map_or(NEVER, Timestamp::as_microsecond);
    connection
        .prepare_cached(
            "INSERT INTO cases (case_id, version, erased, phase, title, law, rule, authority, provider, urgent,
                opened_at, due, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (case_id) DO UPDATE SET version = ?2, erased = ?3, phase = ?4, title = ?5, law = ?6,
                rule = ?7, authority = ?8, provider = ?9, urgent = ?10, opened_at = ?11, due = ?12, updated_at = ?13",
        )?
        .execute(params![
            case.as_bytes(),
            version,
            erased,
            summary.phase,
            summary.title,
            summary.law,
            summary.rule,
            summary.authority.as_str(),
            summary.provider.as_str(),
            summary.urgent,
            At(summary.opened_at),
            due,
            At(summary.updated_at),
        ])?;
    Ok(())
}

fn count_phase(connection: &Connection, before: Option<&str>, now: &str) -> rusqlite::Result<()> {
    if before == Some(now) {
        return Ok(());
    }
    if let Some(before) = before {
        connection
            .prepare_cached("UPDATE phase SET cases = cases - 1 WHERE phase = ?1")?
            .execute([before])?;
    }
    connection
        .prepare_cached(
            "INSERT INTO phase (phase, cases) VALUES (?1, 1) ON CONFLICT (phase) DO UPDATE SET cases = cases + 1",
        )?
        .execute([now])?;
    Ok(())
}

fn add_statement(
    connection: &Connection,
    case: &CaseId,
    new: &StatementRecord,
) -> Result<(), CommitError> {
    let added = connection
        .prepare_cached(&format!(
            "INSERT INTO statement ({STATEMENT}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        ))?
        .execute(params![
            new.digest.0,
            new.author.as_str(),
            new.number,
            new.kind,
            At(new.time),
            new.envelope,
            new.judged,
            new.attachment,
            new.proof,
            new.ours,
            At(new.stored_at),
            case.as_bytes(),
        ]);
    unless_duplicate(added)
}

fn add_leaf(connection: &Connection, case: &CaseId, new: &NewLeaf) -> Result<(), CommitError> {
    let unproved = unproved(connection, case, &new.statement)?
        .ok_or(CommitError::NoStatement(new.statement))?;
    let added = connection
        .prepare_cached(
            "INSERT INTO leaf (statement, ordinal, opening, unproved) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![new.statement.0, new.ordinal, new.opening, unproved]);
    unless_duplicate(added)?;
    connection
        .prepare_cached("INSERT INTO entry (leaf, entry) VALUES (last_insert_rowid(), ?1)")?
        .execute(params![new.entry])?;
    Ok(())
}

fn add_delivery(
    connection: &Connection,
    case: &CaseId,
    new: &NewDelivery,
    due_at: Timestamp,
) -> rusqlite::Result<()> {
    let statements: Vec<u8> = new.statements.iter().flat_map(|digest| digest.0).collect();
    connection
        .prepare_cached(
            "INSERT INTO delivery (peer, case_id, statements, due_at, state)
             VALUES (?1, ?2, ?3, ?4,
                NOT EXISTS (SELECT 1 FROM delivery WHERE peer = ?1 AND case_id = ?2 AND state < 2))",
        )?
        .execute(params![new.peer.as_str(), case.as_bytes(), statements, At(due_at)])?;
    Ok(())
}

/// Whether a statement of the case is ours and without a proof; none if the
/// case does not hold it.
fn unproved(
    connection: &Connection,
    case: &CaseId,
    digest: &Digest,
) -> rusqlite::Result<Option<bool>> {
    connection
        .prepare_cached(
            "SELECT ours AND proof IS NULL FROM statement WHERE digest = ?1 AND case_id = ?2",
        )?
        .query_row(params![digest.0, case.as_bytes()], |row| row.get(0))
        .optional()
}

fn unless_duplicate(added: rusqlite::Result<usize>) -> Result<(), CommitError> {
    match added {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(CommitError::Duplicate)
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}
