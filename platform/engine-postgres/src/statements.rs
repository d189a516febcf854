//! SQL of the engine. The writer's statements run after the transaction took the lock of the counter row, so that each sees
//! everything that was committed before it.

/// Takes positions; its row lock makes the transactions of a service one after the other. Parameter: how many.
pub(crate) const TAKE_POSITIONS: &str = "UPDATE log_position SET last = last + $1 RETURNING last";

/// Appends with their documents, and documents alone (which have number 0). An append is accepted when its stream has the version
/// that it expects; nothing of another one is stored. Answers with the numbers of the accepted ones.
///
/// Parameters: appends (number, stream, expected), positions taken, events (number, place among the positions taken, stream, version,
/// id, name, seconds and nanoseconds of its time, origin, data), documents put (number, collection, key, body), documents deleted (number, collection,
/// key), index entries (number, collection, index, entry, key).
pub(crate) const APPEND: &str = "
WITH accepted AS MATERIALIZED (
    SELECT a.number FROM unnest($1::int[], $2::text[], $3::bigint[]) AS a (number, stream, expected)
    WHERE a.expected = coalesce(
        (SELECT e.version FROM events e WHERE e.stream = a.stream ORDER BY e.version DESC LIMIT 1), 0)
    UNION ALL SELECT 0
), stored AS (
    INSERT INTO events (position, stream, version, id, name, recorded_at, recorded_at_nanos, origin, data)
    SELECT p.last - $4 + e.place, e.stream, e.version, e.id, e.name, e.recorded_at, e.nanos, e.origin, e.data
    FROM log_position p, unnest($5::int[], $6::bigint[], $7::text[], $8::bigint[], $9::uuid[], $10::text[],
        $11::bigint[], $12::int[], $13::text[], $14::bytea[])
        AS e (number, place, stream, version, id, name, recorded_at, nanos, origin, data)
    WHERE e.number IN (SELECT number FROM accepted)
), put AS MATERIALIZED (
    SELECT d.collection, d.key, d.body
    FROM unnest($15::int[], $16::text[], $17::bytea[], $18::bytea[]) AS d (number, collection, key, body)
    WHERE d.number IN (SELECT number FROM accepted)
), gone AS MATERIALIZED (
    SELECT d.collection, d.key FROM unnest($19::int[], $20::text[], $21::bytea[]) AS d (number, collection, key)
    WHERE d.number IN (SELECT number FROM accepted)
), entered AS MATERIALIZED (
    SELECT i.collection, i.index, i.entry, i.key
    FROM unnest($22::int[], $23::text[], $24::text[], $25::bytea[], $26::bytea[])
        AS i (number, collection, index, entry, key)
    WHERE i.number IN (SELECT number FROM accepted)
), upserted AS (
    INSERT INTO documents (collection, key, body) SELECT collection, key, body FROM put
    ON CONFLICT (collection, key) DO UPDATE SET body = excluded.body
), deleted AS (
    DELETE FROM documents d USING gone WHERE d.collection = gone.collection AND d.key = gone.key
), left_indexes AS (
    DELETE FROM index_entries x
    USING (SELECT collection, key FROM put UNION ALL SELECT collection, key FROM gone) changed
    WHERE x.collection = changed.collection AND x.key = changed.key AND NOT EXISTS (
        SELECT FROM entered n WHERE n.collection = x.collection AND n.index = x.index AND n.entry = x.entry)
), entered_indexes AS (
    INSERT INTO index_entries (collection, index, entry, key)
    SELECT collection, index, entry, key FROM entered ON CONFLICT DO NOTHING
)
SELECT number FROM accepted WHERE number > 0";

/// Sets values. Parameters: keys, values, expiries.
pub(crate) const PUT_VALUES: &str = "
INSERT INTO key_values (key, value, expires_at) SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[])
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";

/// Removes values. Parameter: keys.
pub(crate) const REMOVE_VALUES: &str =
    "DELETE FROM key_values v USING unnest($1::bytea[]) AS k (key) WHERE v.key = k.key";

