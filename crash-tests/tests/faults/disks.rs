//! Storage faults: disks that lose their power, and disks that fill up.

use crate::{options, program};
use crash_tests::{Disk, DiskReserve, FileSystem, cut_power, fill_disk, small_disk};

#[tokio::test(flavor = "multi_thread")]
async fn a_power_loss_on_ext4_loses_nothing_acknowledged() {
    lose_power(FileSystem::Ext4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_loss_on_xfs_loses_nothing_acknowledged() {
    lose_power(FileSystem::Xfs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_writes_are_rejected_and_reads_go_on() {
    fill(DiskReserve::Enabled).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_without_a_reserve_does_no_damage() {
    fill(DiskReserve::Disabled).await;
}

async fn lose_power(file_system: FileSystem) {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::create_or_skip(folder.path(), file_system) else { return };
    let report = cut_power(&program(), &disk, &options(3), |_| {}).await;
    println!("{}", report.unwrap_or_else(|violation| panic!("{violation}")));
}

async fn fill(reserve: DiskReserve) {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::create_or_skip(folder.path(), small_disk(1)) else { return };
    let report = fill_disk(&program(), &disk, reserve, &options(1), |_| {}).await;
    println!("{}", report.unwrap_or_else(|violation| panic!("{violation}")));
}
