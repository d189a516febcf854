//! SQL of the engine. The writer's statements run after the transaction took the lock of the counter row, so that each sees
//! everything that was committed before it; those that are a transaction of their own say why they need not.

/// The tokens of the writers, unless this one is not among them: the column does not allow that.
macro_rules! writers {
    ($token:literal) => {
        concat!("writers = CASE WHEN ", $token, " = ANY (writers) THEN writers END")
    };
}

/// Takes positions; its row lock makes the transactions of a service one after the other. Parameters: how many, the token of the
/// writer.
pub(crate) const TAKE_POSITIONS: &str =
    concat!("UPDATE log_position SET last = last + $1, ", writers!("$2"), " RETURNING last");

/// Makes a token the only one. Parameter: the token.
pub(crate) const TAKE_OVER: &str = "UPDATE log_position SET writers = ARRAY[$1::uuid]";

/// The same for the owner of the lease. Its row is locked, so that nobody takes it meanwhile. Parameters: the token, the epoch.
pub(crate) const TAKE_OVER_LEASED: &str = "
WITH held AS (SELECT FROM lease WHERE epoch = $2 AND owner IS NOT NULL FOR SHARE)
UPDATE log_position SET writers = ARRAY[$1::uuid] FROM held";

/// Makes a token the only one, in place of one of these. Parameters: the token, those before.
pub(crate) const ADMIT_SOLE: &str =
    "UPDATE log_position SET writers = ARRAY[$1::uuid] WHERE writers <@ $2::uuid[]";

/// Adds a token in place of these, to the latest of other writers. Parameters: the token, those before.
pub(crate) const ADMIT: &str = "
UPDATE log_position SET writers = ARRAY(
    SELECT other FROM unnest(writers) WITH ORDINALITY AS t (other, place)
    WHERE NOT other = ANY ($2::uuid[]) AND place > cardinality(writers) - 63 ORDER BY place) || $1::uuid";

/// Which appends are accepted, as an array by number: those whose stream has the version that they expect; of a sequence, those before
/// the first one whose stream has not. An array, because a join with a set of numbers would compare each event with each append.
macro_rules! accepted {
    () => {
        "accepted AS MATERIALIZED (
    SELECT array_agg(is_expected AND (is_unbroken OR NOT is_sequenced) ORDER BY number) AS by_number
    FROM (SELECT *, bool_and(is_expected OR NOT is_sequenced) OVER (ORDER BY number) AS is_unbroken
        FROM (SELECT a.number, a.is_sequenced, a.expected = coalesce(
                (SELECT e.version FROM events e WHERE e.stream = a.stream ORDER BY e.version DESC LIMIT 1), 0)
                AS is_expected
            FROM unnest($1::int[], $2::text[], $3::bigint[], $15::bool[]) AS a (number, stream, expected, is_sequenced)
        ) checked) in_order
)"
    };
}

/// Events of the accepted appends, at positions that `$taken` has taken.
macro_rules! stored {
    ($taken:literal) => {
        concat!(
            ", stored AS (
    INSERT INTO events (position, stream, version, id, name, recorded_at, recorded_at_nanos, origin, data)
    SELECT p.last - $4 + e.place, e.stream, e.version, e.id, e.name, e.recorded_at, e.nanos, e.origin, e.data
    FROM ",
            $taken,
            " p, accepted, unnest($5::int[], $6::bigint[], $7::text[], $8::bigint[], $9::uuid[], $10::text[],
        $11::bigint[], $12::int[], $13::text[], $14::bytea[])
        AS e (number, place, stream, version, id, name, recorded_at, nanos, origin, data)
    WHERE accepted.by_number[e.number]
)"
        )
    };
}

/// Documents of the accepted appends, and documents alone.
macro_rules! documents {
    () => {
        ", put AS MATERIALIZED (
    SELECT d.collection, d.key, d.body
    FROM accepted, unnest($16::int[], $17::text[], $18::bytea[], $19::bytea[]) AS d (number, collection, key, body)
    WHERE d.number = 0 OR accepted.by_number[d.number]
), gone AS MATERIALIZED (
    SELECT d.collection, d.key
    FROM accepted, unnest($20::int[], $21::text[], $22::bytea[]) AS d (number, collection, key)
    WHERE d.number = 0 OR accepted.by_number[d.number]
), entered AS MATERIALIZED (
    SELECT i.collection, i.index, i.entry, i.key
    FROM accepted, unnest($23::int[], $24::text[], $25::text[], $26::bytea[], $27::bytea[])
        AS i (number, collection, index, entry, key)
    WHERE i.number = 0 OR accepted.by_number[i.number]
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
)"
    };
}

/// Takes positions in the statement that appends.
macro_rules! take {
    ($token:literal) => {
        concat!(
            "WITH taken AS (UPDATE log_position SET last = last + $4, ",
            writers!($token),
            " RETURNING last), "
        )
    };
}

/// Appends with their documents, and documents alone (which have number 0). An append is accepted when its stream has the version
/// that it expects; nothing of another one is stored. Answers with the array by number, from 1, of which are.
///
/// Parameters: appends (number, stream, expected), positions taken, events (number, place among the positions taken, stream, version,
/// id, name, seconds and nanoseconds of its time, origin, data), which appends are of a sequence, documents put (number, collection, key,
/// body), documents deleted (number, collection, key), index entries (number, collection, index, entry, key).
pub(crate) const APPEND: &str = concat!(
    "WITH ",
    accepted!(),
    stored!("log_position"),
    documents!(),
    " SELECT by_number FROM accepted"
);

/// Appends without documents, as most are: the same with its first fifteen parameters, for much less of the server's work.
pub(crate) const APPEND_EVENTS: &str =
    concat!("WITH ", accepted!(), stored!("log_position"), " SELECT by_number FROM accepted");

/// The same as a transaction of its own, in one statement that takes the positions as well; the last parameter is the token of the
/// writer. Answers with the last position taken and the same array.
///
/// The versions are those before the lock of the counter row was taken. Where another process appended to the same stream meanwhile,
/// the key of the events refuses the statement.
pub(crate) const APPEND_EVENTS_ALONE: &str = concat!(
    take!("$16"),
    accepted!(),
    stored!("taken"),
    " SELECT taken.last, accepted.by_number FROM taken, accepted"
);

/// The same with documents. Where another process writes documents of the same service, index entries could be those of an older
/// document: it is for a sole writer.
pub(crate) const APPEND_ALONE: &str = concat!(
    take!("$28"),
    accepted!(),
    stored!("taken"),
    documents!(),
    " SELECT taken.last, accepted.by_number FROM taken, accepted"
);

/// Puts documents that have no index entries, such as the positions of consumers. Parameters: collections, keys, bodies, the token of the
/// writer.
pub(crate) const PUT_DOCUMENTS: &str = concat!(
    "WITH fenced AS (UPDATE log_position SET ",
    writers!("$4"),
    ")
INSERT INTO documents (collection, key, body) SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[])
ON CONFLICT (collection, key) DO UPDATE SET body = excluded.body"
);

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

/// The last position that was taken.
pub(crate) const LAST_TAKEN: &str = "SELECT last FROM log_position";

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
