//! Full-disk fault: writes must be rejected with a clear response, reads must go on, and normal service must resume
//! once there is space again.

use super::LOAD_MS;
use crate::{
    client::EdgeClient,
    counters::Counters,
    disk::{Disk, FileSystem},
    run::{Run, RunOptions, RunReport, under_load},
    shop::{Program, Shop},
    storage_fault::StorageFault,
    violation::{CheckResult, Violation, ensure},
};
use rand::Rng;
use std::{fs, io::ErrorKind, path::PathBuf, time::Duration};
use tokio::time::Instant;

/// Size of the test disk without what the load of each fault leaves on it: small, so that it fills up soon.
const DISK_BYTES: u64 = 64 << 20;
/// What the load of one fault leaves at most: what it takes to fill the disk, and what comes when there is room again.
const FAULT_BYTES: u64 = 16 << 20;
/// Size of the disk reserve at which the shop stops writing, where the reserve is enabled.
const RESERVE_BYTES: u64 = 12 << 20;
/// Space above the reserve that the load has to use up.
const FREE_BYTES: u64 = 6 << 20;
/// Time limit for the load to use up the free space.
const FILL_TIMEOUT: Duration = Duration::from_mins(2);
/// Duration of the full disk where there is no reserve.
const FULL_DURATION: Duration = Duration::from_millis(700);
/// Time limit for the process to exit after a failed flush.
const EXIT_TIMEOUT: Duration = Duration::from_secs(20);
/// Number of `storage_full` responses after which the disk counts as full.
const REJECTIONS_MIN: u64 = 100;

/// Test disk for so many faults.
pub fn small_disk(faults: u64) -> FileSystem {
    FileSystem::Tmpfs { bytes: DISK_BYTES + faults * FAULT_BYTES }
}

/// Disk reserve of the shop, enabled or disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskReserve {
    /// Writing stops before the disk is full.
    Enabled,
    /// The space disappears from one moment to the next, so that a flush may fail with `ENOSPC`.
    Disabled,
}

/// Fills the disk and frees it again `options.faults` times, and reads back after each.
pub async fn fill_disk(
    program: &Program,
    disk: &Disk,
    reserve: DiskReserve,
    options: &RunOptions,
    mut on_progress: impl FnMut(&str),
) -> CheckResult<RunReport> {
    let (reserve_bytes, storage_fault) = match reserve {
        DiskReserve::Enabled => (RESERVE_BYTES, StorageFault::DiskFull),
        DiskReserve::Disabled => (0, StorageFault::DiskLost),
    };
    let program = program.clone().with("ICOMMERCE_DISK_RESERVE_BYTES", &reserve_bytes.to_string());
    let fill_file = FillFile { path: disk.path().join("fill-file"), disk };
    let data = disk.path().join("data");
    let (mut run, mut shop) = Run::start(&program, &data, options, storage_fault).await?;
    while run.report.faults < options.faults {
        run.report.faults += 1;
        let step = run.step();
        let context = |violation: Violation| violation.context(&step);
        shop = match reserve {
            DiskReserve::Enabled => fill_with_reserve(&mut run, shop, &fill_file).await,
            DiskReserve::Disabled => fill_without_reserve(&mut run, shop, &fill_file).await,
        }
        .map_err(context)?;
        run.quiesce_if_due(&shop, &mut on_progress).await.map_err(context)?;
    }
    run.finish(shop).await
}

/// Fills the disk until writes are rejected, reads everything back, and frees the space.
async fn fill_with_reserve(
    run: &mut Run,
    mut shop: Shop,
    fill_file: &FillFile<'_>,
) -> CheckResult<Shop> {
    let client = shop.client.clone();
    let before = run.workload.counters().storage_full;
    fill_file.fill_leaving(RESERVE_BYTES + FREE_BYTES)?;
    load_until(run, &client, |counters| counters.storage_full >= before + REJECTIONS_MIN).await?;
    shop.check_running()?;
    run.workload.read_back(&client).await?;
    fill_file.remove()?;
    // Rejected requests are retried, and new ones are sent.
    under_load(&mut run.workload, &client, async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(())
    })
    .await?;
    run.workload.read_back(&client).await?;
    Ok(shop)
}

/// Takes all space away at once. Either the shop notices in time and rejects writes, or a flush fails and it exits.
async fn fill_without_reserve(
    run: &mut Run,
    mut shop: Shop,
    fill_file: &FillFile<'_>,
) -> CheckResult<Shop> {
    let client = shop.client.clone();
    let load = Duration::from_millis(run.random.random_range(LOAD_MS));
    let mut exit_status = None;
    under_load(&mut run.workload, &client, async {
        tokio::time::sleep(load).await;
        fill_file.fill_leaving(0)?;
        tokio::time::sleep(FULL_DURATION).await;
        exit_status = shop.try_wait()?;
        Ok(())
    })
    .await?;
    if exit_status.is_none() {
        let checked = run.workload.read_back(&client).await;
        // The process may also exit during the read-back, a moment after its last response.
        let started_at = Instant::now();
        while checked.is_err() && exit_status.is_none() && started_at.elapsed() < EXIT_TIMEOUT {
            tokio::time::sleep(Duration::from_millis(20)).await;
            exit_status = shop.try_wait()?;
        }
        checked.or_else(|violation| exit_status.map(drop).ok_or(violation))?;
    }
    let Some(status) = exit_status else {
        fill_file.remove()?;
        return Ok(shop);
    };
    ensure(status.code() == Some(1), || format!("on a full disk the shop exited with {status}"))?;
    run.report.notes.push(format!("{}: a flush failed", run.step()));
    drop(shop);
    fill_file.remove()?;
    run.restart_and_read_back().await
}

async fn load_until(
    run: &mut Run,
    client: &EdgeClient,
    enough: impl Fn(&Counters) -> bool,
) -> CheckResult {
    let started_at = Instant::now();
    while !enough(&run.workload.counters()) {
        ensure(
            started_at.elapsed() < FILL_TIMEOUT,
            || "the disk does not fill up, or no response says so",
        )?;
        under_load(&mut run.workload, client, async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// A file that takes up the free space of a disk.
struct FillFile<'a> {
    path: PathBuf,
    disk: &'a Disk,
}

impl FillFile<'_> {
    /// Fills the disk until only `free` bytes are left.
    fn fill_leaving(&self, free: u64) -> CheckResult {
        let size = self.disk.free_bytes()?.saturating_sub(free);
        // The shop may write meanwhile and take some of that space; the disk is just as full then.
        match fs::write(&self.path, vec![0; usize::try_from(size).unwrap_or(usize::MAX)]) {
            Err(error) if error.kind() != ErrorKind::StorageFull => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn remove(&self) -> CheckResult {
        Ok(fs::remove_file(&self.path)?)
    }
}