/// Adds to counters, within the range of a bigint; a value that is no number is left as it is. Answers with number and sum, which is
/// null for such a value. Parameters: numbers, keys, what to add, present times, expiries of new counters.
pub(crate) const ADD_TO_VALUES: &str = r"
WITH old AS MATERIALIZED (
    SELECT i.number, i.key, i.by, i.expires_at AS new_expiry, v.expires_at, v.value,
        coalesce(v.key IS NOT NULL AND (v.expires_at IS NULL OR v.expires_at > i.now), false) AS is_live
    FROM unnest($1::int[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[])
        AS i (number, key, by, now, expires_at)
    LEFT JOIN key_values v ON v.key = i.key
), summed AS MATERIALIZED (
    SELECT number, key, CASE WHEN is_live THEN expires_at ELSE new_expiry END AS expires_at,
        CASE WHEN NOT is_live THEN by::numeric
             WHEN encode(value, 'escape') ~ '^[-+]?[0-9]{1,19}$' THEN greatest(least(
                encode(value, 'escape')::numeric + by, 9223372036854775807), -9223372036854775808)
        END AS sum
    FROM old
), stored AS (
    INSERT INTO key_values (key, value, expires_at)
    SELECT key, decode(sum::text, 'escape'), expires_at FROM summed WHERE sum IS NOT NULL
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
)
SELECT number, sum::bigint FROM summed";

/// Deletes values that have expired, and answers with their number. Parameters: present time, how many at most.
pub(crate) const SWEEP_VALUES: &str = "
WITH swept AS (DELETE FROM key_values WHERE key IN (
    SELECT key FROM key_values WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING key)
SELECT count(*) FROM swept";

/// Saves a snapshot. Parameters: name, position, data.
pub(crate) const SAVE_SNAPSHOT: &str = "
INSERT INTO snapshots (name, position, data) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET position = excluded.position, data = excluded.data";

/// Deletes a stream of this version, unless it has the last event of the service. Answers with its version, and whether it has that
/// event. Parameters: stream, expected version.
pub(crate) const DELETE_STREAM: &str = "
WITH head AS MATERIALIZED (
    SELECT coalesce(max(version), 0) AS version, max(position) AS position FROM events WHERE stream = $1
), service AS MATERIALIZED (SELECT max(position) AS position FROM events
), deleted AS (
    DELETE FROM events e USING head, service
    WHERE e.stream = $1 AND head.version = $2 AND head.position < service.position
)
SELECT head.version, coalesce(head.position = service.position, false) FROM head, service";

/// Events of a stream that a repeated append would have stored, and the version of the stream. Parameters: stream, expected version, how
/// many.
pub(crate) const EVENTS_AFTER: &str = "
SELECT head.version, e.id, e.version, e.position
FROM (SELECT coalesce(max(version), 0) AS version FROM events WHERE stream = $1) head
LEFT JOIN LATERAL (
    SELECT id, version, position FROM events WHERE stream = $1 AND version > $2 ORDER BY version LIMIT $3) e ON true
ORDER BY e.version";

/// Events of a stream. Parameters: stream, version, how many.
pub(crate) const READ: &str = "
SELECT position, stream, version, id, name, recorded_at, recorded_at_nanos, origin, data FROM events
WHERE stream = $1 AND version > $2 ORDER BY version LIMIT $3";

/// Events of the service. Parameters: position, how many.
pub(crate) const FOLLOW: &str = "
SELECT position, stream, version, id, name, recorded_at, recorded_at_nanos, origin, data FROM events
WHERE position > $1 ORDER BY position LIMIT $2";

/// Position of the last event.
pub(crate) const LAST_POSITION: &str = "SELECT coalesce(max(position), 0) FROM events";

/// Snapshot. Parameter: name.
pub(crate) const SNAPSHOT: &str = "SELECT position, data FROM snapshots WHERE name = $1";

/// Document. Parameters: collection, key.
pub(crate) const FIND: &str = "SELECT body FROM documents WHERE collection = $1 AND key = $2";

/// Documents by key, from the first one on. Parameters: collection, how many.
pub(crate) const SCAN: &str =
    "SELECT key, body FROM documents WHERE collection = $1 ORDER BY key LIMIT $2";

/// Documents by key, after a key. Parameters: collection, how many, key.
pub(crate) const SCAN_AFTER: &str =
    "SELECT key, body FROM documents WHERE collection = $1 AND key > $3 ORDER BY key LIMIT $2";

/// Documents of an index, ascending. Parameters: collection, index, first entry, end of the entries, how many.
pub(crate) const QUERY_ASCENDING: &str = "
SELECT x.entry, x.key, d.body FROM index_entries x JOIN documents d ON d.collection = x.collection AND d.key = x.key
WHERE x.collection = $1 AND x.index = $2 AND x.entry >= $3 AND x.entry < $4 ORDER BY x.entry LIMIT $5";

/// The same, descending.
pub(crate) const QUERY_DESCENDING: &str = "
SELECT x.entry, x.key, d.body FROM index_entries x JOIN documents d ON d.collection = x.collection AND d.key = x.key
WHERE x.collection = $1 AND x.index = $2 AND x.entry >= $3 AND x.entry < $4 ORDER BY x.entry DESC LIMIT $5";

/// Value. Parameters: key, present time.
pub(crate) const VALUE: &str =
    "SELECT value FROM key_values WHERE key = $1 AND (expires_at IS NULL OR expires_at > $2)";
