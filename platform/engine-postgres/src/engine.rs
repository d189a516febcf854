//! Engine: the storage of all services of a process in one database.

use crate::{
    PostgresOptions,
    connection::{Connection, DatabaseConnector},
    documents::PostgresDocuments,
    error::DatabaseError,
    failure::EngineFailure,
    fence::{Fence, FenceError},
    hints::{self, FollowedJournal},
    history::{History, HistoryCheck},
    journal::PostgresJournal,
    key_value::PostgresKeyValue,
    migrations::{check, role_name, schema_name},
    occupants::{self, Occupants},
    probe::Probe,
    readers::Readers,
    recent_events::RecentEvents,
    writer::{Writer, WriterHandle},
    writer_statistics::{BatchCounters, WriterStatistics},
};
use ::journal::ServiceStorage;
use std::{collections::HashMap, sync::Arc, time::Duration};
use storage::{Blobs, Documents, KeyValue, LosableValues, StorageError, Watermark};
use subject_keys::SubjectKeys;
use tokio::sync::{Mutex, mpsc, watch};

/// How long the engine may take to open, a shop that ends included.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

/// Blob store of a service, which this engine does not have.
pub type BlobStores<'a> = &'a (dyn Fn(&'static str) -> Arc<dyn Blobs> + Sync);

/// Storage engine on PostgreSQL. Clones share the same connections.
#[derive(Clone, Debug)]
pub struct PostgresEngine {
    services: Arc<HashMap<&'static str, ServiceStorage>>,
    /// Its first connection is the one that opened the engine: others see by it that a shop is here, until it is closed.
    probe: Arc<Probe>,
    closing: Arc<watch::Sender<bool>>,
    close_timeout: Duration,
    /// Failures; ends when every writer has.
    writers: Arc<Mutex<mpsc::Receiver<EngineFailure>>>,
    /// Writers with their counters, by service.
    counters: Arc<Vec<(&'static str, WriterHandle, Arc<BatchCounters>)>>,
}

impl PostgresEngine {
    /// Opens the storage of these services, whose schemas must be as [`migrate`](crate::migrate) makes them. What the database does
    /// not keep, the keys of data subjects and whole files, comes from elsewhere. A process that is connected and writes for one of the services,
    /// unless they are [shared](PostgresOptions::shared_services), is waited for, and then refused.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`], by variant.
    pub async fn open(
        options: PostgresOptions,
        services: &[&'static str],
        subject_keys: Arc<SubjectKeys>,
        blobs: BlobStores<'_>,
    ) -> Result<Self, DatabaseError> {
        let server = options.server();
        let opening = Self::open_services(options, services, subject_keys, blobs);
        tokio::time::timeout(OPEN_TIMEOUT, opening).await.unwrap_or_else(|_| {
            Err(DatabaseError::Silent { server, seconds: OPEN_TIMEOUT.as_secs() })
        })
    }

    async fn open_services(
        options: PostgresOptions,
        services: &[&'static str],
        subject_keys: Arc<SubjectKeys>,
        blobs: BlobStores<'_>,
    ) -> Result<Self, DatabaseError> {
        let server = options.server();
        let failed = |error: tokio_postgres::Error| DatabaseError::new(&server, &error);
        let database = options.config.get_dbname().unwrap_or_default().to_owned();
        let connector = Arc::new(DatabaseConnector::new(options)?);
        let connection = connector.connect_in_time(None).await?;
        connection.check_version(&server).await?;
        for service in services {
            check(&connection, &schema_name(service)).await?;
        }
        let (own, timeout) =
            (connector.options.unleased(services), connector.options.occupant_timeout);
        let is_whole = !connector.options.hints;
        let occupants = if is_whole { Occupants::All } else { Occupants::Whole { or: &own } };
        occupants::wait_until_alone(&connection, &server, occupants, timeout).await?;
        let closing = Arc::new(watch::Sender::new(false));
        let (running, writers) = mpsc::channel(1);
        // A standby is refused by the first write.
        let history = History::read(&connection).await.map_err(failed)?;
        let history = history.map(|known| HistoryCheck::new(known, &running));
        let connector = Arc::new(connector.with_history(history));
        let opening =
            ServiceOpening { connector: &connector, database: &database, subject_keys, blobs };
        let (mut opened, mut counters) = (HashMap::new(), Vec::new());
        let mut followed = HashMap::new();
        for service in services {
            let OpenedService { storage, writer, counted, journal } =
                opening.open(service, (closing.subscribe(), running.clone())).await?;
            opened.insert(*service, storage);
            counters.push((*service, writer, counted));
            followed.insert(*service, journal);
        }
        // A limit of connections is told now, and not by writes that wait.
        for (service, writer, _) in &counters {
            writer.barrier().await.map_err(|error| DatabaseError::Server {
                server: server.clone(),
                reason: format!("the writer of {service} cannot write: {error}"),
            })?;
        }
        if connector.options.hints {
            let listener = DatabaseConnector::clone(&connector);
            let listening = hints::listen(listener, followed, closing.subscribe());
            #[expect(clippy::disallowed_methods, reason = "it ends when the engine is closed")]
            tokio::spawn(listening);
        }
        Ok(Self {
            services: Arc::new(opened),
            close_timeout: connector.options.write_timeout,
            probe: Arc::new(Probe::new(connector, connection)),
            closing,
            writers: Arc::new(Mutex::new(writers)),
            counters: Arc::new(counters),
        })
    }

    /// Storage of a service; `None` for one that was not opened.
    pub fn service(&self, name: &str) -> Option<ServiceStorage> {
        self.services.get(name).cloned()
    }

    /// Asks the database whether it is there and takes writes, as a health check does.
    ///
    /// # Errors
    ///
    /// [`StorageError::Unavailable`] where it does not answer within 3 seconds, or is read-only, as a standby is.
    pub async fn ping(&self) -> Result<(), StorageError> {
        self.probe.ping().await
    }

    /// Statistics of the writer of each service.
    pub fn statistics(&self) -> Vec<(&'static str, WriterStatistics)> {
        let counters = self.counters.iter();
        counters
            .map(|(service, writer, counters)| (*service, counters.snapshot(writer.queue_length())))
            .collect()
    }

    /// Completes with the reason when a writer has failed, another process has the place of this one, or the database is not the one
    /// that it was: the process must stop. A database that is away is no reason, because it comes back.
    pub async fn failed(&self) -> EngineFailure {
        match self.writers.lock().await.recv().await {
            Some(failure) => failure,
            None => std::future::pending().await,
        }
    }

    /// Refuses further writes, and returns when those that were taken are committed, or when the time that a write may take is over: while
    /// the database does not answer, each batch that waits would take as long.
    pub async fn close(&self) {
        self.closing.send_replace(true);
        let ended = async { while self.writers.lock().await.recv().await.is_some() {} };
        if tokio::time::timeout(self.close_timeout, ended).await.is_err() {
            tracing::warn!(
                "writes that the database did not answer in time were given up; nobody was told that they are done"
            );
        }
        self.probe.close().await;
    }
}

/// What the storage of each service is opened with.
struct ServiceOpening<'a> {
    connector: &'a DatabaseConnector,
    database: &'a str,
    subject_keys: Arc<SubjectKeys>,
    blobs: BlobStores<'a>,
}

/// Storage of one service, and what the engine keeps of it.
struct OpenedService {
    storage: ServiceStorage,
    writer: WriterHandle,
    counted: Arc<BatchCounters>,
    journal: FollowedJournal,
}

impl ServiceOpening<'_> {
    /// Takes the place of whoever wrote for the service before.
    async fn fence(
        &self,
        service: &str,
        connection: &Connection,
        is_sole_writer: bool,
    ) -> Result<Fence, DatabaseError> {
        let options = &self.connector.options;
        let opened = Fence::open(connection, is_sole_writer, options.epoch(service)).await;
        opened.map_err(|error| match error {
            FenceError::Superseded => DatabaseError::Superseded { server: options.server() },
            FenceError::Database(error) => {
                DatabaseError::in_schema(&options.server(), &schema_name(service), &error)
            }
        })
    }

    async fn open(
        &self,
        service: &'static str,
        (closing, failures): (watch::Receiver<bool>, mpsc::Sender<EngineFailure>),
    ) -> Result<OpenedService, DatabaseError> {
        let server = self.connector.options.server();
        let schema = schema_name(service);
        let failed =
            |error: tokio_postgres::Error| DatabaseError::in_schema(&server, &schema, &error);
        let role = role_name(self.database, service);
        let connector = Arc::new(self.connector.with_role(&role));
        let probe = connector.connect_in_time(Some(&schema)).await?;
        let is_sole_writer = !self.connector.options.shared_services.contains(&service);
        // What another process had under way is committed, or never will be, before this one looks.
        let fence = self.fence(service, &probe, is_sole_writer).await?;
        let last = probe.client.query_one(crate::statements::LAST_POSITION, &[]).await;
        let last: i64 = last.map_err(failed)?.get(0);
        if crate::transfer::is_incomplete(&probe).await.map_err(failed)? {
            return Err(DatabaseError::Unfinished { server });
        }
        let events = Watermark::at(last.unsigned_abs());
        let counted = Arc::new(BatchCounters::default());
        let recent = Arc::new(RecentEvents::after(last.unsigned_abs(), is_sole_writer));
        let writer = Writer {
            connector: Arc::new(connector.of_writer(service)),
            service,
            schema: schema_name(service),
            subject_keys: Arc::clone(&self.subject_keys),
            events: Arc::clone(&events),
            closing,
            counters: Arc::clone(&counted),
            recent: Arc::clone(&recent),
            is_sole: is_sole_writer,
            sends_hints: self.connector.options.hints,
            fence,
            failures,
            doubt: Arc::new(watch::Sender::new(false)),
        };
        let writer = writer.start().map_err(|error| DatabaseError::Server {
            server: server.clone(),
            reason: format!("the thread of a writer cannot be started: {error}"),
        })?;
        let readers = Readers::new(Arc::clone(&connector), schema_name(service), writer.clone());
        let readers = Arc::new(readers);
        let journal = PostgresJournal {
            connector,
            service,
            writer: writer.clone(),
            readers: Arc::clone(&readers),
            subject_keys: Arc::clone(&self.subject_keys),
            events: Arc::clone(&events),
            recent,
        };
        let documents: Arc<dyn Documents> =
            Arc::new(PostgresDocuments { writer: writer.clone(), readers: Arc::clone(&readers) });
        let (of_values, by) = (writer.clone(), Arc::clone(&readers));
        let key_value: Arc<dyn KeyValue> =
            Arc::new(PostgresKeyValue { writer: of_values, readers: by });
        let storage = ServiceStorage {
            journal: Arc::new(journal),
            projections: Arc::clone(&documents),
            documents,
            losable: LosableValues::new(Arc::clone(&key_value)),
            key_value,
            blobs: (self.blobs)(service),
            subject_keys: Arc::clone(&self.subject_keys),
        };
        Ok(OpenedService { storage, writer, counted, journal: (events, readers) })
    }
}
