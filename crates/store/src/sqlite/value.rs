//! Our types as columns, and columns as our types.

use crate::{
    error::Unavailable,
    log::LogError,
    record::{CommitError, instant},
    witness::WitnessError,
};
use jiff::Timestamp;
use portcullis_core::{digest::Digest, id::CaseId, member::MemberId};
use rusqlite::{
    Row, RowIndex, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};

/// An instant as microseconds since 1970.
pub(super) struct At(pub(super) Timestamp);

/// A digest as 32 bytes.
pub(super) struct Sum(pub(super) Digest);

/// Digests, one after the other.
pub(super) struct Sums(pub(super) Vec<Digest>);

/// A member as text.
pub(super) struct Name(pub(super) MemberId);

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_microsecond().into())
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        instant(value.as_i64()?)
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

impl FromSql for Sum {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 32]>::column_result(value).map(|bytes| Self(Digest(bytes)))
    }
}

impl FromSql for Sums {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_blob()?.as_chunks() {
            (digests, []) => Ok(Self(digests.iter().copied().map(Digest).collect())),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

impl FromSql for Name {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value
            .as_str()?
            .parse()
            .map(Self)
            .map_err(FromSqlError::other)
    }
}

/// Reads columns of our types.
pub(super) trait Columns {
    fn at(&self, index: impl RowIndex) -> rusqlite::Result<Timestamp>;
    fn digest(&self, index: impl RowIndex) -> rusqlite::Result<Digest>;
    fn case(&self, index: impl RowIndex) -> rusqlite::Result<CaseId>;
    fn member(&self, index: impl RowIndex) -> rusqlite::Result<MemberId>;
}

impl Columns for Row<'_> {
    fn at(&self, index: impl RowIndex) -> rusqlite::Result<Timestamp> {
        self.get(index).map(|At(at)| at)
    }

    fn digest(&self, index: impl RowIndex) -> rusqlite::Result<Digest> {
        self.get(index).map(|Sum(digest)| digest)
    }

    fn case(&self, index: impl RowIndex) -> rusqlite::Result<CaseId> {
        self.get(index).map(CaseId::from_bytes)
    }

    fn member(&self, index: impl RowIndex) -> rusqlite::Result<MemberId> {
        self.get(index).map(|Name(member)| member)
    }
}

/// A `LIMIT` that SQLite can hold.
pub(super) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl From<rusqlite::Error> for Unavailable {
    fn from(source: rusqlite::Error) -> Self {
        Self::new(source)
    }
}

macro_rules! from_sqlite {
    ($($error:ty),*) => {$(
        impl From<rusqlite::Error> for $error {
            fn from(source: rusqlite::Error) -> Self {
                Self::Unavailable(source.into())
            }
        }
    )*};
}

from_sqlite!(CommitError, LogError, WitnessError);
