//! Connection to the server, in the schema of one service, with its prepared statements.

use crate::{PostgresOptions, error::DatabaseError};
use parking_lot::Mutex;
use std::{collections::HashMap, future::poll_fn, path::Path, sync::Arc};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, Config, Error, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Settings of each connection. Statements look up a few rows by key: whatever the statistics say, no plan that reads a whole table
/// is better, and none is made twice.
const SESSION: &str = "-c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off \
    -c enable_seqscan=off -c jit=off -c client_min_messages=warning";

/// How connections are made.
#[derive(Clone)]
pub(crate) struct DatabaseConnector {
    pub(crate) options: PostgresOptions,
    tls: MakeRustlsConnect,
    /// Role that connections take, which is that of a service.
    role: Option<String>,
}

impl std::fmt::Debug for DatabaseConnector {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("DatabaseConnector").field(&self.options).finish()
    }
}

/// Open connection.
pub(crate) struct Connection {
    pub(crate) client: Arc<Client>,
    statements: Mutex<HashMap<&'static str, Statement>>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl DatabaseConnector {
    pub(crate) fn new(options: PostgresOptions) -> Result<Self, DatabaseError> {
        let mut roots = RootCertStore::empty();
        match &options.certificate_authorities {
            Some(file) => read_certificates(&mut roots, file)?,
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has the default protocol versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { options, tls: MakeRustlsConnect::new(config), role: None })
    }

    /// The same, whose connections take this role.
    pub(crate) fn with_role(&self, role: &str) -> Self {
        Self { role: Some(role.to_owned()), ..self.clone() }
    }

    /// Connects. `schema` is where the statements find their tables.
    pub(crate) async fn connect(&self, schema: Option<&str>) -> Result<Connection, Error> {
        self.connect_with(schema, None).await
    }

    /// Connects, and passes on what the connection is notified of, as long as there is room for it.
    pub(crate) async fn connect_with(
        &self,
        schema: Option<&str>,
        notifications: Option<mpsc::Sender<String>>,
    ) -> Result<Connection, Error> {
        let mut config: Config = self.options.config.clone();
        config.connect_timeout(self.options.connect_timeout);
        let given = config.get_options().unwrap_or_default().to_owned();
        let session = schema.map(|schema| format!("{SESSION} -c search_path={schema}"));
        let role = self.role.as_ref().map(|role| format!("-c role={role}"));
        let (session, role) = (session.unwrap_or_default(), role.unwrap_or_default());
        config.options(format!("{given} {session} {role}"));
        let (client, mut connection) = config.connect(self.tls.clone()).await?;
        #[expect(clippy::disallowed_methods, reason = "it ends with the connection's client")]
        tokio::spawn(async move {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                match message {
                    Ok(AsyncMessage::Notification(hint)) => {
                        if let Some(notifications) = &notifications {
                            // Without room, or without anybody who listens any more, it is left out.
                            let _ = notifications.try_send(hint.payload().to_owned());
                        }
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(%error, "a connection to PostgreSQL ended");
                        return;
                    }
                }
            }
        });
        Ok(Connection { client: Arc::new(client), statements: Mutex::default() })
    }
}

impl Connection {
    /// Prepared statement, which is prepared once.
    pub(crate) async fn prepared(&self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(statement) = self.statements.lock().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        self.statements.lock().insert(sql, statement.clone());
        Ok(statement)
    }
}

fn read_certificates(roots: &mut RootCertStore, file: &Path) -> Result<(), DatabaseError> {
    let wrong =
        |reason: String| DatabaseError::Certificates { file: file.display().to_string(), reason };
    let mut count = 0;
    for certificate in
        CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?
    {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        count += 1;
    }
    if count == 0 { Err(wrong("there is no certificate in it".to_owned())) } else { Ok(()) }
}
