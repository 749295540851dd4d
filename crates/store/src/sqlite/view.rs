//! Views: each page is a few short range scans, merged.

use super::{
    cases::NEVER,
    value::{At, Columns, rows},
};
use crate::{
    record::Summary,
    view::{Cursor, Filter, PAGE_ROWS_MAX, Page, QueueRow},
};
use jiff::Timestamp;
use portcullis_core::{id::CaseId, member::MemberId};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};
use std::collections::BTreeMap;

/// The columns of [`queue_row`].
const ROW: &str = "case_id, version, erased, phase, title, law, rule, authority, provider, urgent, opened_at, due, updated_at";

pub(super) fn queue(
    connection: &Connection,
    filter: &Filter,
    after: Option<&Cursor>,
    limit: usize,
) -> rusqlite::Result<Page<QueueRow>> {
    let limit = limit.clamp(1, PAGE_ROWS_MAX);
    let sides: &[Option<Side>] = if filter.peer.is_some() {
        &[Some(Side::Authority), Some(Side::Provider)]
    } else {
        &[None]
    };
    let mut found = Vec::new();
    for urgent in [true, false] {
        let after = match after {
            // With urgent cases first, the place is within one of the two.
            Some(place) if filter.urgent_first && place.urgent != urgent => {
                if urgent {
                    continue;
                }
                None
            }
            other => other,
        };
        for side in sides {
            found.extend(scan(connection, filter, *side, urgent, after, limit + 1)?);
        }
    }
    found.sort_by_key(|row| filter.position(&row.cursor()));
    found.dedup_by_key(|row| row.case);
    found.truncate(limit + 1);
    Ok(Filter::page(found, limit))
}

pub(super) fn row(connection: &Connection, case: &CaseId) -> rusqlite::Result<Option<QueueRow>> {
    connection
        .prepare_cached(&format!("SELECT {ROW} FROM cases WHERE case_id = ?1"))?
        .query_row([case.as_bytes()], queue_row)
        .optional()
}

pub(super) fn due(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> rusqlite::Result<Vec<CaseId>> {
    let mut scan = connection.prepare_cached(
        "SELECT due, case_id FROM cases INDEXED BY cases_all WHERE urgent = ?1 AND due <= ?2
         ORDER BY due, case_id LIMIT ?3",
    )?;
    let mut found = Vec::new();
    for urgent in [true, false] {
        let rows = scan.query_map(params![urgent, At(now), rows(limit)], |row| {
            Ok((row.get::<_, i64>(0)?, row.case(1)?))
        })?;
        found.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    found.sort_unstable();
    Ok(found
        .into_iter()
        .take(limit)
        .map(|(_, case)| case)
        .collect())
}

pub(super) fn counts(connection: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    connection
        .prepare_cached("SELECT phase, cases FROM phase WHERE cases > 0")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// On which side of the case the filter's peer stands.
#[derive(Clone, Copy)]
enum Side {
    Authority,
    Provider,
}

/// The first rows after a place, in one index.
fn scan(
    connection: &Connection,
    filter: &Filter,
    side: Option<Side>,
    urgent: bool,
    after: Option<&Cursor>,
    limit: usize,
) -> rusqlite::Result<Vec<QueueRow>> {
    let due = after.map_or(i64::MIN, |place| {
        place.next_at.map_or(NEVER, Timestamp::as_microsecond)
    });
    let case = after.map_or(&[][..], |place| place.case.as_bytes());
    let (limit, peer) = (rows(limit), filter.peer.as_ref().map(MemberId::as_str));
    let mut values: Vec<(&str, &dyn ToSql)> =
        named_params! { ":urgent": urgent, ":due": due, ":case": case, ":limit": limit }.to_vec();
    if side.is_some() {
        values.push((":peer", &peer));
    }
    if filter.phase.is_some() {
        values.push((":phase", &filter.phase));
    }
    connection
        .prepare_cached(&scan_sql(side, filter.phase.is_some()))?
        .query_map(values.as_slice(), queue_row)?
        .collect()
}

fn scan_sql(side: Option<Side>, phase: bool) -> String {
    let (index, peer) = match side {
        Some(Side::Authority) => ("cases_authority", "authority = :peer AND"),
        Some(Side::Provider) => ("cases_provider", "provider = :peer AND"),
        None if phase => ("cases", ""),
        None => ("cases_all", ""),
    };
    let (suffix, phase) = if phase {
        ("_phase", "phase = :phase AND")
    } else {
        ("", "")
    };
    format!(
        "SELECT {ROW} FROM cases INDEXED BY {index}{suffix} WHERE {peer} {phase} urgent = :urgent
         AND (due, case_id) > (:due, :case) ORDER BY due, case_id LIMIT :limit"
    )
}

fn queue_row(row: &Row<'_>) -> rusqlite::Result<QueueRow> {
    let next_at = if row.get::<_, i64>(11)? == NEVER {
        None
    } else {
        Some(row.at(11)?)
    };
    Ok(QueueRow {
        case: row.case(0)?,
        version: row.get(1)?,
        erased: row.get(2)?,
        summary: Summary {
            phase: row.get(3)?,
            title: row.get(4)?,
            law: row.get(5)?,
            rule: row.get(6)?,
            authority: row.member(7)?,
            provider: row.member(8)?,
            urgent: row.get(9)?,
            opened_at: row.at(10)?,
            next_at,
            updated_at: row.at(12)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_of_the_queue_is_a_search_in_an_index_without_sorting() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(include_str!("../../migrations/sqlite/0001.sql"))
            .unwrap();
        for side in [None, Some(Side::Authority), Some(Side::Provider)] {
            for phase in [false, true] {
                let sql = format!("EXPLAIN QUERY PLAN {}", scan_sql(side, phase));
                let mut explain = connection.prepare(&sql).unwrap();
                let plan: Vec<String> = explain
                    .raw_query()
                    .mapped(|row| row.get("detail"))
                    .map(Result::unwrap)
                    .collect();
                assert_eq!(plan.len(), 1, "{plan:?}");
                assert!(
                    plan[0].contains("urgent=? AND (due,case_id)>(?,?)"),
                    "{plan:?}"
                );
            }
        }
    }
}
