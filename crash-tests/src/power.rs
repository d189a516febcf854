//! The power fails in the middle of the load: what the disk was not told to keep is gone.

use crate::{
    customer::Circumstance,
    disk::Disk,
    kill::LOAD_MS,
    shop::{Program, Shop},
    trial::{Record, Terms, Trial, under_load},
    violation::{Checked, Violation},
};
use rand::Rng;
use std::{ops::Range, time::Duration};

/// How long the process goes on without a disk before it is gone as well.
const WITHOUT_DISK_MS: Range<u64> = 0..80;

/// Cuts the power of the disk so often, and checks the shop's word each time the power is back.
pub async fn power(
    program: &Program,
    disk: &Disk,
    terms: &Terms,
    mut tell: impl FnMut(&str),
) -> Checked<Record> {
    let data = disk.path().join("data");
    let (mut trial, mut shop) =
        Trial::begin(program, &data, terms, Circumstance::DyingDisk).await?;
    while trial.record.times < terms.times {
        trial.record.times += 1;
        let place = trial.place();
        let seen = |violation: Violation| violation.seen(&place);
        cut_under_load(&mut trial, shop, disk).await.map_err(seen)?;
        disk.comes_back().await.map_err(seen)?;
        shop = trial.revive().await.map_err(seen)?;
        trial.rest_at_times(&shop, &mut tell).await.map_err(seen)?;
    }
    trial.end(shop).await
}

async fn cut_under_load(trial: &mut Trial, mut shop: Shop, disk: &Disk) -> Checked {
    let load = Duration::from_millis(trial.random.random_range(LOAD_MS));
    let without_disk = Duration::from_millis(trial.random.random_range(WITHOUT_DISK_MS));
    let doors = shop.doors.clone();
    under_load(&mut trial.town, &doors, async {
        tokio::time::sleep(load).await;
        shop.is_alive()?;
        // Linux may say that a flush has succeeded which was under way when its file system was shut down, though what it
        // flushed is gone (seen with ext4 and with XFS, with nothing but a loop of `pwrite` and `fdatasync`). A disk
        // without power says nothing. So no flush is under way: what is written and not flushed is lost all the same.
        shop.freeze().await?;
        disk.cut()?;
        shop.thaw()?;
        tokio::time::sleep(without_disk).await;
        shop.unplug()
    })
    .await
}
