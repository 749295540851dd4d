-- Statements outside cases, such as the roots of the cell's ledger: each has one leaf.

CREATE TABLE aside (
    digest    BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    envelope  BLOB    NOT NULL,
    stored_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
