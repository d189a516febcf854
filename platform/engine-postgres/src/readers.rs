//! Reading connections of one service: each is shared by many requests, whose queries are under way at once.

use crate::{
    connection::{Connection, DatabaseConnector},
    error::storage_error,
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
}

impl Readers {
    pub(crate) fn new(connector: Arc<DatabaseConnector>, schema: String) -> Self {
        let slots = std::iter::repeat_with(Mutex::default).take(connector.options.readers.max(1));
        Self { slots: slots.collect(), connector, schema, next: AtomicUsize::new(0) }
    }

    /// Rows of a query. A connection that ended, as it does when the server is restarted, is replaced once.
    pub(crate) async fn query(
        &self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StorageError> {
        let timeout = self.connector.options.read_timeout;
        let rows = tokio::time::timeout(timeout, async {
            match self.attempt(sql, parameters).await {
                Err(error) if error.is_closed() || error.code().is_none() => {
                    self.attempt(sql, parameters).await
                }
                answered => answered,
            }
        });
        let no_answer = |_| StorageError::Unavailable("the database does not answer".to_owned());
        rows.await.map_err(no_answer)?.map_err(|error| storage_error(&error))
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
    ) -> Result<Vec<Row>, Error> {
        let connection = self.connection().await?;
        let statement = connection.prepared(sql).await?;
        connection.client.query(&statement, parameters).await
    }

    async fn connection(&self) -> Result<Arc<Connection>, Error> {
        let slot = self.next.fetch_add(1, Ordering::Relaxed) % self.slots.len();
        let mut slot = self.slots[slot].lock().await;
        if let Some(connection) = slot.as_ref().filter(|it| !it.client.is_closed()) {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(self.connector.connect(Some(&self.schema)).await?);
        *slot = Some(Arc::clone(&connection));
        Ok(connection)
    }
}
