//! Open database of a process: the storage of its services, with the writer of each.

use super::{
    Asker, ConnectionReset, Fenced, Purpose, SimulatedDatabase, WriterIdentity,
    ports::{RemoteDocuments, RemoteJournal, RemoteKeyValue, RemotePart},
    writer::DatabaseWriter,
};
use crate::cluster::pause::PauseGate;
use journal::ServiceStorage;
use parking_lot::Mutex;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use storage::{Documents, KeyValue, LosableValues, Watermark};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout_at},
};

/// How long the database may take to open, as in the real engine.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

/// Storage that a process has open. It is closed when this is dropped.
#[derive(Debug)]
pub(crate) struct OpenDatabase {
    services: BTreeMap<&'static str, (ServiceStorage, ServiceStorage)>,
    _writers: JoinSet<()>,
}

impl OpenDatabase {
    /// Opens the database, in place of whoever wrote there before.
    pub(in crate::cluster) async fn open(
        database: &Arc<SimulatedDatabase>,
        (process, epoch): (usize, Option<i64>),
        gate: &Arc<PauseGate>,
        superseded: &watch::Sender<bool>,
    ) -> Result<Self, String> {
        let identity = WriterIdentity { process, epoch };
        let deadline = Instant::now() + OPEN_TIMEOUT;
        let (mut services, mut writers) = (BTreeMap::new(), JoinSet::new());
        for service in database.services {
            let mut tokens = Vec::new();
            if !kernel::defects::planted("taken_over_after_load") {
                let token = timeout_at(deadline, take_over(database, service, identity)).await;
                tokens.push(token.map_err(|_| "the database does not answer".to_owned())??);
            }
            let events = Watermark::at(0);
            let doubt = Arc::new(watch::Sender::new(false));
            let writer = DatabaseWriter {
                database: Arc::clone(database),
                service,
                identity,
                tokens: Mutex::new(tokens),
                events: Arc::clone(&events),
                superseded: superseded.clone(),
                doubt,
            };
            let (queue, run) = writer.start();
            writers.spawn(gate.through(run));
            let part = |is_bulk: bool| RemotePart {
                database: Arc::clone(database),
                identity,
                service,
                is_bulk,
                queue: queue.clone(),
                events: Arc::clone(&events),
            };
            services.insert(*service, (storage(&part(false)), storage(&part(true))));
        }
        Ok(Self { services, _writers: writers })
    }

    /// Storage of a service.
    pub(crate) fn service(&self, name: &str) -> ServiceStorage {
        self.services[name].0.clone()
    }

    /// Bulk storage of a service.
    pub(crate) fn bulk(&self, name: &str) -> ServiceStorage {
        self.services[name].1.clone()
    }
}

/// Takes the place of the writer of a service.
async fn take_over(
    database: &SimulatedDatabase,
    service: &'static str,
    identity: WriterIdentity,
) -> Result<u64, String> {
    let asker = Asker { process: identity.process, purpose: Purpose::Data };
    let reset = |ConnectionReset| "the connection was reset".to_owned();
    database.travel(asker).await.map_err(reset)?;
    let token = database.take_over(service, identity);
    let token = token.map_err(|Fenced| "another process owns the services".to_owned())?;
    database.travel(asker).await.map_err(reset)?;
    Ok(token)
}

fn storage(part: &RemotePart) -> ServiceStorage {
    let at_database = part.at_database();
    let documents: Arc<dyn Documents> = Arc::new(RemoteDocuments(part.clone()));
    let key_value: Arc<dyn KeyValue> = Arc::new(RemoteKeyValue(part.clone()));
    ServiceStorage {
        journal: Arc::new(RemoteJournal(part.clone())),
        projections: Arc::clone(&documents),
        documents,
        losable: LosableValues::new(Arc::clone(&key_value)),
        key_value,
        // Pictures and keys are in a folder that the processes share.
        blobs: at_database.blobs,
        subject_keys: at_database.subject_keys,
    }
}
