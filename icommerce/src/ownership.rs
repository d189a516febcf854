//! Ownership of the services of this process, where several processes with the same services share a database: one serves them, the others
//! stand by and say so, and one of these takes their place when the owner is gone.

use crate::{
    error::CliError, listeners::Listeners, modules, process::ProcessSettings,
    status_endpoints::StatusEndpoints, wiring,
};
use axum::Router;
use parking_lot::Mutex;
use runtime::{TaskTracker, acquire_lease, keep_lease, reclaim_lease};
use settings::Settings;
use sha2::{Digest, Sha256};
use std::{os::unix::ffi::OsStrExt, sync::Arc, time::Duration};
use storage::{LEASE_OWNER_BYTES_MAX, Lease, LeaseEpoch, LeaseTiming};
use telemetry::{
    Criticality, Health, Metrics,
    health_details::{LEASE, LEASE_STATE, OWNER, STANDBY},
};
use tokio::{sync::watch, task::JoinSet};
use web::{Listener, ServeOptions};

/// How long requests that were answered by a process that stood by may take to end.
const STANDBY_DRAIN: Duration = Duration::from_secs(1);
/// How long giving the lease back may take; whoever waits for it has it as soon without that.
const RELEASE_MAX: Duration = Duration::from_secs(1);

/// Which start of its services a process makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// The first one: who owned them at this address is gone.
    First,
    /// Another one, after somebody else had taken them.
    Again,
}

/// Lease that is held: given back by whoever ends what it was taken for, once.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldLease(Arc<Mutex<Option<TakenLease>>>);

/// Lease with the epoch in which it was taken.
#[derive(Debug)]
struct TakenLease {
    lease: Arc<dyn Lease>,
    epoch: LeaseEpoch,
}

impl HeldLease {
    /// Gives the lease back, if there is one, so that another process need not wait for its end.
    pub(crate) async fn release(&self) {
        let Some(TakenLease { lease, epoch }) = self.0.lock().take() else { return };
        let released = tokio::time::timeout(RELEASE_MAX, lease.release(&epoch)).await;
        if !matches!(released, Ok(Ok(()))) {
            tracing::info!("the lease on the services could not be given back and ends by itself");
        }
    }
}

/// Lease of this process on its services.
pub(crate) struct Ownership {
    lease: Arc<dyn Lease>,
    epoch: LeaseEpoch,
    held: HeldLease,
    services: Vec<&'static str>,
    /// Becomes true when another process has the lease.
    lost: watch::Sender<bool>,
    /// Task that renews it, which a shutdown must not end before the services have written their last.
    renewal: JoinSet<()>,
    standby: Standby,
}

impl Ownership {
    /// Waits until this process owns its services, and answers at the listeners meanwhile that it stands by. `None` where no other
    /// process can own them.
    pub(crate) async fn acquire(
        process: &ProcessSettings,
        settings: &Settings,
        listeners: &Listeners,
        (start, held): (Start, &HeldLease),
    ) -> Result<Option<Self>, CliError> {
        let Some((lease, services)) = wiring::lease(process).await? else { return Ok(None) };
        let owner = owner_name(listeners)?;
        let reclaimed = match start {
            Start::First => reclaim_lease(&*lease, &owner).await.map_err(CliError::unavailable)?,
            Start::Again => None,
        };
        let standby = Standby::begin(process, settings, listeners)?;
        let epoch = match reclaimed {
            Some(epoch) => epoch,
            None => acquire_lease(&*lease, &owner, LeaseTiming::default()).await,
        };
        *held.0.lock() = Some(TakenLease { lease: Arc::clone(&lease), epoch: epoch.clone() });
        let (held, lost, renewal) = (held.clone(), watch::Sender::new(false), JoinSet::new());
        Ok(Some(Self { lease, epoch, held, services, lost, renewal, standby }))
    }

