//! Simulated process that shares its services with others: it owns them, or stands by, as the real program does (`icommerce serve`). Who
//! owns them is for the real code of the lease to say.

use super::{
    bootstrap::{self, Bootstrap},
    clock::SimulatedClock,
    database::{OpenDatabase, SimulatedDatabase, SimulatedLease},
    delivery::{Delivery, DeliveryError},
    network::{Host, Network},
    pause::PauseGate,
    process::ProcessContext,
};
use crate::{environment::spawn, oracle, plan::ShopSettings, rng::SimRng};
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use parking_lot::Mutex;
use runtime::{TaskTracker, acquire_lease, keep_lease, reclaim_lease};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use storage::{Lease, LeaseEpoch, LeaseTiming};
use tokio::{
    sync::{oneshot, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use transport::{RequestHandler, Response};

/// How long requests and tasks may take to end once another process owns the services, as by default in the real program.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);
/// Between two looks whether requests have ended.
const DRAIN_POLL: Duration = Duration::from_millis(20);
/// How long a former owner may go on reading from memory after a pause, and after the database is reached again: a renewal that is under
/// way, and the pause before it.
const AFTER_PAUSE_MS: u64 = 500;
const AFTER_CUT_MS: u64 = 2_500;
/// How long giving the lease back may take, as in the real program.
const RELEASE_MAX: Duration = Duration::from_secs(1);
/// Time after which a supervisor starts a process again that has ended.
const SUPERVISED_RESTART: Duration = Duration::from_secs(1);

/// Process of the shop beside others with the same services.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) index: usize,
    services: &'static [&'static str],
    /// Whether one process owns the services; otherwise all of them serve.
    is_leased: bool,
    pub(crate) database: Arc<SimulatedDatabase>,
    clock: SimulatedClock,
    context: ProcessContext,
    gate: Arc<PauseGate>,
    state: Mutex<InstanceState>,
    rng: Mutex<SimRng>,
    /// Draws the settings of each life.
    settings_rng: Mutex<SimRng>,
}

#[derive(Debug)]
struct InstanceState {
    /// How often the process was started.
    incarnation: u64,
    running: Option<Life>,
    is_restart_pending: bool,
    /// How often the process was paused.
    pauses: u64,
    /// When the last pause ended.
    resumed_ms: Option<u64>,
    /// Whether it waits for what it has under way, after another one has taken its services.
    is_leaving: bool,
    /// Each request takes so many milliseconds longer until then.
    slow_responses: Option<(u64, u64)>,
}

/// Life of a process: everything that ends with a crash.
#[derive(Debug)]
struct Life {
    role: watch::Sender<Role>,
    /// Tasks of its services.
    tasks: TaskTracker,
    requests: JoinSet<()>,
    main: JoinSet<()>,
}

/// Role of a process.
#[derive(Clone, Debug)]
enum Role {
    /// It listens, and answers nothing so far: it starts, or stops serving.
    Silent,
    StandingBy,
    /// It has the lease, and loads its services.
    TakingOver,
    Serving(Arc<Serving>),
}

/// Services that are served.
#[derive(Debug)]
struct Serving {
    routers: BTreeMap<&'static str, RequestHandler>,
    epoch: Option<i64>,
    /// Becomes true when requests that are under way are cut off.
    is_cut: watch::Sender<bool>,
}

impl Instance {
    /// Process that does not run yet.
    pub(super) fn new(
        index: usize,
        is_leased: bool,
        database: Arc<SimulatedDatabase>,
        clock: SimulatedClock,
        seed: u64,
        context: ProcessContext,
    ) -> Self {
        let state = InstanceState {
            incarnation: 0,
            running: None,
            is_restart_pending: false,
            pauses: 0,
            resumed_ms: None,
            is_leaving: false,
            slow_responses: None,
        };
        Self {
            index,
            services: database.services,
            is_leased,
            database,
            clock,
            context,
            gate: Arc::default(),
            state: Mutex::new(state),
            rng: Mutex::new(SimRng::stream(seed, &format!("process {index}"))),
            settings_rng: Mutex::new(SimRng::stream(seed, &format!("settings {index}"))),
        }
    }

