//! Simulated process: services on one storage engine, the requests and tasks that run in it, and its crash at any
//! moment.

use super::{
    bootstrap::{self, Bootstrap},
    clock::SimulatedClock,
    delivery::{Delivery, DeliveryError},
    network::{Host, Network},
    storage::{OpenStorage, SimulatedStorage, StorageOwner},
};
use crate::{
    environment::{Environment, spawn},
    oracle::Oracle,
    plan::ShopSettings,
    rng::SimRng,
};
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use parking_lot::Mutex;
use runtime::TaskTracker;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::oneshot,
    task::{AbortHandle, JoinSet},
};
use transport::{RequestHandler, Response};

/// Process of the shop.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) index: usize,
    services: &'static [&'static str],
    clock: SimulatedClock,
    context: ProcessContext,
    state: Mutex<ProcessState>,
    rng: Mutex<SimRng>,
    /// Draws the settings of each life.
    settings_rng: Mutex<SimRng>,
}

/// What all processes share.
#[derive(Debug)]
pub(super) struct ProcessContext {
    pub(super) env: Arc<Environment>,
    pub(super) oracle: Arc<Oracle>,
    pub(super) network: Arc<Network>,
    /// Settings of the first life of each process; every other life draws its own.
    pub(super) settings: ShopSettings,
}

/// Mutable state of a process. It survives crashes.
#[derive(Debug)]
struct ProcessState {
    storage: SimulatedStorage,
    /// How often the process was started.
    incarnation: u64,
    running: Option<Incarnation>,
    is_restart_pending: bool,
    /// Each flush takes at least so many milliseconds until then.
    slow_flush: Option<(u64, u64)>,
    /// Each request takes so many milliseconds longer until then.
    slow_responses: Option<(u64, u64)>,
    flush_failure: Option<FlushFailure>,
}

/// Flush that is going to fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlushFailure {
    /// How many flushes succeed before.
    pub(crate) after: u64,
    /// How many in a thousand of the unflushed sectors survive.
    pub(crate) survived_permille: u64,
    pub(crate) downtime: Duration,
}

/// Running incarnation of a process: everything that ends with a crash.
#[derive(Debug)]
struct Incarnation {
    storage: OpenStorage,
    routers: BTreeMap<&'static str, RequestHandler>,
    tasks: TaskTracker,
    requests: JoinSet<()>,
    workers: Vec<AbortHandle>,
}

