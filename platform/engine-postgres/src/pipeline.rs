//! Pipeline: the statements of a transaction, all sent before the first answer has come.

use crate::connection::Connection;
use futures_util::{future::maybe_done, poll};
use std::fmt;
use tokio_postgres::{Error, Row, types::ToSql};

/// Parameter of a statement.
pub(crate) type QueryParameter<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// Parameter of a statement.
pub(crate) fn parameter<'a>(value: impl ToSql + Sync + Send + 'a) -> QueryParameter<'a> {
    Box::new(value)
}

/// Statement with its parameters.
pub(crate) struct Call<'a> {
    sql: &'static str,
    parameters: Vec<QueryParameter<'a>>,
    pub(crate) rows: Rows,
}

/// What the rows of a statement say.
#[derive(Debug)]
pub(crate) enum Rows {
    Nothing,
    /// Last of the positions that were taken.
    Position,
    /// Array of which appends are accepted, each of which leads to one of these operations.
    Accepted(Vec<usize>),
    /// Last of the positions that were taken, and the same array.
    PositionAndAccepted(Vec<usize>),
    /// Numbers and sums of counters.
    Sums(Vec<usize>),
    /// Number of values that an operation deleted.
    Swept(usize),
    /// Version of the stream that an operation deletes, and whether it has the last event.
    Deleted(usize),
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Call")
            .field("sql", &self.sql)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl<'a> Call<'a> {
    pub(crate) fn new(sql: &'static str, parameters: Vec<QueryParameter<'a>>, rows: Rows) -> Self {
        Self { sql, parameters, rows }
    }
}

/// Runs a statement that is a transaction of its own; returns its rows once it is committed.
///
/// # Errors
///
/// As [`transaction`].
pub(crate) async fn statement(connection: &Connection, call: &Call<'_>) -> Result<Vec<Row>, Error> {
    let statement = connection.prepared(call.sql).await?;
    let parameters: Vec<&(dyn ToSql + Sync)> =
        call.parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect();
    connection.client.query(&statement, &parameters).await
}

/// Runs these statements in one transaction, in their order; returns the rows of each once it is committed.
///
/// # Errors
///
/// The first error. The transaction is then rolled back, or, where the connection ended, perhaps committed.
pub(crate) async fn transaction(
    connection: &Connection,
    calls: &[Call<'_>],
) -> Result<Vec<Vec<Row>>, Error> {
    let client = &connection.client;
    let mut prepared = Vec::with_capacity(calls.len());
    for call in calls {
        let parameters: Vec<&(dyn ToSql + Sync)> =
            call.parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect();
        prepared.push((connection.prepared(call.sql).await?, parameters));
    }
    // What is sent is sent by the first poll of its future, so the order of these polls is that of the statements.
    let mut begin = Box::pin(maybe_done(client.batch_execute("BEGIN")));
    let _ = poll!(begin.as_mut());
    let mut running: Vec<_> = prepared
        .iter()
        .map(|(statement, parameters)| Box::pin(maybe_done(client.query(statement, parameters))))
        .collect();
    for query in &mut running {
        let _ = poll!(query.as_mut());
    }
    let mut commit = Box::pin(maybe_done(client.batch_execute("COMMIT")));
    let _ = poll!(commit.as_mut());

    begin.as_mut().await;
    let mut outcome = begin.as_mut().take_output().unwrap_or(Ok(())).map(|()| Vec::new());
    for mut query in running {
        query.as_mut().await;
        // Every answer is awaited, also after an error: the connection is clean for the next transaction.
        let rows = query.as_mut().take_output();
        outcome = outcome.and_then(|mut answers: Vec<Vec<Row>>| {
            answers.push(rows.transpose()?.unwrap_or_default());
            Ok(answers)
        });
    }
    commit.as_mut().await;
    let committed = commit.as_mut().take_output().unwrap_or(Ok(()));
    let answers = outcome?;
    committed?;
    Ok(answers)
}
