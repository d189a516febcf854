//! Reading connections of one service: each is shared by many requests, whose queries are under way at once.

use crate::{
    connection::{Connection, DatabaseConnector},
    error::storage_error_in,
    writer::WriterHandle,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use storage::StorageError;
use tokio::sync::Mutex;
use tokio_postgres::{Error, Row, types::ToSql};

/// Reading connections, made when they are needed.
#[derive(Debug)]
pub(crate) struct Readers {
    connector: Arc<DatabaseConnector>,
    schema: String,
    slots: Vec<Mutex<Option<Arc<Connection>>>>,
    next: AtomicUsize,
    writer: WriterHandle,
}

impl Readers {
    pub(crate) fn new(
        connector: Arc<DatabaseConnector>,
        schema: String,
        writer: WriterHandle,
    ) -> Self {
        let slots = std::iter::repeat_with(Mutex::default).take(connector.options.readers.max(1));
        Self { slots: slots.collect(), connector, schema, next: AtomicUsize::new(0), writer }
    }

    /// Rows of a query, which see every write that was answered, also one of which the answer did not say whether it is stored. A connection that
    /// ended, as it does when the server is restarted, is replaced once. One that does not answer in time is given up: its network, or its process
    /// of the server, may never do so again, although others answer.
    pub(crate) async fn query(
        &self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StorageError> {
        self.writer.settled().await?;
        let timeout = self.connector.options.read_timeout;
        let mut asked = None;
        let rows = tokio::time::timeout(timeout, async {
            match self.attempt(sql, parameters, &mut asked).await {
                Err(error) if error.is_closed() || error.code().is_none() => {
                    self.attempt(sql, parameters, &mut asked).await
                }
                answered => answered,
            }
        });
        let Ok(answered) = rows.await else {
            if let Some(silent) = asked {
                silent.give_up();
            }
            return Err(StorageError::Unavailable("the database does not answer".to_owned()));
        };
        answered.map_err(|error| storage_error_in(&self.schema, &error))
    }

    /// The row of a query that has one or none.
    pub(crate) async fn row(
        &self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, StorageError> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }

    async fn attempt(
        &self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
        asked: &mut Option<Arc<Connection>>,
    ) -> Result<Vec<Row>, Error> {
        *asked = None;
        let connection = asked.insert(self.connection().await?);
        let statement = connection.prepared(sql).await?;
        connection.client.query(&statement, parameters).await
    }

    async fn connection(&self) -> Result<Arc<Connection>, Error> {
        let slot = self.next.fetch_add(1, Ordering::Relaxed) % self.slots.len();
        let mut slot = self.slots[slot].lock().await;
        if let Some(connection) = slot.as_ref().filter(|it| !it.is_over()) {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(self.connector.connect(Some(&self.schema)).await?);
        *slot = Some(Arc::clone(&connection));
        Ok(connection)
    }
}
