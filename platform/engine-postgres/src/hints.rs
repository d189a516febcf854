//! Hints between the processes of a shop: whoever has committed events notifies once per batch (`NOTIFY`), and whoever follows a
//! journal looks at once instead of at its next poll. A hint may be lost, late or made up: everything works without, only later.

use crate::{
    connection::{Connection, DatabaseConnector},
    migrations::schema_name,
    readers::Readers,
    statements,
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use storage::Watermark;
use tokio::sync::{mpsc, watch};

/// Channel of the database on which hints are sent. They say in which schema something was appended.
pub(crate) const CHANNEL: &str = "icommerce_events";
/// Hints that wait to be looked at; beyond that, they are left out.
const HINTS_MAX: usize = 256;
/// Pause before a connection for hints is made again; polling goes on meanwhile.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

/// Followed journal of a service: its watermark, and where its last position is read.
pub(crate) type FollowedJournal = (Arc<Watermark>, Arc<Readers>);

/// Sends a hint, behind whatever else the connection is doing, and waits for nothing. It is a transaction of its own, because
/// one with a `NOTIFY` keeps every other such transaction of the database waiting until it is committed; nobody waits for its flush.
pub(crate) fn send(connection: &Connection, schema: &str) {
    let sql =
        format!("BEGIN; SET LOCAL synchronous_commit = off; NOTIFY {CHANNEL}, '{schema}'; COMMIT");
    let client = Arc::clone(&connection.client);
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends with the answer, or with the connection"
    )]
    tokio::spawn(async move {
        if let Err(error) = client.batch_execute(&sql).await {
            tracing::debug!(%error, "a hint could not be sent");
        }
    });
}

/// Listens until the engine is closed.
pub(crate) async fn listen(
    connector: DatabaseConnector,
    services: HashMap<&'static str, FollowedJournal>,
    mut closing: watch::Receiver<bool>,
) {
    let journals: HashMap<String, FollowedJournal> =
        services.into_iter().map(|(service, journal)| (schema_name(service), journal)).collect();
    loop {
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => return,
            () = connected(&connector, &journals) => {}
        }
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => return,
            () = tokio::time::sleep(RECONNECT_PAUSE) => {}
        }
    }
}

/// Listens as long as the connection lasts.
async fn connected(connector: &DatabaseConnector, journals: &HashMap<String, FollowedJournal>) {
    let (hints, mut received) = mpsc::channel(HINTS_MAX);
    let listening = async {
        let connection = connector.connect_with(None, Some(hints)).await?;
        connection.client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
        Ok::<_, tokio_postgres::Error>(connection)
    };
    let Ok(_connection) = listening.await.inspect_err(|error| {
        tracing::debug!(%error, "hints about new events are not received; followers poll");
    }) else {
        return;
    };
    while let Some(schema) = received.recv().await {
        let Some((events, readers)) = journals.get(&schema) else { continue };
        if let Ok(Some(row)) = readers.row(statements::LAST_POSITION, &[]).await {
            events.advance(row.get::<_, i64>(0).unsigned_abs());
        }
    }
}
