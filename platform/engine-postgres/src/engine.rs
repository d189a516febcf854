//! Engine: the storage of all services of a process in one database.

use crate::{
    PostgresOptions,
    connection::DatabaseConnector,
    documents::PostgresDocuments,
    error::DatabaseError,
    hints::{self, FollowedJournal},
    journal::PostgresJournal,
    key_value::PostgresKeyValue,
    migrations::{check, role_name, schema_name},
    readers::Readers,
    writer::{Writer, WriterHandle},
    writer_statistics::{BatchCounters, WriterStatistics},
};
use ::journal::ServiceStorage;
use std::{collections::HashMap, sync::Arc};
use storage::{Blobs, KeyValue, LosableValues, Watermark};
use subject_keys::SubjectKeys;
use tokio::sync::{Mutex, mpsc, watch};

/// Blob store of a service, which this engine does not have.
pub type BlobStores<'a> = &'a (dyn Fn(&'static str) -> Arc<dyn Blobs> + Sync);

/// Storage engine on PostgreSQL. Clones share the same connections.
#[derive(Clone, Debug)]
pub struct PostgresEngine {
    services: Arc<HashMap<&'static str, ServiceStorage>>,
    closing: Arc<watch::Sender<bool>>,
    /// Names of the services whose writers panicked; ends when every writer has.
    writers: Arc<Mutex<mpsc::Receiver<&'static str>>>,
    /// Writers with their counters, by service.
    counters: Arc<Vec<(&'static str, WriterHandle, Arc<BatchCounters>)>>,
}

impl PostgresEngine {
    /// Opens the storage of these services, whose schemas must be as [`migrate`](crate::migrate) makes them. What the database does
    /// not keep, the keys of data subjects and whole files, comes from elsewhere.
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
        let failed = |error: tokio_postgres::Error| DatabaseError::new(&server, &error);
        let database = options.config.get_dbname().unwrap_or_default().to_owned();
        let connector = Arc::new(DatabaseConnector::new(options)?);
        let connection = connector.connect(None).await.map_err(failed)?;
        let version = connection.client.query_one("SHOW server_version_num", &[]).await;
        let version: String = version.map_err(failed)?.get(0);
        if version.parse::<u32>().is_ok_and(|number| number / 10_000 < DatabaseError::VERSION_MIN) {
            return Err(DatabaseError::Version { server, version });
        }
        for service in services {
            check(&connection, &schema_name(service)).await?;
        }
        let closing = Arc::new(watch::Sender::new(false));
        let (running, writers) = mpsc::channel(1);
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
        if connector.options.hints {
            let listener = DatabaseConnector::clone(&connector);
            let listening = hints::listen(listener, followed, closing.subscribe());
            #[expect(clippy::disallowed_methods, reason = "it ends when the engine is closed")]
            tokio::spawn(listening);
        }
        Ok(Self {
            services: Arc::new(opened),
            closing,
            writers: Arc::new(Mutex::new(writers)),
            counters: Arc::new(counters),
        })
    }

    /// Storage of a service; `None` for one that was not opened.
    pub fn service(&self, name: &str) -> Option<ServiceStorage> {
        self.services.get(name).cloned()
    }

    /// Statistics of the writer of each service.
    pub fn statistics(&self) -> Vec<(&'static str, WriterStatistics)> {
        let counters = self.counters.iter();
        counters
            .map(|(service, writer, counters)| (*service, counters.snapshot(writer.queue_length())))
            .collect()
    }

    /// Completes with the reason when a writer has failed, after which its service refuses every write: the process must stop. A database
    /// that is away is no reason, because it comes back.
    pub async fn failed(&self) -> String {
        match self.writers.lock().await.recv().await {
            Some(service) => format!("the writer of {service} has failed"),
            None => std::future::pending().await,
        }
    }

    /// Refuses further writes, and returns when those that were taken are committed.
    pub async fn close(&self) {
        self.closing.send_replace(true);
        while self.writers.lock().await.recv().await.is_some() {}
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
    async fn open(
        &self,
        service: &'static str,
        (closing, running): (watch::Receiver<bool>, mpsc::Sender<&'static str>),
    ) -> Result<OpenedService, DatabaseError> {
        let server = self.connector.options.server();
        let failed = |error: tokio_postgres::Error| DatabaseError::new(&server, &error);
        let role = role_name(self.database, service);
        let connector = Arc::new(self.connector.with_role(&role));
        let probe = connector.connect(Some(&schema_name(service))).await.map_err(failed)?;
        let last = probe.client.query_one(crate::statements::LAST_POSITION, &[]).await;
        let last: i64 = last.map_err(failed)?.get(0);
        if crate::transfer::is_incomplete(&probe).await.map_err(failed)? {
            return Err(DatabaseError::Unfinished { server });
        }
        let events = Watermark::at(last.unsigned_abs());
        let readers = Arc::new(Readers::new(Arc::clone(&connector), schema_name(service)));
        let counted = Arc::new(BatchCounters::default());
        let writer = Writer {
            connector: Arc::clone(&connector),
            service,
            schema: schema_name(service),
            subject_keys: Arc::clone(&self.subject_keys),
            events: Arc::clone(&events),
            closing,
            counters: Arc::clone(&counted),
            sends_hints: self.connector.options.hints,
        };
        let writer = writer.start(running).map_err(|error| DatabaseError::Server {
            server: server.clone(),
            reason: format!("the thread of a writer cannot be started: {error}"),
        })?;
        let journal = PostgresJournal {
            connector,
            service,
            writer: writer.clone(),
            readers: Arc::clone(&readers),
            subject_keys: Arc::clone(&self.subject_keys),
            events: Arc::clone(&events),
        };
        let documents = PostgresDocuments { writer: writer.clone(), readers: Arc::clone(&readers) };
        let (of_values, by) = (writer.clone(), Arc::clone(&readers));
        let key_value: Arc<dyn KeyValue> =
            Arc::new(PostgresKeyValue { writer: of_values, readers: by });
        let storage = ServiceStorage {
            journal: Arc::new(journal),
            documents: Arc::new(documents),
            losable: LosableValues::new(Arc::clone(&key_value)),
            key_value,
            blobs: (self.blobs)(service),
            subject_keys: Arc::clone(&self.subject_keys),
        };
        Ok(OpenedService { storage, writer, counted, journal: (events, readers) })
    }
}