    /// Whether a service belongs to this process.
    pub(crate) fn runs(&self, service: &str) -> bool {
        self.services.contains(&service)
    }

    /// Whether one process owns its services.
    pub(crate) fn is_leased(&self) -> bool {
        self.is_leased
    }

    /// Whether the process is running.
    pub(crate) fn is_up(&self) -> bool {
        self.state.lock().running.is_some()
    }

    /// Whether the process is paused.
    pub(crate) fn is_paused(&self) -> bool {
        self.gate.is_closed()
    }

    /// Whether the process serves its services, as far as it knows.
    pub(crate) fn serves(&self) -> bool {
        matches!(self.role(), Some(Role::Serving(_)))
    }

    /// Epoch in which the process serves.
    pub(crate) fn epoch(&self) -> Option<i64> {
        match self.role() {
            Some(Role::Serving(serving)) => serving.epoch,
            _ => None,
        }
    }

    /// Whether the process serves in this epoch, and nothing keeps it from renewing its lease.
    pub(crate) fn owns(&self, epoch: i64) -> bool {
        let is_current = self.epoch() == Some(epoch) && !self.is_paused();
        is_current && self.database.hears_renewals_of(self.index)
    }

    /// Whether nothing keeps the process from taking over. One that is superseded may still wait for what it has under way.
    pub(crate) fn can_take_over(&self) -> bool {
        let is_leaving = self.state.lock().is_leaving;
        self.is_up() && !self.is_paused() && !is_leaving && self.database.is_reached_by(self.index)
    }

    /// Whether the process stands by for the owner.
    pub(crate) fn stands_by(&self) -> bool {
        matches!(self.role(), Some(Role::StandingBy))
    }

    fn role(&self) -> Option<Role> {
        self.state.lock().running.as_ref().map(|life| life.role.borrow().clone())
    }

    /// Name in the trace, and in the lease.
    pub(crate) fn name(&self) -> String {
        let first = self.services.first().copied().unwrap_or("nothing");
        format!("process {} of {first}", self.index)
    }

    /// Starts the process.
    pub(super) fn start(self: &Arc<Self>) -> Result<(), String> {
        let (seed, tasks) = (self.rng.lock().next_u64(), self.tracker());
        let mut state = self.state.lock();
        state.incarnation += 1;
        state.is_leaving = false;
        let incarnation = state.incarnation;
        let shop = self.settings(incarnation);
        let settings = Arc::new(bootstrap::settings(&shop, self.services)?);
        let mut main = JoinSet::new();
        let start = Start { process: Arc::clone(self), incarnation, seed, shop, settings };
        main.spawn(self.gate.through(start.live()));
        let (role, requests) = (watch::Sender::new(Role::Silent), JoinSet::new());
        state.running = Some(Life { role, tasks, requests, main });
        Ok(())
    }

