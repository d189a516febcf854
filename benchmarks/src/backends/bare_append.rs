//! Bare append: rows like those of a journal, inserted by `pgbench` without what makes them a journal.

use super::Backends;
use crate::numbers::float;
use std::time::Duration;

/// Copy of the journal's table of a service, with its keys, that one client inserts into: several rows in a statement and a statement in each
/// transaction, one transaction after the other. It checks no version and takes no position from the journal's counter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BareAppend {
    /// Schema of the service.
    pub(crate) schema: &'static str,
    /// Rows of each transaction.
    pub(crate) rows: u64,
    /// Bytes of each row's data.
    pub(crate) data_bytes: usize,
}

impl BareAppend {
    /// Rows a second.
    pub(crate) fn rows_per_second(
        &self,
        backends: &Backends,
        database: &str,
        time: Duration,
    ) -> Result<f64, String> {
        let Self { schema, rows, data_bytes } = self;
        let table = format!(
            "CREATE TABLE {schema}.bare_events (LIKE {schema}.events INCLUDING ALL); CREATE SEQUENCE {schema}.bare_position"
        );
        backends.run_sql(database, &table)?;
        // As long as names and identifiers of the journal's events, and in their order.
        let script = format!(
            "INSERT INTO {schema}.bare_events (stream, version, position, id, name, recorded_at, recorded_at_nanos, data) \
             SELECT 'subject-' || lpad(number::text, 36, '0'), 1, number, lpad(number::text, 32, '0')::uuid, 'appended', 1, 0, \
             decode(repeat('2a', {data_bytes}), 'hex') \
             FROM (SELECT nextval('{schema}.bare_position') AS number FROM generate_series(1, {rows})) numbered;\n"
        );
        let transactions = backends.transactions_per_second(database, &script, 1, time)?;
        Ok(transactions * float(*rows))
    }
}
