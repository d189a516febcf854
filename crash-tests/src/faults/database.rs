//! Faults of the database: killed, restarted, paused, slow or cut off under load, alone or together with the shop. Callers are told to
//! come back, and nothing is lost or doubled.

use super::LOAD_MS;
use crate::{
    run::{Run, RunOptions, RunReport, under_load},
    shop::{Program, Shop},
    storage_fault::StorageFault,
    violation::{CheckResult, Violation},
};
use rand::Rng;
use std::{collections::BTreeMap, ops::Range, path::Path, time::Duration};
use test_servers::{Durability, PostgresServer, Proxy, ToxiproxyServer};

/// How long a fault lasts.
const FAULT_MS: Range<u64> = 0..1_500;
/// Share of long faults, which outlast the retries of the engine: one in this many.
const LONG_ONE_IN: u32 = 10;
const LONG_MS: Range<u64> = 8_000..14_000;
/// Delay of a slow database.
const LATENCY_MS: Range<u64> = 20..400;
/// Load that goes on when the database is back.
const AFTERWARDS_MS: Range<u64> = 50..400;

/// `PostgreSQL` server with a proxy before it.
#[derive(Debug)]
pub struct Database {
    server: PostgresServer,
    proxy: Proxy,
    /// Runs as long as its proxy.
    _toxiproxy: ToxiproxyServer,
}

/// What happens to the database, and to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum DatabaseFault {
    /// SIGKILL of the database, which recovers when it starts.
    Kill,
    /// Stop as an operator does it, which rolls back what is under way.
    Restart,
    /// SIGSTOP of the database and all its processes: connections stay open, and nothing answers.
    Pause,
    /// Answers that come late.
    Slow,
    /// Connections that end, and are refused.
    Cut,
    /// SIGKILL of the shop, whose transactions may still be committed.
    KillShop,
    /// SIGKILL of both.
    KillBoth,
}

impl DatabaseFault {
    const ALL: [Self; 7] = [
        Self::Kill,
        Self::Restart,
        Self::Pause,
        Self::Slow,
        Self::Cut,
        Self::KillShop,
        Self::KillBoth,
    ];

    fn kills_shop(self) -> bool {
        matches!(self, Self::KillShop | Self::KillBoth)
    }
}

impl Database {
    /// Starts the servers whose programs the environment names; `cargo xtask` finds them.
    pub fn start() -> CheckResult<Self> {
        let server = PostgresServer::start(&test_servers::postgres_programs()?, Durability::Full)?;
        let toxiproxy = ToxiproxyServer::start(&test_servers::toxiproxy_program()?)?;
        let proxy = toxiproxy.proxy("database", &server.address())?;
        Ok(Self { server, proxy, _toxiproxy: toxiproxy })
    }

    fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.proxy.address())
    }

    fn begin(&mut self, fault: DatabaseFault, latency: Duration) -> CheckResult {
        match fault {
            DatabaseFault::Kill | DatabaseFault::KillBoth => self.server.kill()?,
            DatabaseFault::Restart => self.server.stop()?,
            DatabaseFault::Pause => self.server.pause()?,
            DatabaseFault::Slow => self.proxy.add_latency(latency)?,
            DatabaseFault::Cut => self.proxy.disable()?,
            DatabaseFault::KillShop => {}
        }
        Ok(())
    }

    fn end(&mut self, fault: DatabaseFault) -> CheckResult {
        match fault {
            DatabaseFault::Kill | DatabaseFault::KillBoth | DatabaseFault::Restart => {
                self.server.run()?;
            }
            DatabaseFault::Pause => self.server.resume()?,
            DatabaseFault::Slow => self.proxy.remove_latency()?,
            DatabaseFault::Cut => self.proxy.enable()?,
            DatabaseFault::KillShop => {}
        }
        Ok(())
    }
}

/// Lets the database of a shop fail `options.faults` times, each kind in turn, and reads back after each.
pub async fn break_database(
    program: &Program,
    data: &Path,
    mut database: Database,
    options: &RunOptions,
    mut on_progress: impl FnMut(&str),
) -> CheckResult<RunReport> {
    let program = program
        .clone()
        .with("ICOMMERCE_STORAGE__ENGINE", "postgres")
        .with("ICOMMERCE_STORAGE__URL", &database.url())
        .with("ICOMMERCE_STORAGE__MIGRATE_AT_START", "true");
    let storage_fault = StorageFault::DatabaseLost;
    let (mut run, mut shop) = Run::start(&program, data, options, storage_fault).await?;
    let (mut counts, mut lasted) = (BTreeMap::new(), Duration::ZERO);
    for fault in DatabaseFault::ALL.into_iter().cycle() {
        if run.report.faults == options.faults {
            break;
        }
        run.report.faults += 1;
        *counts.entry(fault).or_insert(0) += 1;
        let step = format!("{}, {fault:?}", run.step());
        let context = |violation: Violation| violation.context(&step);
        let injection = Injection::random(fault, &mut run.random);
        lasted += injection.length;
        shop = injection.inject(&mut run, shop, &mut database).await.map_err(context)?;
        run.quiesce_if_due(&shop, &mut on_progress).await.map_err(context)?;
    }
    run.report.notes.push(format!("{counts:?}, {:.1} s in all", lasted.as_secs_f64()));
    run.finish(shop).await
}

/// One fault and its times.
struct Injection {
    fault: DatabaseFault,
    /// Load before it.
    delay: Duration,
    length: Duration,
    latency: Duration,
    /// Load after it.
    afterwards: Duration,
}

impl Injection {
    fn random(fault: DatabaseFault, random: &mut impl Rng) -> Self {
        let lengths = if random.random_ratio(1, LONG_ONE_IN) { LONG_MS } else { FAULT_MS };
        let mut within = |range| Duration::from_millis(random.random_range(range));
        Self {
            fault,
            delay: within(LOAD_MS),
            length: within(lengths),
            latency: within(LATENCY_MS),
            afterwards: within(AFTERWARDS_MS),
        }
    }

    async fn inject(
        &self,
        run: &mut Run,
        mut shop: Shop,
        database: &mut Database,
    ) -> CheckResult<Shop> {
        let client = shop.client.clone();
        under_load(&mut run.workload, &client, async {
            tokio::time::sleep(self.delay).await;
            shop.check_running()?;
            if self.fault.kills_shop() {
                shop.kill()?;
            }
            database.begin(self.fault, self.latency)?;
            if self.fault != DatabaseFault::KillShop {
                tokio::time::sleep(self.length).await;
            }
            database.end(self.fault)?;
            tokio::time::sleep(self.afterwards).await;
            Ok(())
        })
        .await?;
        if self.fault.kills_shop() {
            drop(shop);
            return run.restart_and_read_back().await;
        }
        shop.check_running()?;
        run.workload.read_back(&client).await?;
        Ok(shop)
    }
}
