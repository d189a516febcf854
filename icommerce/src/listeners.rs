//! Listeners of the process: their addresses, who may reach them, and their limits.

use crate::{
    error::CliError,
    listener_tls::{self, FleetTls},
    modules,
    process::{self, ProcessSettings},
    provider_listener::{self, ProviderListener},
};
use runtime::Module;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Deserialize;
use settings::Settings;
use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};
use tls_files::{ClientCertificates, ListenerTls};
use tokio::net::TcpListener;
use web::{ConnectionLimits, Listener, MinimumRate, ServeOptions};

/// Open files that are not for connections of clients: the data folder, logs, connections to other processes.
const OPEN_FILES_RESERVED: u64 = 128;
/// Connections that a listener may have, however few files the process may open.
const CONNECTIONS_MIN: u64 = 16;

/// Port that an address with `https` has where it names none.
const HTTPS_PORT: u16 = 443;
/// Address of the registry where nothing else is said: that of the protocol.
const REGISTRY_ADDRESS: &str = "127.0.0.1:8761";

/// What clients of the registry have to show.
#[derive(Debug, Deserialize)]
pub(crate) struct RegistryAccess {
    user: String,
    token_file: PathBuf,
    tls: RegistryTls,
}

/// TLS of the registry.
#[derive(Debug, Deserialize)]
struct RegistryTls {
    certificate: PathBuf,
    key: PathBuf,
    authority: PathBuf,
}

impl RegistryAccess {
    /// Whether clients of the registry have to show credentials.
    pub(crate) fn is_guarded(settings: &Settings) -> Result<bool, CliError> {
        let Self { user, token_file, tls } = Self::of(settings)?;
        let is_set = |file: &PathBuf| listener_tls::given(file).is_some();
        Ok(!user.is_empty() || is_set(&token_file) || is_set(&tls.authority))
    }

    /// TLS of the registry, if it has any.
    fn tls(settings: &Settings) -> Result<Option<ListenerTls>, CliError> {
        let RegistryTls { certificate, key, authority } = Self::of(settings)?.tls;
        let clients = match listener_tls::given(&authority) {
            Some(authority) => ClientCertificates::Required(authority),
            None => ClientCertificates::NotAsked,
        };
        listener_tls::REGISTRY.open(&certificate, &key, clients)
    }

    fn of(settings: &Settings) -> Result<Self, CliError> {
        settings.section(modules::REGISTRY).map_err(CliError::usage)
    }
}

/// Listeners of the process, those that it needs.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) shop: Option<Listener>,
    pub(crate) operator: Option<Listener>,
    pub(crate) services: Option<Listener>,
    pub(crate) status: Option<Listener>,
    pub(crate) registry: Option<Listener>,
    /// Of the provider of accounts.
    pub(crate) provider: Option<Listener>,
}

/// Address of a listener, with the scheme that is spoken there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListenerAddress {
    pub(crate) scheme: &'static str,
    pub(crate) socket: SocketAddr,
}

impl ListenerAddress {
    /// Address of a listener.
    pub(crate) fn of(listener: &Listener) -> Result<Self, CliError> {
        let socket = listener.local_addr().map_err(CliError::unavailable)?;
        Ok(Self { scheme: listener.scheme(), socket })
    }
}

impl fmt::Display for ListenerAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As browsers write it: their origin has no port where it is that of the scheme.
        let is_plain = self.scheme == "https" && self.socket.port() == HTTPS_PORT;
        match self.socket {
            SocketAddr::V4(address) if is_plain => {
                write!(out, "{}://{}", self.scheme, address.ip())
            }
            SocketAddr::V6(address) if is_plain => {
                write!(out, "{}://[{}]", self.scheme, address.ip())
            }
            address => write!(out, "{}://{address}", self.scheme),
        }
    }
}

impl Listeners {
    /// Binds the ports of the process with these settings.
    pub(crate) async fn of(settings: &Settings) -> Result<Self, CliError> {
        let process: ProcessSettings = settings.top().map_err(CliError::usage)?;
        let fleet = process.fleet_tls()?;
        Self::bind(&process, settings, &modules::selected(&process)?, fleet.as_ref()).await
    }

