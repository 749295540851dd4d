//! The outbox. A delivery has its turn (`state = 1`) when nothing before it is
//! pending for the same peer and case.

use super::value::{At, Columns, Name, Sums, rows};
use crate::outbox::{
    Delivery, DeliveryId, DeliveryState, DeliveryStatus, TURNED_AWAY_MAX, TurnedAway,
};
use jiff::Timestamp;
use portcullis_core::{id::CaseId, member::MemberId};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// The columns of [`delivery`].
const DELIVERY: &str = "id, peer, case_id, statements, attempts";

pub(super) fn due(
    connection: &Connection,
    peer: &MemberId,
    now: Timestamp,
    limit: usize,
) -> rusqlite::Result<Vec<Delivery>> {
    connection
        .prepare_cached(&format!(
            "SELECT {DELIVERY} FROM delivery WHERE state = 1 AND peer = ?1 AND due_at <= ?2
             ORDER BY due_at, id LIMIT ?3"
        ))?
        .query_map(params![peer.as_str(), At(now), rows(limit)], delivery)?
        .collect()
}

pub(super) fn peers(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<MemberId>> {
    // One look into the index a peer, however much waits for each.
    let mut next = connection
        .prepare_cached("SELECT min(peer) FROM delivery WHERE state = 1 AND peer > ?1")?;
    let mut is_due = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM delivery WHERE state = 1 AND peer = ?1 AND due_at <= ?2)",
    )?;
    let (mut peers, mut last) = (Vec::new(), String::new());
    while let Some(Name(peer)) = next.query_row([&last], |row| row.get(0))? {
        peer.as_str().clone_into(&mut last);
        if is_due.query_row(params![last, At(now)], |row| row.get(0))? {
            peers.push(peer);
        }
    }
    Ok(peers)
}

pub(super) fn next(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached("SELECT min(due_at) FROM delivery WHERE state = 1")?
        .query_row([], |row| row.get::<_, Option<At>>(0))
        .map(|due_at| due_at.map(|At(at)| at))
}

pub(super) fn status(
    connection: &Connection,
    case: &CaseId,
) -> rusqlite::Result<Vec<DeliveryStatus>> {
    connection
        .prepare_cached(&format!(
            "SELECT {DELIVERY}, state, due_at, code, detail FROM delivery WHERE case_id = ?1 ORDER BY id"
        ))?
        .query_map([case.as_bytes()], |row| {
            let state = match row.get("state")? {
                2 => DeliveryState::Delivered,
                3 => DeliveryState::TurnedDown { code: row.get("code")?, detail: row.get("detail")? },
                i32::MIN..=1 | 4.. => DeliveryState::Pending { due_at: row.at("due_at")?, code: row.get("code")? },
            };
            Ok(DeliveryStatus { delivery: delivery(row)?, state })
        })?
        .collect()
}

pub(super) fn delivered(connection: &Connection, id: DeliveryId) -> rusqlite::Result<()> {
    settle(connection, id, 2, None, None)
}

pub(super) fn turned_down(
    connection: &Connection,
    id: DeliveryId,
    code: &str,
    detail: &str,
) -> rusqlite::Result<()> {
    settle(connection, id, 3, Some(code), Some(detail))
}

pub(super) fn postponed(
    connection: &Connection,
    id: DeliveryId,
    next_at: Timestamp,
    code: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE delivery SET attempts = min(attempts + 1, 4294967295), due_at = ?2, code = ?3
             WHERE id = ?1 AND state < 2",
        )?
        .execute(params![id.0, At(next_at), code])?;
    Ok(())
}

/// Ends a pending delivery and gives the next one its turn.
fn settle(
    connection: &Connection,
    id: DeliveryId,
    state: u8,
    code: Option<&str>,
    detail: Option<&str>,
) -> rusqlite::Result<()> {
    let settled: Option<(String, [u8; 16])> = connection
        .prepare_cached(
            "UPDATE delivery SET state = ?2, code = ?3, detail = ?4 WHERE id = ?1 AND state < 2
             RETURNING peer, case_id",
        )?
        .query_row(params![id.0, state, code, detail], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    if let Some((peer, case)) = settled {
        connection
            .prepare_cached(
                "UPDATE delivery SET state = 1
                 WHERE id = (SELECT min(id) FROM delivery WHERE peer = ?1 AND case_id = ?2 AND state < 2)",
            )?
            .execute(params![peer, case])?;
    }
    Ok(())
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        id: DeliveryId(row.get(0)?),
        peer: row.member(1)?,
        case: row.case(2)?,
        statements: row.get(3).map(|Sums(digests)| digests)?,
        attempts: row.get(4)?,
    })
}

pub(super) fn turned_away(connection: &Connection, entry: &TurnedAway) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO turned_away (peer, at, code, detail) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![
            entry.peer.as_str(),
            At(entry.at),
            entry.code,
            entry.detail
        ])?;
    connection
        .prepare_cached("DELETE FROM turned_away WHERE id <= last_insert_rowid() - ?1")?
        .execute([TURNED_AWAY_MAX])?;
    Ok(())
}

pub(super) fn turned_away_list(
    connection: &Connection,
    limit: usize,
) -> rusqlite::Result<Vec<TurnedAway>> {
    connection
        .prepare_cached("SELECT peer, at, code, detail FROM turned_away ORDER BY id DESC LIMIT ?1")?
        .query_map([rows(limit)], |row| {
            Ok(TurnedAway {
                peer: row.member(0)?,
                at: row.at(1)?,
                code: row.get(2)?,
                detail: row.get(3)?,
            })
        })?
        .collect()
}
