//! Failover of the database: its primary is killed under load, and the standby that has every commit is promoted. The shop ends, since it
//! does not know what the standby has, and finds everything that it has acknowledged when it is started again at the same URL.

use super::LOAD_MS;
use crate::{
    run::{Run, RunOptions, RunReport, under_load},
    shop::{Program, Shop},
    storage_fault::StorageFault,
    violation::{CheckResult, Violation, ensure},
};
use rand::Rng;
use std::{
    io,
    ops::Range,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use test_servers::{Durability, PostgresServer};
use tokio::time::Instant;

/// How long there is no primary.
const WITHOUT_PRIMARY_MS: Range<u64> = 0..3_000;
/// Exit code of a shop whose database became another one.
const ENDED: i32 = 1;
/// Time limit for the shop to notice: it asks the server every ten seconds.
const NOTICE_TIMEOUT: Duration = Duration::from_mins(1);

/// Two servers, of which one follows the other.
#[derive(Debug)]
struct ReplicatedDatabase {
    servers: [PostgresServer; 2],
    /// Number of the primary.
    primary: usize,
}

impl ReplicatedDatabase {
    fn start() -> io::Result<Self> {
        let programs = test_servers::postgres_programs()?;
        let start = || PostgresServer::start(&programs, Durability::Full);
        let mut database = Self { servers: [start()?, start()?], primary: 0 };
        database.rejoin()?;
        Ok(database)
    }

    /// URL that names both servers: a connection goes to the one that takes writes.
    fn url(&self) -> String {
        let [one, two] = &self.servers;
        format!("postgres://postgres@{},{}/postgres", one.address(), two.address())
    }

    fn kill_primary(&mut self) -> io::Result<()> {
        self.servers[self.primary].kill()
    }

    fn promote(&mut self) -> io::Result<()> {
        self.primary = 1 - self.primary;
        self.servers[self.primary].promote()
    }

    /// Makes the server that is not the primary its standby.
    fn rejoin(&mut self) -> io::Result<()> {
        let [one, two] = &mut self.servers;
        let (primary, standby) = if self.primary == 0 { (one, two) } else { (two, one) };
        standby.follow(primary)
    }
}

/// Loses the primary of the database `options.faults` times, and reads back after each.
pub async fn fail_over(
    program: &Program,
    data: &Path,
    options: &RunOptions,
    mut on_progress: impl FnMut(&str),
) -> CheckResult<RunReport> {
    let database = ReplicatedDatabase::start()?;
    let program = program
        .clone()
        .with("ICOMMERCE_STORAGE__ENGINE", "postgres")
        .with("ICOMMERCE_STORAGE__URL", &database.url())
        .with("ICOMMERCE_STORAGE__MIGRATE_AT_START", "true");
    let database = Arc::new(Mutex::new(database));
    let storage_fault = StorageFault::DatabaseLost;
    let (mut run, mut shop) = Run::start(&program, data, options, storage_fault).await?;
    while run.report.faults < options.faults {
        run.report.faults += 1;
        let step = format!("{}, failover", run.step());
        let context = |violation: Violation| violation.context(&step);
        shop = lose_primary(&mut run, shop, &database).await.map_err(context)?;
        run.quiesce_if_due(&shop, &mut on_progress).await.map_err(context)?;
    }
    run.finish(shop).await
}

async fn lose_primary(
    run: &mut Run,
    mut shop: Shop,
    database: &Arc<Mutex<ReplicatedDatabase>>,
) -> CheckResult<Shop> {
    let client = shop.client.clone();
    let mut within = |range| Duration::from_millis(run.random.random_range(range));
    let (delay, without) = (within(LOAD_MS), within(WITHOUT_PRIMARY_MS));
    under_load(&mut run.workload, &client, async {
        tokio::time::sleep(delay).await;
        shop.check_running()?;
        change(database, ReplicatedDatabase::kill_primary).await?;
        tokio::time::sleep(without).await;
        change(database, ReplicatedDatabase::promote).await?;
        wait_until_ended(&mut shop).await
    })
    .await?;
    drop(shop);
    let shop = run.restart_and_read_back().await?;
    let client = shop.client.clone();
    // The former primary comes back while the shop sells.
    under_load(&mut run.workload, &client, change(database, ReplicatedDatabase::rejoin)).await?;
    Ok(shop)
}

/// Changes the servers on another thread, while the load goes on.
async fn change(
    database: &Arc<Mutex<ReplicatedDatabase>>,
    change: impl FnOnce(&mut ReplicatedDatabase) -> io::Result<()> + Send + 'static,
) -> CheckResult {
    let database = Arc::clone(database);
    let changed = tokio::task::spawn_blocking(move || {
        change(&mut database.lock().unwrap_or_else(PoisonError::into_inner))
    });
    Ok(changed.await.map_err(|error| Violation::new(error.to_string()))??)
}

/// Waits until the shop has ended because its database became another one.
async fn wait_until_ended(shop: &mut Shop) -> CheckResult {
    let until = Instant::now() + NOTICE_TIMEOUT;
    loop {
        if let Some(status) = shop.try_wait()? {
            return ensure(status.code() == Some(ENDED), || {
                format!("the shop ended with {status}")
            });
        }
        ensure(
            Instant::now() < until,
            || "the shop goes on with a database that became another one",
        )?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
