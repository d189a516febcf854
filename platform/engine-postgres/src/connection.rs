//! Connection to the server, in the schema of one service, with its prepared statements.

use crate::{
    PostgresOptions,
    error::DatabaseError,
    history::HistoryCheck,
    options::{APPLICATION_NAME, FLEET_NAME},
};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::mpsc;
use tokio_postgres::{
    AsyncMessage, Client, Config, Error, Statement, config::SslMode, error::Severity,
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Settings of each connection. Statements look up a few rows by key: whatever the statistics say, no plan that reads a whole table
/// is better, and none is made twice.
const SESSION: &str = "-c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off \
    -c enable_seqscan=off -c jit=off -c client_min_messages=warning \
    -c tcp_keepalives_idle=60 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3";

/// Further settings of connections that are there for many requests, where a server or a proxy that hangs must not keep locks: a
/// transaction whose client says nothing more for as long as a write may take ends, and so does a wait for its locks.
fn bounds(options: &PostgresOptions) -> String {
    let limit = options.write_timeout.as_millis();
    format!("-c idle_in_transaction_session_timeout={limit} -c lock_timeout={limit}")
}

/// Name under which the server lists the connection of the writer of a service.
pub(crate) fn writer_name(service: &str) -> String {
    format!("{APPLICATION_NAME} {service}")
}

/// How connections are made.
#[derive(Clone)]
pub(crate) struct DatabaseConnector {
    pub(crate) options: PostgresOptions,
    tls: MakeRustlsConnect,
    /// Role that connections take, which is that of a service.
    role: Option<String>,
    /// Service that the connections write for, which others see.
    writes_for: Option<&'static str>,
    /// What the server is compared with.
    history: Option<HistoryCheck>,
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
    is_given_up: AtomicBool,
    /// Whether the server has warned of anything.
    is_warned: Arc<AtomicBool>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl DatabaseConnector {
    pub(crate) fn new(options: PostgresOptions) -> Result<Self, DatabaseError> {
        let config = options.tls.client_config()?;
        Ok(Self {
            options,
            tls: MakeRustlsConnect::new(config),
            role: None,
            writes_for: None,
            history: None,
        })
    }

    /// The same, whose connections take this role.
    pub(crate) fn with_role(&self, role: &str) -> Self {
        Self { role: Some(role.to_owned()), ..self.clone() }
    }

    /// The same, whose connections have this name.
    pub(crate) fn named(mut self, name: &str) -> Self {
        self.options.config.application_name(name);
        self
    }

    /// The same for the writer of a service.
    pub(crate) fn of_writer(&self, service: &'static str) -> Self {
        Self { writes_for: Some(service), ..self.clone() }
    }

    /// The same, whose connections compare the history of the server.
    pub(crate) fn with_history(&self, history: Option<HistoryCheck>) -> Self {
        Self { history, ..self.clone() }
    }

    /// Connects. `schema` is where the statements find their tables.
    pub(crate) async fn connect(&self, schema: Option<&str>) -> Result<Connection, Error> {
        self.connect_with(schema, None).await
    }

    /// Connects within the time that a connection may take, for whoever has no deadline of its own: a server whose processes are stopped
    /// still accepts connections.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`].
    pub(crate) async fn connect_in_time(
        &self,
        schema: Option<&str>,
    ) -> Result<Connection, DatabaseError> {
        let (server, limit) = (self.options.server(), self.options.connect_timeout);
        match tokio::time::timeout(limit, self.connect(schema)).await {
            Ok(connected) => connected.map_err(|error| DatabaseError::new(&server, &error)),
            Err(_) => Err(DatabaseError::Silent { server, seconds: limit.as_secs() }),
        }
    }

    /// Connects, and passes on what the connection is notified of, as long as there is room for it.
    pub(crate) async fn connect_with(
        &self,
        schema: Option<&str>,
        notifications: Option<mpsc::Sender<String>>,
    ) -> Result<Connection, Error> {
        let mut config: Config = self.options.config.clone();
        config.connect_timeout(self.options.connect_timeout);
        // Maintenance is no occupant.
        let is_shop = config.get_application_name() == Some(APPLICATION_NAME);
        match self.writes_for {
            Some(service) if is_shop => {
                config.application_name(writer_name(service));
            }
            None if is_shop && self.options.hints => {
                config.application_name(FLEET_NAME);
            }
            _ => {}
        }
        if self.options.tls.is_any() && !self.options.names_ssl_mode {
            // Whoever says whom to trust does not mean a server that has no certificate.
            config.ssl_mode(SslMode::Require);
        }
        let given = config.get_options().unwrap_or_default().to_owned();
        let session = schema.map(|schema| {
            let bounds = self.history.as_ref().map(|_| bounds(&self.options)).unwrap_or_default();
            format!("{SESSION} {bounds} -c search_path={schema}")
        });
        let role = self.role.as_ref().map(|role| format!("-c role={role}"));
        let (session, role) = (session.unwrap_or_default(), role.unwrap_or_default());
        config.options(format!("{given} {session} {role}"));
        // The driver limits how long a connection may take to be made, and not how long its first answers may take.
        let connecting = config.connect(self.tls.clone());
        let connected = tokio::time::timeout(self.options.read_timeout, connecting).await;
        let (client, mut connection) =
            connected.unwrap_or_else(|_| Err(Error::__private_api_timeout()))?;
        let is_warned = Arc::new(AtomicBool::new(false));
        let warned = Arc::clone(&is_warned);
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
                    Ok(AsyncMessage::Notice(notice))
                        if notice.parsed_severity() == Some(Severity::Warning) =>
                    {
                        tracing::warn!(warning = notice.message(), "PostgreSQL warns");
                        warned.store(true, Ordering::Release);
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(%error, "a connection to PostgreSQL ended");
                        return;
                    }
                }
            }
        });
        let connection = Connection {
            client: Arc::new(client),
            statements: Mutex::default(),
            is_given_up: AtomicBool::new(false),
            is_warned,
        };
        if let Some(history) = &self.history {
            history.run(&connection).await?;
        }
        Ok(connection)
    }
}

impl Connection {
    /// Gives the connection up: its server has not answered in time.
    pub(crate) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    /// Whether it is of no use any more.
    pub(crate) fn is_over(&self) -> bool {
        self.client.is_closed() || self.is_given_up.load(Ordering::Relaxed)
    }

    /// Refuses what the server has answered where it has warned: a commit whose wait for its copies was cancelled is answered like any other, and
    /// only a warning tells it from one that they have. What is only a notice does not count.
    ///
    /// # Errors
    ///
    /// That of an answer which did not come; the connection is given up.
    pub(crate) fn check_unwarned(&self) -> Result<(), Error> {
        if self.is_warned.load(Ordering::Acquire) {
            self.give_up();
            return Err(Error::__private_api_timeout());
        }
        Ok(())
    }

    /// Refuses a server of an earlier version than the engine needs, and a database that cannot hold every text.
    pub(crate) async fn check_version(&self, server: &str) -> Result<(), DatabaseError> {
        const VERSION: &str = "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version'), \
            current_setting('server_encoding')";
        let row = self.client.query_one(VERSION, &[]).await;
        let row = row.map_err(|error| DatabaseError::new(server, &error))?;
        if row.get::<_, i32>(0).unsigned_abs() < DatabaseError::VERSION_MIN {
            let (server, version) = (server.to_owned(), row.get(1));
            return Err(DatabaseError::Version { server, version });
        }
        let encoding: String = row.get(2);
        if encoding != "UTF8" {
            return Err(DatabaseError::Encoding { server: server.to_owned(), encoding });
        }
        Ok(())
    }

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
