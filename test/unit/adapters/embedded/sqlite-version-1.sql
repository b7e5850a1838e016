-- An event log as version 1 wrote it: schema, then rows.
CREATE TABLE topic (
    name TEXT PRIMARY KEY,
    partitions INTEGER NOT NULL,
    cleanup TEXT NOT NULL,
    retention_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
CREATE TABLE partition (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL REFERENCES topic,
    number INTEGER NOT NULL,
    -- First offset that retention has left, and the next one to be given.
    start_offset INTEGER NOT NULL DEFAULT 0,
    end_offset INTEGER NOT NULL DEFAULT 0,
    UNIQUE (topic, number)
  );
CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL REFERENCES partition,
    last_offset INTEGER NOT NULL,
    max_timestamp INTEGER NOT NULL,
    key BLOB,
    tombstone INTEGER NOT NULL,
    bytes BLOB NOT NULL
  );
CREATE UNIQUE INDEX batch_by_offset ON batch (partition, last_offset);
CREATE UNIQUE INDEX batch_by_key ON batch (partition, key) WHERE key IS NOT NULL;
CREATE TABLE writer (transactional_id TEXT PRIMARY KEY, epoch INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE group_offset (
    group_id TEXT NOT NULL,
    partition INTEGER NOT NULL REFERENCES partition,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (group_id, partition)
  ) WITHOUT ROWID;
INSERT INTO topic VALUES ('t', 1, 'compact', 86400000);
INSERT INTO partition VALUES (1, 't', 0, 0, 2);
INSERT INTO batch VALUES (1, 1, 1, 1795176000000, X'61', 0, X'00000000000000010000003fffffffff02b6484de8000000000000000001a1f8d3ea00000001a1f8d3ea00ffffffffffffffffffffffffffff000000011a00000002610c7365636f6e6400');
INSERT INTO writer VALUES ('w', 1);
INSERT INTO group_offset VALUES ('g', 1, 2);
PRAGMA user_version = 1;