impl Process {
    /// Process that does not run yet, on an empty disk.
    pub(super) fn new(
        index: usize,
        services: &'static [&'static str],
        clock: SimulatedClock,
        seed: u64,
        context: ProcessContext,
    ) -> Self {
        let mut rng = SimRng::stream(seed, &format!("process {index}"));
        let state = ProcessState {
            storage: SimulatedStorage::new(&mut rng),
            incarnation: 0,
            running: None,
            is_restart_pending: false,
            slow_flush: None,
            slow_responses: None,
            flush_failure: None,
        };
        let rng = Mutex::new(rng);
        let settings_rng = Mutex::new(SimRng::stream(seed, &format!("settings {index}")));
        Self { index, services, clock, context, state: Mutex::new(state), rng, settings_rng }
    }

    /// Whether a service belongs to this process.
    pub(crate) fn runs(&self, service: &str) -> bool {
        self.services.contains(&service)
    }

    /// Whether the process is running.
    pub(crate) fn is_up(&self) -> bool {
        self.state.lock().running.is_some()
    }

    /// Storage, while the process is running.
    pub(crate) fn storage(&self) -> Option<OpenStorage> {
        self.state.lock().running.as_ref().map(|running| running.storage.clone())
    }

    /// Name in the trace.
    pub(crate) fn name(&self) -> String {
        match self.services {
            [one] => (*one).to_owned(),
            [first, ..] => format!("the process of {first}"),
            [] => "an empty process".to_owned(),
        }
    }

    /// Starts the process on what its disk has.
    pub(super) async fn start(self: &Arc<Self>) -> Result<(), String> {
        let (mut storage, workers, incarnation) = {
            let mut state = self.state.lock();
            state.incarnation += 1;
            let opened = state.storage.open(&mut self.rng.lock());
            let (storage, workers) = opened.map_err(|error| error.to_string())?;
            if let Err(what) = state.storage.check_prefix(&storage) {
                let invariant = "a restart finds a prefix of what was decided";
                self.context.env.report_violation(invariant, what);
            }
            (storage, workers, state.incarnation)
        };
        self.context.oracle.check_durability(self.services, &storage);
        self.context.oracle.observe(self.services, &|name| storage.service(name));
        let workers = storage.spawn_workers(self, workers, incarnation);
        let tasks = TaskTracker::default();
        let seed = self.rng.lock().next_u64();
        let settings = self.settings(incarnation);
        let network = &self.context.network;
        let routers = bootstrap::build_services(Bootstrap {
            settings: &Arc::new(bootstrap::settings(&settings, self.services)?),
            services: self.services,
            storage: &|name| storage.service(name),
            bulk: &|name| storage.bulk(name),
            tasks: &tasks,
            clock: &self.clock,
            seed,
            calls: settings.calls,
            channel: &|service, randomness, metrics| {
                network.channel(self.index, incarnation, service, randomness, metrics)
            },
        })
        .await;
        let mut state = self.state.lock();
        if state.incarnation != incarnation {
            // The process crashed while it was starting.
            tasks.abort_all();
            workers.iter().for_each(AbortHandle::abort);
            return Ok(());
        }
        let routers = routers?;
        let requests = JoinSet::new();
        state.running = Some(Incarnation { storage, routers, tasks, requests, workers });
        drop(state);
        // What was flushed while the services were built, such as an erasure that goes on, had no observer.
        self.flushed();
        Ok(())
    }

    /// Settings of this life of the process.
    fn settings(&self, incarnation: u64) -> ShopSettings {
        if incarnation == 1 {
            return self.context.settings;
        }
        let settings = self.context.settings.redrawn(&mut self.settings_rng.lock());
        let env = &self.context.env;
        if !settings.test_payments {
            env.cover("fault: payment method no longer offered");
        }
        env.cover("fault: settings changed by a restart");
        env.trace(format_args!("{} finds {settings:?}", self.name()));
        settings
    }

    /// Crashes the process. Of what it wrote and did not flush, so many sectors in a thousand survive.
    pub(crate) fn crash(&self, survived_permille: u64) {
        let env = &self.context.env;
        let mut state = self.state.lock();
        let Some(mut running) = state.running.take() else { return };
        running.requests.abort_all();
        running.tasks.abort_all();
        running.workers.iter().for_each(AbortHandle::abort);
        state.flush_failure = None;
        let unflushed = running.storage.unflushed_writes();
        let (storage, rng) = (&running.storage, &mut self.rng.lock());
        state.storage.crash(storage, survived_permille, rng, |what| env.cover(what));
        drop(state);
        if unflushed > 0 {
            env.cover("fault: unflushed writes in a crash");
        }
        env.trace(format_args!("{} crashes; {unflushed} writes are not flushed", self.name()));
        // Tasks that were spawned while others were being dropped end as well.
        let tasks = running.tasks;
        spawn(async move {
            for _ in 0..3 {
                tasks.abort_all();
                tokio::task::yield_now().await;
            }
        });
    }

    /// Restarts the process after its downtime.
    pub(crate) fn restart_after(self: &Arc<Self>, downtime: Duration) {
        if std::mem::replace(&mut self.state.lock().is_restart_pending, true) {
            return;
        }
        let process = Arc::clone(self);
        spawn(async move {
            tokio::time::sleep(downtime).await;
            process.state.lock().is_restart_pending = false;
            let env = &process.context.env;
            env.trace(format_args!("{} restarts", process.name()));
            if let Err(error) = process.start().await {
                env.report_violation("processes restart", error);
            }
        });
    }

    /// Drops what runs. Processes hold links to each other, and would keep each other alive for ever.
    pub(super) fn shut_down(&self) {
        let running = self.state.lock().running.take();
        drop(running);
    }

    /// Lets a flush fail, and the process crash with it.
    pub(crate) fn fail_flush(&self, failure: FlushFailure) {
        self.state.lock().flush_failure = Some(failure);
    }

    /// Slows the disk down until a moment.
    pub(crate) fn slow_disk(&self, flush_ms: u64, until_ms: u64) {
        self.state.lock().slow_flush = Some((flush_ms, until_ms));
    }

    /// Delays all responses until a moment.
    pub(crate) fn slow_responses(&self, delay_ms: u64, until_ms: u64) {
        self.state.lock().slow_responses = Some((delay_ms, until_ms));
    }

    /// Lets the clock jump forward.
    pub(crate) fn jump_clock(&self, millis: u64) {
        self.clock.jump(millis);
    }

    /// Withdraws the faults that are still in force.
    pub(crate) fn heal(&self) {
        let mut state = self.state.lock();
        state.slow_flush = None;
        state.slow_responses = None;
        state.flush_failure = None;
    }

    /// Delivers a request as a listener does. It runs to its end even when its caller is gone.
    pub(crate) fn deliver(
        self: Arc<Self>,
        service: &'static str,
        request: http::Request<Body>,
    ) -> Delivery {
        Box::pin(async move {
            let receiver = {
                let mut state = self.state.lock();
                let now = self.context.env.now_ms();
                let slow = state.slow_responses.filter(|(_, until)| now < *until);
                let running = state.running.as_mut().ok_or(DeliveryError::Reset)?;
                let router = running.routers.get(service).cloned().ok_or(DeliveryError::Reset)?;
                let (sender, receiver) = oneshot::channel();
                while running.requests.try_join_next().is_some() {}
                running.requests.spawn(async move {
                    if let Some((delay_ms, _)) = slow {
                        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
                    }
                    let response = web::serve_detached(router, request).await;
                    let (head, body) = response.into_parts();
                    let body = body
                        .collect()
                        .await
                        .map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
                    // The caller may be gone.
                    let _ = sender.send(Response::from_parts(head, body));
                });
                receiver
            };
            receiver.await.map_err(|_| DeliveryError::Reset)
        })
    }
}

