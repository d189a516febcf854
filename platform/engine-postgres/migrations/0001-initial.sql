--liquibase formatted sql logicalFilePath:0001-initial.sql

--changeset icommerce:1-log-position
--comment: The counter from which every append takes its positions. Its row lock lasts until the commit, so that positions are committed in their order.
CREATE TABLE log_position (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    last bigint NOT NULL
);
INSERT INTO log_position (last) VALUES (0);
--rollback DROP TABLE log_position;

--changeset icommerce:1-events
--comment: The journal. Times are in seconds since the epoch, and nanoseconds. Data is JSON or CBOR, or begins with 1 where personal data in it is encrypted.
CREATE TABLE events (
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL UNIQUE,
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    recorded_at bigint NOT NULL,
    recorded_at_nanos int NOT NULL,
    origin text,
    data bytea NOT NULL,
    PRIMARY KEY (stream, version)
);
ALTER TABLE events ALTER COLUMN data SET STORAGE EXTERNAL;
--rollback DROP TABLE events;

--changeset icommerce:1-snapshots
CREATE TABLE snapshots (
    name text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL,
    data bytea NOT NULL
);
--rollback DROP TABLE snapshots;

--changeset icommerce:1-documents
--comment: Documents, and their entries in the indexes of their collections. Keys are bytes, because text cannot hold every key. An entry is the fields of the index and the key, in an encoding that sorts as they do.
CREATE TABLE documents (
    collection text COLLATE "C" NOT NULL,
    key bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (collection, key)
);
CREATE TABLE index_entries (
    collection text COLLATE "C" NOT NULL,
    index text COLLATE "C" NOT NULL,
    entry bytea NOT NULL,
    key bytea NOT NULL,
    PRIMARY KEY (collection, index, entry)
);
CREATE INDEX index_entries_of_document ON index_entries (collection, key);
--rollback DROP TABLE index_entries;
--rollback DROP TABLE documents;

--changeset icommerce:1-key-values
--comment: Values with an expiry, in microseconds since the epoch.
CREATE TABLE key_values (
    key bytea PRIMARY KEY,
    value bytea NOT NULL,
    expires_at bigint
);
CREATE INDEX key_values_expiry ON key_values (expires_at) WHERE expires_at IS NOT NULL;
--rollback DROP TABLE key_values;

--changeset icommerce:1-writers
--comment: Tokens of the connections that may write: each write compares its own with them, in the row that it locks. A connection that was given up keeps a token that is no longer among them.
ALTER TABLE log_position ADD COLUMN writers uuid[] NOT NULL DEFAULT '{}';
--rollback ALTER TABLE log_position DROP COLUMN writers;
