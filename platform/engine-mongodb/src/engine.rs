//! Engine: the document stores of all services of a process in one database.

use crate::{MongoError, MongoOptions, documents::MongoDocuments, error::message};
use mongodb::{
    Client, Database,
    bson::{Document, doc},
    options::{ClientOptions, ReadConcern, Tls, TlsOptions},
};
use std::{sync::Arc, time::Duration};
use storage::{Documents, StorageError};
use tokio::sync::Semaphore;

/// Collection with the layout of all the others.
const LAYOUT: &str = "icommerce";
/// Line with which a certificate in PEM begins.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";
/// Key of the layout.
const LAYOUT_KEY: &str = "layout";

/// Document stores on MongoDB. Clones share the same connections.
#[derive(Clone, Debug)]
pub struct MongoEngine {
    pub(crate) connection: Arc<MongoConnection>,
}

/// Connections to the database, with their limits.
#[derive(Debug)]
pub(crate) struct MongoConnection {
    pub(crate) database: Database,
    pub(crate) operations: Semaphore,
    pub(crate) operation_timeout: Duration,
    /// Hosts and database, for messages.
    server: String,
}

impl MongoEngine {
    /// Opens the stores, in a database that may be empty.
    ///
    /// # Errors
    ///
    /// [`MongoError`], by variant.
    pub async fn open(options: MongoOptions) -> Result<Self, MongoError> {
        let hosts = options.hosts();
        match Self::connected(options).await {
            Err(error) => Err(error.probed(&hosts).await),
            opened => opened,
        }
    }

    async fn connected(options: MongoOptions) -> Result<Self, MongoError> {
        let server = options.server().to_owned();
        check_certificates(&options)?;
        let failed = |error: mongodb::error::Error| MongoError::new(&server, &error);
        let client = client(&options).await.map_err(failed)?;
        let database = client.database(&options.database);
        let opened = async {
            let information = database.run_command(doc! { "buildInfo": 1 }).await?;
            let layout = layout_of(&database).await?;
            Ok((information, layout))
        };
        let opened = tokio::time::timeout(options.operation_timeout, opened).await;
        let opened = opened.map_err(|_| MongoError::Unreachable {
            server: server.clone(),
            reason: format!("no answer within {:?}", options.operation_timeout),
        })?;
        let (information, layout) = opened.map_err(failed)?;
        let version = information.get_str("version").unwrap_or("unknown").to_owned();
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < MongoError::VERSION_MIN) {
            return Err(MongoError::Version { server, version });
        }
        match layout {
            Some(found) if found > MongoError::LAYOUT => {
                return Err(MongoError::Layout { server, found });
            }
            Some(_) => {}
            None => mark_layout(&database).await.map_err(failed)?,
        }
        Ok(Self {
            connection: Arc::new(MongoConnection {
                database,
                operations: Semaphore::new(options.operations_max),
                operation_timeout: options.operation_timeout,
                server,
            }),
        })
    }

    /// Asks the server whether it is there, as a health check does.
    ///
    /// # Errors
    ///
    /// [`StorageError::Unavailable`] where it does not answer within the time of an operation.
    pub async fn ping(&self) -> Result<(), StorageError> {
        let MongoConnection { database, operation_timeout, server, .. } = &*self.connection;
        let named = |reason| StorageError::Unavailable(format!("MongoDB at {server}: {reason}"));
        let pinged = database.run_command(doc! { "ping": 1 });
        match tokio::time::timeout(*operation_timeout, pinged).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(named(message(&error))),
            Err(_) => Err(named("it does not answer".to_owned())),
        }
    }

    /// Document store of a service.
    pub fn documents(&self, service: &'static str) -> Arc<dyn Documents> {
        Arc::new(MongoDocuments::new(Arc::clone(&self.connection), service))
    }
}

/// Refuses a file of certificates that cannot be read, or has none: the driver would say it of a connection.
fn check_certificates(options: &MongoOptions) -> Result<(), MongoError> {
    let Some(path) = &options.certificate_authorities else { return Ok(()) };
    let wrong =
        |reason: String| MongoError::Certificates { file: path.display().to_string(), reason };
    let content = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    if content.contains(CERTIFICATE) {
        return Ok(());
    }
    Err(wrong("it has no certificate in PEM".to_owned()))
}

async fn client(options: &MongoOptions) -> mongodb::error::Result<Client> {
    let mut client = ClientOptions::parse(options.connection.clone()).await?;
    client.app_name = Some("icommerce".to_owned());
    client.connect_timeout = Some(options.connect_timeout);
    client.server_selection_timeout = Some(options.connect_timeout);
    client.max_pool_size = Some(options.connections_max);
    // What is read was durable when it was read.
    client.read_concern = Some(ReadConcern::majority());
    if let Some(file) = &options.certificate_authorities {
        // The URL may name a certificate of the client.
        let mut tls = match client.tls.take() {
            Some(Tls::Enabled(tls)) => tls,
            _ => TlsOptions::builder().build(),
        };
        tls.ca_file_path = Some(file.clone());
        client.tls = Some(Tls::Enabled(tls));
    }
    Client::with_options(client)
}

/// Layout of the documents; `None` in a database that is new.
async fn layout_of(database: &Database) -> mongodb::error::Result<Option<i64>> {
    let layouts = database.collection::<Document>(LAYOUT);
    let found = layouts.find_one(doc! { "_id": LAYOUT_KEY }).await?;
    Ok(found.map(|layout| layout.get_i64("number").unwrap_or(i64::MAX)))
}

async fn mark_layout(database: &Database) -> mongodb::error::Result<()> {
    let layouts = database.collection::<Document>(LAYOUT);
    let layout = doc! { "$set": { "number": MongoError::LAYOUT } };
    layouts.update_one(doc! { "_id": LAYOUT_KEY }, layout).upsert(true).await.map(drop)
}
