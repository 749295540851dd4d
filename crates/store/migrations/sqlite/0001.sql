-- Instants are microseconds since 1970 in UTC. Digests are 32 bytes, cases 16.

CREATE TABLE cases (
    case_id    BLOB    NOT NULL PRIMARY KEY CHECK (length(case_id) = 16),
    version    INTEGER NOT NULL,
    erased     INTEGER NOT NULL,
    phase      TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    law        TEXT    NOT NULL,
    rule       TEXT    NOT NULL,
    authority  TEXT    NOT NULL,
    provider   TEXT    NOT NULL,
    urgent     INTEGER NOT NULL,
    opened_at  INTEGER NOT NULL,
    -- The next timer; the greatest integer when none is running.
    due        INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One index for each filter of the queue: every page is a short range scan.
CREATE INDEX cases_all             ON cases (urgent, due, case_id);
CREATE INDEX cases_phase           ON cases (phase, urgent, due, case_id);
CREATE INDEX cases_authority       ON cases (authority, urgent, due, case_id);
CREATE INDEX cases_authority_phase ON cases (authority, phase, urgent, due, case_id);
CREATE INDEX cases_provider        ON cases (provider, urgent, due, case_id);
CREATE INDEX cases_provider_phase  ON cases (provider, phase, urgent, due, case_id);

CREATE TABLE phase (
    phase TEXT    NOT NULL PRIMARY KEY,
    cases INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE statement (
    arrival    INTEGER NOT NULL PRIMARY KEY,
    digest     BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    case_id    BLOB    NOT NULL,
    author     TEXT    NOT NULL,
    number     INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    time       INTEGER NOT NULL,
    envelope   BLOB    NOT NULL,
    judged     BLOB    NOT NULL,
    attachment BLOB,
    proof      BLOB,
    ours       INTEGER NOT NULL,
    stored_at  INTEGER NOT NULL,
    UNIQUE (case_id, author, number)
) STRICT;

CREATE TABLE delivery (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    peer       TEXT    NOT NULL,
    case_id    BLOB    NOT NULL,
    -- Digests, one after the other.
    statements BLOB    NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    -- 0 waits for its turn, 1 has its turn, 2 delivered, 3 turned down.
    state      INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    code       TEXT,
    detail     TEXT
) STRICT;

CREATE INDEX delivery_case    ON delivery (case_id, id);
CREATE INDEX delivery_pending ON delivery (peer, case_id, id) WHERE state < 2;
CREATE INDEX delivery_turn    ON delivery (peer, due_at, id) WHERE state = 1;
CREATE INDEX delivery_next    ON delivery (due_at) WHERE state = 1;

CREATE TABLE turned_away (
    id     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    peer   TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    code   TEXT    NOT NULL,
    detail TEXT    NOT NULL
) STRICT;

CREATE TABLE log (
    id            INTEGER NOT NULL PRIMARY KEY,
    origin        TEXT    NOT NULL UNIQUE,
    size          INTEGER NOT NULL,
    root          BLOB    NOT NULL CHECK (length(root) = 32),
    frontier      BLOB    NOT NULL,
    checkpoint    BLOB    NOT NULL,
    cosigned      BLOB,
    cosigned_size INTEGER NOT NULL DEFAULT 0,
    closed        INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE leaf (
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    statement BLOB    NOT NULL,
    ordinal   INTEGER NOT NULL,
    opening   BLOB    NOT NULL,
    -- Where it stands, once it does.
    log       INTEGER,
    position  INTEGER,
    -- Whether its statement is ours and still without a proof.
    unproved  INTEGER NOT NULL,
    UNIQUE (statement, ordinal)
) STRICT;

CREATE INDEX leaf_unproved ON leaf (log, position) WHERE unproved = 1 AND log IS NOT NULL;
CREATE INDEX leaf_queued   ON leaf (id) WHERE log IS NULL;

-- The entries of leaves, written once: from the commit until the batch that
-- refers to them is published.
CREATE TABLE entry (
    leaf  INTEGER NOT NULL PRIMARY KEY,
    entry BLOB    NOT NULL
) STRICT;

CREATE TABLE batch (
    log     INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    -- Each entry after its length in four bytes; or four bytes 0xff and the
    -- leaf whose entry it is in eight. Big-endian.
    entries BLOB    NOT NULL,
    PRIMARY KEY (log, start)
) STRICT;

CREATE TABLE witnessed (
    origin TEXT    NOT NULL PRIMARY KEY,
    size   INTEGER NOT NULL,
    root   BLOB    NOT NULL CHECK (length(root) = 32),
    note   BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE register (
    arrival   INTEGER NOT NULL PRIMARY KEY,
    register  BLOB    NOT NULL CHECK (length(register) = 32),
    version   INTEGER NOT NULL,
    envelope  BLOB    NOT NULL,
    proof     BLOB,
    stored_at INTEGER NOT NULL
) STRICT;

CREATE INDEX register_version ON register (register, version, arrival);

CREATE TABLE promise (
    statement BLOB NOT NULL PRIMARY KEY CHECK (length(statement) = 32),
    promise   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lease (
    name   TEXT    NOT NULL PRIMARY KEY,
    holder TEXT    NOT NULL,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