    /// Binds the ports.
    async fn bind(
        process: &ProcessSettings,
        settings: &Settings,
        selected: &[&Module],
        fleet: Option<&FleetTls>,
    ) -> Result<Self, CliError> {
        let runs = |name| selected.iter().any(|module| module.name == name);
        let has_gateway = runs(modules::GATEWAY);
        let shop = listener("listen", has_gateway, &process.listen).await?;
        let shop = secured(shop, || process.shop_tls())?;
        let operator = listener("operator_listen", has_gateway, &process.operator_listen).await?;
        let operator = secured(operator, || process.operator_tls())?;
        let has_calls = modules::have_internal_calls(selected);
        let for_peers = !process.service_listen.is_empty() || (!has_gateway && has_calls);
        let (setting, address) = service_address(process);
        let services = listener(setting, for_peers, address).await?;
        let services = secured(services, || Ok(fleet.map(|fleet| fleet.listener.clone())))?;
        let has_status = !process.status_listen.is_empty();
        let status = listener("status_listen", has_status, &process.status_listen).await?;
        let status = secured(status, || process.status_tls())?;
        let registry = match process.registry_listen.as_str() {
            "" => REGISTRY_ADDRESS,
            address => address,
        };
        let registry = listener("registry_listen", runs(modules::REGISTRY), registry).await?;
        let registry = secured(registry, || RegistryAccess::tls(settings))?;
        let address = ProviderListener::address(settings, process, selected)?;
        let (has_own, address) = (address.is_some(), address.unwrap_or_default());
        let provider = listener(provider_listener::LISTEN, has_own, &address).await?;
        let provider = secured(provider, || ProviderListener::tls(settings))?;
        Ok(Self { shop, operator, services, status, registry, provider })
    }

    /// The same sockets once more: who accepts from either takes connections from the same queue.
    pub(crate) fn try_clone(&self) -> Result<Self, CliError> {
        let clone = |listener: &Option<Listener>| {
            listener.as_ref().map(Listener::try_clone).transpose().map_err(CliError::unavailable)
        };
        Ok(Self {
            shop: clone(&self.shop)?,
            operator: clone(&self.operator)?,
            services: clone(&self.services)?,
            status: clone(&self.status)?,
            registry: clone(&self.registry)?,
            provider: clone(&self.provider)?,
        })
    }

    /// Address of the provider's own listener, if there is one.
    pub(crate) fn provider_address(&self) -> Result<Option<ListenerAddress>, CliError> {
        self.provider.as_ref().map(ListenerAddress::of).transpose()
    }

    /// All that there are.
    pub(crate) fn into_all(self) -> impl Iterator<Item = Listener> {
        let Self { shop, operator, services, status, registry, provider } = self;
        [shop, operator, services, status, registry, provider].into_iter().flatten()
    }

    /// Refuses a listener that other machines can reach, where only this one should.
    pub(crate) fn check_reach(
        &self,
        process: &ProcessSettings,
        settings: &Settings,
        has_secret: bool,
    ) -> Result<(), CliError> {
        self.check_sign_in(process, settings)?;
        // Without either anybody who reaches the service listener is a member of the fleet.
        let knows_members = has_secret || self.services.as_ref().is_some_and(Listener::is_secure);
        if let (Some(address), false) = (beyond_loopback(self.services.as_ref())?, knows_members) {
            return Err(CliError::usage(format!(
                "{address} can be reached from other machines, so calls need a credential: set fleet.secret_file or fleet.tls, or listen on loopback"
            ))
            .about(service_address(process).0));
        }
        if let Some(address) = beyond_loopback(self.registry.as_ref())?
            && !RegistryAccess::is_guarded(settings)?
        {
            return Err(CliError::usage(format!(
                "{address} can be reached from other machines, where anybody could register: set registry-service.user and registry-service.password_file, registry-service.token_file or registry-service.tls.authority, or listen on loopback"
            ))
            .about("registry_listen"));
        }
        if let Some(address) = beyond_loopback(self.shop.as_ref())?
            && process::accepts_test_payments(settings)?
            && !process.allow_test_payments_beyond_loopback
        {
            return Err(CliError::usage(format!(
                "{address} can be reached from other machines, and with test payments anybody there orders for nothing: start with --no-demo, or set allow_test_payments_beyond_loopback if this shop is a demonstration"
            ))
            .about("listen"));
        }
        self.warn_of_plain_operators()
    }

    /// Warns of an operator edge at which passwords and tokens cross the network in the clear, beside a shop edge that speaks TLS.
    fn warn_of_plain_operators(&self) -> Result<(), CliError> {
        let is_secure =
            |listener: &Option<Listener>| listener.as_ref().is_some_and(Listener::is_secure);
        if let Some(address) = beyond_loopback(self.operator.as_ref())?
            && is_secure(&self.shop)
            && !is_secure(&self.operator)
        {
            tracing::warn!(%address, "the operator edge can be reached from other machines and speaks no TLS: set operator_tls, or put a proxy with TLS in front of it");
        }
        Ok(())
    }

