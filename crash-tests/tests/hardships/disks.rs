//! Disks that lose their power, and disks that fill up.

use crate::{program, terms};
use crash_tests::{DISK_BYTES, Disk, FileSystem, Warning, full_disk, power};
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn a_power_failure_on_ext4_loses_nothing_acknowledged() {
    unplug(FileSystem::Ext4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_failure_on_xfs_loses_nothing_acknowledged() {
    unplug(FileSystem::Xfs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_writes_are_refused_and_reading_goes_on() {
    fill(Warning::Reserve).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_without_warning_does_no_damage() {
    fill(Warning::None).await;
}

async fn unplug(file_system: FileSystem) {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = disk(folder.path(), file_system) else { return };
    let record = power(&program(), &disk, &terms(3), |_| {}).await;
    println!("{}", record.unwrap_or_else(|violation| panic!("{violation}")));
}

async fn fill(warning: Warning) {
    let folder = tempfile::tempdir().unwrap();
    let small = FileSystem::Memory { bytes: DISK_BYTES };
    let Some(disk) = disk(folder.path(), small) else { return };
    let record = full_disk(&program(), &disk, warning, &terms(1), |_| {}).await;
    println!("{}", record.unwrap_or_else(|violation| panic!("{violation}")));
}

/// A disk, or the reason why there is none.
fn disk(folder: &Path, file_system: FileSystem) -> Option<Disk> {
    Disk::make(folder, file_system).inspect_err(|missing| println!("skipped: {missing}")).ok()
}