    /// Tracker of tasks that pause with the process.
    fn tracker(&self) -> TaskTracker {
        let gate = Arc::clone(&self.gate);
        TaskTracker::wrapping(move |task| Box::pin(gate.through(task)))
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

    /// Sets the role, unless the process has crashed since.
    fn set_role(&self, incarnation: u64, role: Role) {
        let state = self.state.lock();
        if state.incarnation == incarnation
            && let Some(life) = &state.running
        {
            life.role.send_replace(role);
        }
    }

    /// Tells of the tasks that a crash ends.
    fn set_tasks(&self, incarnation: u64, tasks: &TaskTracker) {
        let mut state = self.state.lock();
        if state.incarnation == incarnation
            && let Some(life) = &mut state.running
        {
            life.tasks = tasks.clone();
        }
    }

    /// Kills the process. What it has sent is on its way all the same.
    pub(crate) fn crash(&self) {
        let mut state = self.state.lock();
        let Some(mut life) = state.running.take() else { return };
        drop(state);
        life.main.abort_all();
        life.requests.abort_all();
        life.tasks.abort_all();
        self.gate.open();
        self.context.env.trace(format_args!("{} crashes", self.name()));
        // Tasks that were spawned while others were being dropped end as well.
        let tasks = life.tasks.clone();
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
            sleep(downtime).await;
            process.state.lock().is_restart_pending = false;
            let env = &process.context.env;
            env.trace(format_args!("{} restarts", process.name()));
            if let Err(error) = process.start() {
                env.report_violation("processes restart", error);
            }
        });
    }

    /// Pauses the process for a while.
    pub(crate) fn pause(self: &Arc<Self>, duration: Duration) {
        if !self.is_up() || self.is_paused() {
            return;
        }
        let env = &self.context.env;
        env.cover(if self.serves() { "fault: owner paused" } else { "fault: standby paused" });
        env.trace(format_args!("{} is paused for {} ms", self.name(), duration.as_millis()));
        self.gate.close();
        let pause = {
            let mut state = self.state.lock();
            state.pauses += 1;
            state.pauses
        };
        let process = Arc::clone(self);
        spawn(async move {
            sleep(duration).await;
            if process.state.lock().pauses == pause && process.is_paused() {
                process.context.env.trace(format_args!("{} goes on", process.name()));
                process.resume();
            }
        });
    }

    fn resume(&self) {
        self.state.lock().resumed_ms = Some(self.context.env.now_ms());
        self.gate.open();
    }

    /// Withdraws the faults that are still in force.
    pub(crate) fn heal(&self) {
        if self.is_paused() {
            self.resume();
        }
        self.state.lock().slow_responses = None;
    }

    /// Delays all responses until a moment.
    pub(crate) fn slow_responses(&self, delay_ms: u64, until_ms: u64) {
        self.state.lock().slow_responses = Some((delay_ms, until_ms));
    }

    /// Lets the clock jump forward.
    pub(crate) fn jump_clock(&self, millis: u64) {
        self.clock.jump(millis);
    }

    /// Drops what runs.
    pub(super) fn shut_down(&self) {
        let running = self.state.lock().running.take();
        drop(running);
    }

    /// Delivers a request as a listener does, which is there as long as the process.
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
                let life = state.running.as_mut().ok_or(DeliveryError::Refused)?;
                let (sender, receiver) = oneshot::channel();
                let (role, network) = (life.role.subscribe(), Arc::clone(&self.context.network));
                let (process, path) = (Arc::clone(&self), request.uri().path().to_owned());
                let is_read = request.method() == http::Method::GET;
                while life.requests.try_join_next().is_some() {}
                life.requests.spawn(self.gate.through(async move {
                    if let Some((delay_ms, _)) = slow {
                        sleep(Duration::from_millis(delay_ms)).await;
                    }
                    let response = respond(role, &network, service, request).await;
                    if is_read && let Some(response) = &response {
                        process.check_fresh(&path, response, now);
                    }
                    // The caller may be gone.
                    let _ = response.map(|response| sender.send(response));
                }));
                receiver
            };
            receiver.await.map_err(|_| DeliveryError::Reset)
        })
    }
}

impl Instance {
    /// Checks that a response to a read shows what was flushed before the request arrived. A former owner does not know that it is none any
    /// more for as long as it cannot renew its lease, and until it has after a pause.
    fn check_fresh(&self, path: &str, response: &Response, arrived_ms: u64) {
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        let (env, oracle) = (&self.context.env, &self.context.oracle);
        let Some(stale) = oracle.find_stale(path, &body, arrived_ms) else { return };
        let disturbed = self.database.disturbed_until(self.index) + AFTER_CUT_MS;
        let resumed = self.state.lock().resumed_ms.map_or(0, |at| at + AFTER_PAUSE_MS);
        if env.now_ms() < disturbed {
            env.cover("outcome: stale read of an owner that is cut off");
        } else if env.now_ms() < resumed {
            env.cover("outcome: stale read of an owner that was paused");
        } else {
            env.report_violation(oracle::NO_STALE_READS, stale);
        }
    }
}