impl Host for Process {
    fn runs(&self, service: &str) -> bool {
        self.runs(service)
    }

    fn serves(&self) -> bool {
        self.is_up()
    }

    fn is_running(&self, incarnation: u64) -> bool {
        let state = self.state.lock();
        state.incarnation == incarnation && state.running.is_some()
    }

    fn deliver(self: Arc<Self>, service: &'static str, request: http::Request<Body>) -> Delivery {
        self.deliver(service, request)
    }
}

impl StorageOwner for Process {
    fn flush_latency(&self) -> Duration {
        let env = &self.context.env;
        let rates = env.fault_rates();
        let mut rng = self.rng.lock();
        let mut millis = rng.range(1, 4);
        if rng.chance(rates.slow_flush_permille) {
            env.cover("fault: slow flush");
            millis += rng.range(10, rates.slow_flush_ms_max.max(10));
        }
        if let Some((at_least, until)) = self.state.lock().slow_flush
            && env.now_ms() < until
        {
            millis = millis.max(at_least);
        }
        Duration::from_millis(millis)
    }

    fn background_latency(&self) -> Duration {
        let mut rng = self.rng.lock();
        Duration::from_millis(if rng.chance(900) { rng.range(1, 30) } else { rng.range(30, 900) })
    }

    fn is_current(&self, incarnation: u64) -> bool {
        self.state.lock().incarnation == incarnation
    }

    fn crashes_at_flush(self: &Arc<Self>) -> bool {
        let failure = {
            let mut state = self.state.lock();
            match &mut state.flush_failure {
                Some(failure) if failure.after == 0 => state.flush_failure.take(),
                Some(failure) => {
                    failure.after -= 1;
                    None
                }
                None => None,
            }
        };
        let Some(failure) = failure else { return false };
        if !self.is_up() {
            return false;
        }
        self.context.env.cover("fault: flush failure");
        self.crash(failure.survived_permille);
        self.restart_after(failure.downtime);
        true
    }

    fn flushed(&self) {
        if let Some(storage) = self.storage() {
            self.context.oracle.observe(self.services, &|name| storage.service(name));
        }
    }
}