    /// Refuses an operator edge that asks for no sign-in, but for that of the demonstration on loopback.
    fn check_sign_in(
        &self,
        process: &ProcessSettings,
        settings: &Settings,
    ) -> Result<(), CliError> {
        let asks = modules::operators_sign_in(settings).map_err(CliError::usage)?;
        if asks || self.operator.is_none() || self.is_open_demonstration(process)? {
            return Ok(());
        }
        Err(CliError::usage(
            "--no-auth (api-gateway.operator_sign_in): only the demonstration on loopback does without sign-in; leave it out, or leave out --no-demo and have --operator-listen on loopback",
        ))
    }

    /// Whether the operator edge is that of the demonstration, which only this machine reaches.
    pub(crate) fn is_open_demonstration(
        &self,
        process: &ProcessSettings,
    ) -> Result<bool, CliError> {
        Ok(process.demo && beyond_loopback(self.operator.as_ref())?.is_none())
    }

    /// Options of the listeners of the edges.
    pub(crate) fn edge_options(
        &self,
        process: &ProcessSettings,
        settings: &Settings,
    ) -> Result<ServeOptions, CliError> {
        let connections = modules::connection_limits(settings, self.connections_max(process));
        let connections = connections.map_err(CliError::usage)?;
        Ok(ServeOptions { connections, ..self.options(process) })
    }

    /// Options of the other listeners, whose clients are few and known.
    pub(crate) fn options(&self, process: &ProcessSettings) -> ServeOptions {
        let connections_max = self.connections_max(process);
        ServeOptions {
            connections: ConnectionLimits {
                connections_max,
                client_connections_max: connections_max,
                ..ConnectionLimits::default()
            },
            minimum_rate: MinimumRate {
                grace: Duration::from_secs(process.transfer_grace_seconds),
                bytes_per_second_min: process.transfer_bytes_per_second_min,
            },
            drain_timeout: Duration::from_millis(process.drain_timeout_ms),
            ..ServeOptions::default()
        }
    }

    /// Options of the listener of the registry, to which peers may send gzipped bodies.
    pub(crate) fn registry_options(&self, process: &ProcessSettings) -> ServeOptions {
        ServeOptions { content_codings: true, ..self.options(process) }
    }

    /// Connections that each listener may have: as the setting says, but no more than the process may open files.
    fn connections_max(&self, process: &ProcessSettings) -> usize {
        let Self { shop, operator, services, status, registry, provider } = self;
        let all = [shop, operator, services, status, registry, provider];
        let listeners = all.into_iter().flatten().count().max(1) as u64;
        let files = open_files_max().saturating_sub(OPEN_FILES_RESERVED) / listeners;
        let files = usize::try_from(files.max(CONNECTIONS_MIN)).unwrap_or(usize::MAX);
        process.connections_max.min(files)
    }
}

/// Address of the service listener, and the setting that it comes from: without one of its own it has that of the shop edge, which is
/// then not in this process.
fn service_address(process: &ProcessSettings) -> (&'static str, &str) {
    match process.service_listen.as_str() {
        "" => ("listen", &process.listen),
        address => ("service_listen", address),
    }
}

/// Raises the limit of open files as far as the operating system lets a process do so itself, and returns it.
fn open_files_max() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // Where it cannot be raised, it stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Address of a listener that other machines can reach.
fn beyond_loopback(listener: Option<&Listener>) -> Result<Option<SocketAddr>, CliError> {
    let Some(listener) = listener else { return Ok(None) };
    let address = listener.local_addr().map_err(CliError::unavailable)?;
    Ok((!address.ip().to_canonical().is_loopback()).then_some(address))
}

/// The same listener, with TLS where the settings name a certificate for it.
fn secured(
    listener: Option<Listener>,
    tls: impl FnOnce() -> Result<Option<ListenerTls>, CliError>,
) -> Result<Option<Listener>, CliError> {
    let Some(listener) = listener else { return Ok(None) };
    Ok(Some(match tls()? {
        Some(tls) => listener.with_tls(tls),
        None => listener,
    }))
}

async fn listener(
    setting: &'static str,
    is_needed: bool,
    address: &str,
) -> Result<Option<Listener>, CliError> {
    if !is_needed {
        return Ok(None);
    }
    let address: SocketAddr = address.parse().map_err(|_| {
        let expected = "is not an address and port, such as 127.0.0.1:8080";
        CliError::usage(format!("{address:?} {expected}")).about(setting)
    })?;
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener.into())),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            Err(CliError::unavailable(format!(
                "{address} is already in use; stop the other process, or choose another port, of which 0 picks a free one"
            ))
            .about(setting))
        }
        Err(error) => {
            let message = format!("cannot listen on {address}: {error}");
            Err(CliError::unavailable(message).about(setting))
        }
    }
}