/// Response of a process in its role; `None` when the connection is cut.
async fn respond(
    mut role: watch::Receiver<Role>,
    network: &Network,
    service: &'static str,
    request: http::Request<Body>,
) -> Option<Response> {
    let is_silent = |role: &Role| matches!(role, Role::Silent);
    let current = role.wait_for(|role| !is_silent(role)).await.ok()?.clone();
    let response = match current {
        Role::Serving(serving) => {
            let router = serving.routers.get(service).cloned()?;
            let mut is_cut = serving.is_cut.subscribe();
            tokio::select! {
                biased;
                response = web::serve_detached(router, request) => response,
                _ = is_cut.wait_for(|is_cut| *is_cut) => return None,
            }
        }
        Role::Silent | Role::StandingBy | Role::TakingOver => {
            if kernel::defects::planted("standby_acts")
                && let Some(forwarded) = network.forward(service, request)
            {
                drop(forwarded.await);
            }
            web::standing_by()
        }
    };
    let (head, body) = response.into_parts();
    let body = body.collect().await;
    let body = body.map_or_else(|_| Bytes::new(), http_body_util::Collected::to_bytes);
    Some(Response::from_parts(head, body))
}

impl Host for Instance {
    fn runs(&self, service: &str) -> bool {
        self.runs(service)
    }

    fn serves(&self) -> bool {
        self.serves()
    }

    fn is_running(&self, incarnation: u64) -> bool {
        let state = self.state.lock();
        state.incarnation == incarnation && state.running.is_some()
    }

    fn deliver(self: Arc<Self>, service: &'static str, request: http::Request<Body>) -> Delivery {
        self.deliver(service, request)
    }
}

/// Start of a process, and what follows.
struct Start {
    process: Arc<Instance>,
    incarnation: u64,
    seed: u64,
    shop: ShopSettings,
    settings: Arc<settings::Settings>,
}

/// Ownership of the services.
struct Ownership {
    epoch: Option<LeaseEpoch>,
    /// Becomes true when another process has the lease, or writes.
    lost: watch::Sender<bool>,
    _renewal: JoinSet<()>,
}

impl Start {
    /// Owns the services, loses them and stands by for as long as the process lives. A process that cannot serve ends, and is started again.
    async fn live(self) {
        let mut is_first = true;
        while let Ok(()) = self.serve_once(std::mem::take(&mut is_first)).await {}
        self.process.crash();
        self.process.restart_after(SUPERVISED_RESTART);
    }