    /// Renews the lease from now on, as long as this lives. Returns the services with the epochs with which their storage is opened.
    pub(crate) fn keep(&mut self) -> Vec<(&'static str, i64)> {
        let (lease, epoch, lost) = (Arc::clone(&self.lease), self.epoch.clone(), self.lost.clone());
        self.renewal.spawn(async move {
            keep_lease(&*lease, &epoch, LeaseTiming::default()).await;
            lost.send_replace(true);
        });
        self.services.iter().copied().zip(self.epoch.0.iter().copied()).collect()
    }

    /// Ends the answers that this process stands by: it serves the services itself now, with this health.
    pub(crate) async fn stand_up(&mut self, health: &Health) {
        note_lease(health, OWNER);
        self.standby.end().await;
    }

    /// Completes when another process has the lease.
    pub(crate) async fn lost(&self) {
        let mut lost = self.lost.subscribe();
        // The sender lives as long as this.
        let _ = lost.wait_for(|lost| *lost).await;
    }

    /// Gives the lease back, so that another process need not wait for its end.
    pub(crate) async fn release(mut self) {
        self.renewal.shutdown().await;
        self.held.release().await;
    }
}

impl std::fmt::Debug for Ownership {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Ownership").field("services", &self.services).finish_non_exhaustive()
    }
}

/// Network namespace of the process, and the start of the system that it is on: at one address in it one process listens at a time.
fn network_id() -> String {
    let boot = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = std::fs::read_link("/proc/self/ns/net").unwrap_or_default();
    let digest = Sha256::new().chain_update(boot).chain_update(namespace.as_os_str().as_bytes());
    kernel::hex::encode(&digest.finalize()[..4])
}

/// Name of this process: where it listens, which only one process does at a time.
fn owner_name(listeners: &Listeners) -> Result<String, CliError> {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy().into_owned();
    // A process with the gateway may have no service listener, and has the edges then.
    let listener = listeners.services.as_ref().or(listeners.shop.as_ref());
    let address = listener.map(Listener::local_addr).transpose().map_err(CliError::unavailable)?;
    let address = address.map(|address| address.to_string()).unwrap_or_default();
    let mut name = format!("{address} on {host} {}", network_id());
    while name.len() > LEASE_OWNER_BYTES_MAX {
        name.pop();
    }
    Ok(name)
}

/// Notes in the health of the process how it has the lease.
fn note_lease(health: &Health, state: &'static str) {
    let lease = health.component(LEASE, Criticality::Optional);
    lease.note(LEASE_STATE, state);
    lease.up();
}

/// What a process that stands by serves at its listeners.
struct Standby {
    tasks: Option<TaskTracker>,
}

impl Standby {
    fn begin(
        process: &ProcessSettings,
        settings: &Settings,
        listeners: &Listeners,
    ) -> Result<Self, CliError> {
        let hosts = modules::allowed_hosts(settings).map_err(CliError::usage)?;
        let health = Health::new();
        note_lease(&health, STANDBY);
        let status = StatusEndpoints::new(health, Metrics::new(), hosts);
        // Members of the fleet are told that it stands by; elsewhere a probe learns that the process is well.
        let members = status.clone().routes().fallback(async || web::standing_by());
        let others = status.probes().fallback(async || web::standing_by());
        let tasks = TaskTracker::default();
        tasks.begin();
        let options = ServeOptions { drain_timeout: STANDBY_DRAIN, ..listeners.options(process) };
        let mut listeners = listeners.try_clone()?;
        if let Some(listener) = listeners.services.take() {
            serve(listener, members, options.clone(), &tasks);
        }
        for listener in listeners.into_all() {
            serve(listener, others.clone(), options.clone(), &tasks);
        }
        Ok(Self { tasks: Some(tasks) })
    }

    async fn end(&mut self) {
        if let Some(tasks) = self.tasks.take() {
            tasks.drain(STANDBY_DRAIN).await;
        }
    }
}

fn serve(listener: Listener, router: Router, options: ServeOptions, tasks: &TaskTracker) {
    let mut shutdown = tasks.shutdown_signal();
    tasks.spawn(async move {
        web::serve(listener, router, options, async move { shutdown.wait().await }).await;
    });
}
