//! Fault-injection run: a shop under load on one data folder, read back after each fault.

use crate::{
    client::EdgeClient,
    counters::Counters,
    invariants, payment_journal,
    quiescence::CheckScope,
    shop::{Program, Shop},
    storage_fault::StorageFault,
    violation::CheckResult,
    workload::Workload,
};
use rand::{SeedableRng, rngs::StdRng};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// Number of faults, load and seed of a run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Number of faults to inject.
    pub faults: u64,
    /// Seed of the random number generators.
    pub seed: u64,
    /// Number of concurrent customers.
    pub customers: u64,
    /// Number of faults between two quiescent points, at which everything is checked.
    pub quiesce_every: u64,
    /// Number of orders placed before the first fault.
    pub orders: u64,
}

/// Outcome of a run.
#[derive(Clone, Debug, Default)]
pub struct RunReport {
    /// Number of faults injected.
    pub faults: u64,
    /// Remarks about single faults.
    pub notes: Vec<String>,
    /// Requests, responses and verified facts.
    pub counters: Counters,
    quiescent_points: u64,
    orders: usize,
    payments: usize,
    start_times: Vec<Duration>,
    elapsed: Duration,
}

/// Time that a restarted shop is given to resolve payments of unknown outcome with the processor.
const RESOLVE_WAIT: Duration = Duration::from_secs(3);

/// A run in progress.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) random: StdRng,
    pub(crate) workload: Workload,
    pub(crate) report: RunReport,
    /// Whether the followers of feeds are checked as well.
    pub(crate) checks_followers: bool,
    options: RunOptions,
    program: Program,
    data: PathBuf,
    started_at: Instant,
}

impl Run {
    /// Starts the shop and seeds it with products and orders.
    pub(crate) async fn start(
        program: &Program,
        data: &Path,
        options: &RunOptions,
        storage_fault: StorageFault,
    ) -> CheckResult<(Self, Shop)> {
        let started_at = Instant::now();
        let shop = Shop::start(program, data).await?;
        let name = format!("s{}", options.seed);
        let (customers, seed) = (options.customers, options.seed);
        let mut workload =
            Workload::create(&shop.client, &name, customers, seed, storage_fault).await?;
        workload.seed_orders(&shop.client, options.orders).await?;
        let run = Self {
            random: StdRng::seed_from_u64(options.seed),
            workload,
            report: RunReport::default(),
            checks_followers: false,
            options: options.clone(),
            program: program.clone(),
            data: data.to_owned(),
            started_at,
        };
        Ok((run, shop))
    }

    /// The current step, as context for a violation.
    pub(crate) fn step(&self) -> String {
        format!("fault {} with seed {}", self.report.faults, self.options.seed)
    }

    /// Starts the shop on the same data folder and reads back what it has acknowledged.
    pub(crate) async fn restart_and_read_back(&mut self) -> CheckResult<Shop> {
        let shop = Shop::start(&self.program, &self.data).await?;
        self.report.start_times.push(shop.start_time);
        self.workload.read_back(&shop.client).await?;
        Ok(shop)
    }

    /// Quiesces and checks recent history when a quiescent point is due.
    pub(crate) async fn quiesce_if_due(
        &mut self,
        shop: &Shop,
        on_progress: &mut impl FnMut(&str),
    ) -> CheckResult {
        if !self.report.faults.is_multiple_of(self.options.quiesce_every) {
            return Ok(());
        }
        self.quiesce(shop, CheckScope::Recent).await?;
        self.report.quiescent_points += 1;
        let (faults, responses) = (self.report.faults, self.workload.counters().acknowledged);
        let (orders, seconds) = (self.workload.orders(), self.started_at.elapsed().as_secs());
        on_progress(&format!(
            "{faults} faults, {responses} responses, {orders} orders, {seconds} s"
        ));
        Ok(())
    }

    async fn quiesce(&mut self, shop: &Shop, scope: CheckScope) -> CheckResult {
        self.workload.quiesce_and_check(&shop.client, scope).await?;
        if self.checks_followers {
            self.workload.check_followers(&shop.client).await?;
        }
        Ok(())
    }

    /// Quiesces, checks the whole history, and stops the shop.
    pub(crate) async fn finish(mut self, shop: Shop) -> CheckResult<RunReport> {
        self.quiesce(&shop, CheckScope::All).await?;
        shop.stop().await?;
        let folder = self.program.topology.payment_data_folder(&self.data);
        if payment_journal::check_no_open_authorisations(&self.program, &folder).is_err() {
            // A payment cancelled before the processor had answered is resolved with growing back-off; a restart
            // resolves it at once.
            let shop = Shop::start(&self.program, &self.data).await?;
            tokio::time::sleep(RESOLVE_WAIT).await;
            shop.stop().await?;
        }
        self.report.payments =
            payment_journal::check_no_open_authorisations(&self.program, &folder)?;
        if let Some(folder) = self.program.topology.whole_data_folder(&self.data) {
            invariants::check_invariants(&self.program, &folder)?;
        }
        self.report.quiescent_points += 1;
        self.report.counters = self.workload.counters();
        self.report.orders = self.workload.orders();
        self.report.elapsed = self.started_at.elapsed();
        Ok(self.report)
    }
}

/// Runs the workload until the fault has been injected.
pub(crate) async fn under_load(
    workload: &mut Workload,
    client: &EdgeClient,
    fault: impl Future<Output = CheckResult>,
) -> CheckResult {
    let stop = AtomicBool::new(false);
    let fault = async {
        let injected = fault.await;
        stop.store(true, Relaxed);
        injected
    };
    let (load, injected) = tokio::join!(workload.run(client, &stop), fault);
    load.and(injected)
}

impl fmt::Display for RunReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { faults, quiescent_points, orders, payments, counters, .. } = self;
        writeln!(formatter, "faults injected        {faults}")?;
        for note in &self.notes {
            writeln!(formatter, "                       {note}")?;
        }
        writeln!(formatter, "quiescent points       {quiescent_points}, nothing left over")?;
        write!(formatter, "{counters}")?;
        writeln!(formatter, "orders, payments       {orders}, {payments}")?;
        let mut sorted = self.start_times.clone();
        sorted.sort_unstable();
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default().as_millis();
        let (median, longest) = (at(sorted.len() / 2), at(sorted.len().saturating_sub(1)));
        let last = self.start_times.last().copied().unwrap_or_default().as_millis();
        writeln!(
            formatter,
            "start time in ms       median {median}, longest {longest}, last {last}"
        )?;
        write!(formatter, "elapsed                {:.0} s", self.elapsed.as_secs_f64())
    }
}