    /// Serves the services until another process owns them.
    async fn serve_once(&self, is_first: bool) -> Result<(), ()> {
        let Self { process, incarnation, .. } = self;
        let (env, name) = (&process.context.env, process.name());
        let ended = |error: String| env.trace(format_args!("{name} ends: {error}"));
        let ownership = self.acquire(is_first).await.map_err(ended)?;
        process.set_role(*incarnation, Role::TakingOver);
        let tasks = process.tracker();
        let loaded = self.load(&ownership, &tasks).await;
        let (database, routers) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                self.release(&ownership).await;
                env.cover("outcome: take-over failed");
                ended(error);
                return Err(());
            }
        };
        let epoch = ownership.epoch.as_ref().map(|epoch| epoch.0[0]);
        let serving = Arc::new(Serving { routers, epoch, is_cut: watch::Sender::new(false) });
        process.set_role(*incarnation, Role::Serving(Arc::clone(&serving)));
        if process.is_leased {
            env.trace(format_args!("{name} serves in epoch {}", epoch.unwrap_or_default()));
        }
        let mut lost = ownership.lost.subscribe();
        // The sender lives as long as the ownership.
        let _ = lost.wait_for(|lost| *lost).await;
        env.cover("outcome: owner superseded");
        env.trace(format_args!("{name} is superseded"));
        process.set_role(*incarnation, Role::Silent);
        process.state.lock().is_leaving = true;
        drain(serving, &tasks).await;
        process.state.lock().is_leaving = false;
        drop(database);
        self.release(&ownership).await;
        Ok(())
    }

    /// Waits until this process owns the services, and renews the lease from then on.
    async fn acquire(&self, is_first: bool) -> Result<Ownership, String> {
        let Self { process, incarnation, .. } = self;
        let (lost, mut renewal) = (watch::Sender::new(false), JoinSet::new());
        if !process.is_leased {
            return Ok(Ownership { epoch: None, lost, _renewal: renewal });
        }
        let (lease, timing) = (self.lease(), LeaseTiming::default());
        let owner = process.name();
        let reclaimed = if is_first { reclaim_lease(&lease, &owner).await } else { Ok(None) };
        let reclaimed = reclaimed.map_err(|error| error.to_string())?;
        process.set_role(*incarnation, Role::StandingBy);
        let epoch = match reclaimed {
            Some(epoch) => epoch,
            None => acquire_lease(&lease, &owner, timing).await,
        };
        let (kept, is_lost) = (epoch.clone(), lost.clone());
        renewal.spawn(process.gate.through(async move {
            keep_lease(&lease, &kept, timing).await;
            is_lost.send_replace(true);
        }));
        Ok(Ownership { epoch: Some(epoch), lost, _renewal: renewal })
    }

    fn lease(&self) -> SimulatedLease {
        SimulatedLease::new(Arc::clone(&self.process.database), self.process.index)
    }

    /// Opens the database, and builds the services on what it has.
    async fn load(
        &self,
        ownership: &Ownership,
        tasks: &TaskTracker,
    ) -> Result<(OpenDatabase, BTreeMap<&'static str, RequestHandler>), String> {
        let Self { process, incarnation, seed, shop, settings } = self;
        let Instance { index, services, database, clock, context, gate, .. } = &**process;
        process.set_tasks(*incarnation, tasks);
        let epoch = ownership.epoch.as_ref().map(|epoch| epoch.0[0]);
        let opened = OpenDatabase::open(database, (*index, epoch), gate, &ownership.lost);
        let opened = opened.await?;
        let routers = bootstrap::build_services(Bootstrap {
            settings,
            services,
            storage: &|name| opened.service(name),
            bulk: &|name| opened.bulk(name),
            tasks,
            clock,
            // What is drawn in one ownership is not drawn again in the next one.
            seed: seed.wrapping_add(epoch.unwrap_or_default().unsigned_abs()),
            calls: shop.calls,
            channel: &|service, randomness, metrics| {
                context.network.channel(*index, *incarnation, service, randomness, metrics)
            },
        })
        .await?;
        Ok((opened, routers))
    }

    /// Gives the lease back, so that another process need not wait for its end.
    async fn release(&self, ownership: &Ownership) {
        let Some(epoch) = &ownership.epoch else { return };
        // Whoever waits for it has it as soon without that.
        let _ = timeout(RELEASE_MAX, self.lease().release(epoch)).await;
    }
}

/// Waits until the requests and tasks of services that are no longer served have ended, and cuts off those that do not.
async fn drain(serving: Arc<Serving>, tasks: &TaskTracker) {
    tasks.stop();
    let deadline = Instant::now() + DRAIN_TIMEOUT;
    while Arc::strong_count(&serving) > 1 && Instant::now() < deadline {
        sleep(DRAIN_POLL).await;
    }
    serving.is_cut.send_replace(true);
    tasks.drain(deadline.saturating_duration_since(Instant::now())).await;
}
