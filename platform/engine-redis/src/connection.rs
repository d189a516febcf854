//! Connection to one server or to a cluster.

use crate::{RedisOptions, error::ServerError};
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionAddr, ConnectionInfo, Pipeline,
    RedisError, RedisResult, TlsCertificates, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClientBuilder,
    cluster_async::ClusterConnection,
};
use std::time::Duration;
use tokio_rustls::rustls::crypto::ring;

/// Repetitions by the driver of a command that a node of a cluster refers elsewhere.
const CLUSTER_RETRIES_MAX: u32 = 3;
/// Longest pause between two of them, in milliseconds.
const CLUSTER_RETRY_WAIT_MS_MAX: u64 = 100;

/// Open connection. Clones share it; each answer finds its request.
#[derive(Clone)]
pub(crate) enum RedisConnection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl RedisConnection {
    pub(crate) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        // The driver reports an answer that is an error within a value, too.
        match self {
            Self::Single(connection) => connection.req_packed_command(command).await,
            Self::Cluster(connection) => connection.req_packed_command(command).await,
        }?
        .extract_error()
    }

    /// Sends commands whose keys have one tag; fails where one of them does.
    pub(crate) async fn send_all(&mut self, pipeline: &Pipeline) -> RedisResult<Value> {
        let answers: Vec<Value> = match self {
            Self::Single(connection) => pipeline.query_async(connection).await,
            Self::Cluster(connection) => pipeline.query_async(connection).await,
        }?;
        Ok(Value::Array(answers))
    }
}

/// How connections are made.
#[derive(Clone, Debug)]
pub(crate) struct RedisConnector {
    pub(crate) options: RedisOptions,
    certificates: TlsCertificates,
}

impl RedisConnector {
    pub(crate) fn new(options: RedisOptions) -> Result<Self, ServerError> {
        // One of the process; another part of it may have been first.
        let _ = ring::default_provider().install_default();
        let content = options.tls.read()?;
        let client = content
            .client
            .map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key });
        let root_cert = content.certificate_authorities;
        let certificates = TlsCertificates { client_tls: client, root_cert };
        Ok(Self { options, certificates })
    }

    /// Connects for calls that end within this time.
    pub(crate) async fn connect(
        &self,
        response_timeout: Option<Duration>,
    ) -> RedisResult<RedisConnection> {
        let mut last = None;
        for server in &self.options.servers {
            match self.connect_to(server, response_timeout).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = Some(error),
            }
        }
        Err(last.expect("a URL names a server"))
    }

    async fn connect_to(
        &self,
        server: &ConnectionInfo,
        response_timeout: Option<Duration>,
    ) -> RedisResult<RedisConnection> {
        let client = match server.addr() {
            ConnectionAddr::TcpTls { .. } => {
                Client::build_with_tls(server.clone(), self.certificates.clone())?
            }
            _ => Client::open(server.clone())?,
        };
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.options.connect_timeout))
            .set_response_timeout(response_timeout);
        let mut single = client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut info = redis::cmd("INFO");
        info.arg("cluster");
        let info: String = info.query_async(&mut single).await?;
        if field(&info, "cluster_enabled") != Some("1") {
            return Ok(RedisConnection::Single(single));
        }
        let mut cluster = ClusterClientBuilder::new(self.options.servers.clone())
            .connection_timeout(self.options.connect_timeout)
            .retries(CLUSTER_RETRIES_MAX)
            .max_retry_wait(CLUSTER_RETRY_WAIT_MS_MAX);
        if let Some(timeout) = response_timeout {
            cluster = cluster.response_timeout(timeout);
        }
        if matches!(server.addr(), ConnectionAddr::TcpTls { .. }) {
            cluster = cluster.certs(self.certificates.clone());
        }
        Ok(RedisConnection::Cluster(cluster.build()?.get_async_connection().await?))
    }

    /// Connects, and checks the version of the server.
    pub(crate) async fn checked(&self) -> Result<RedisConnection, ServerError> {
        match self.connected().await {
            Err(error) => Err(error.probed().await),
            connected => connected,
        }
    }

    async fn connected(&self) -> Result<RedisConnection, ServerError> {
        let server = || self.options.server();
        let failed = |error: &RedisError| ServerError::new(server(), error);
        let connecting = self.connect(Some(self.options.operation_timeout));
        let Ok(connected) = tokio::time::timeout(self.options.connect_timeout, connecting).await
        else {
            return Err(ServerError::Unreachable {
                server: server(),
                reason: "it does not answer in time".to_owned(),
            });
        };
        let mut connection = connected.map_err(|error| failed(&error))?;
        let mut info = redis::cmd("INFO");
        info.arg("server");
        let info = connection.send(&info).await.map_err(|error| failed(&error))?;
        let version = version(info).ok_or_else(|| ServerError::Server {
            server: server(),
            reason: "it does not say which version it is".to_owned(),
        })?;
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < ServerError::VERSION_MIN) {
            return Err(ServerError::Version { server: server(), version });
        }
        Ok(connection)
    }
}

/// Version of the server, or of any node of a cluster, which answers for each.
fn version(info: Value) -> Option<String> {
    let info = match info {
        Value::Map(nodes) => nodes.into_iter().next()?.1,
        info => info,
    };
    let info: String = redis::from_redis_value(info).ok()?;
    field(&info, "redis_version").map(ToOwned::to_owned)
}

/// Field of the answer to `INFO`.
fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}
