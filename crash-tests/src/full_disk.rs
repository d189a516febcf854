//! The disk fills up: writes are refused with a clear answer, reads go on, and when there is room again all is well.

use crate::{
    customer::{Circumstance, Tally},
    disk::Disk,
    kill::LOAD_MS,
    shop::{Program, Shop},
    trial::{Record, Terms, Trial, under_load},
    violation::{Checked, Violation, ensure},
};
use rand::Rng;
use std::{fs, io::ErrorKind, path::PathBuf, time::Duration};
use tokio::time::Instant;

/// How small a disk has to be to fill up soon.
pub const DISK_BYTES: u64 = 96 << 20;
/// What is kept back for the shop to notice in time, where it may notice.
const RESERVE_BYTES: u64 = 12 << 20;
/// How much room there is between the beginning and a full disk.
const ROOM_BYTES: u64 = 6 << 20;
/// How long filling may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long the shop has to do without any room.
const SURPRISE: Duration = Duration::from_millis(700);
/// How long it takes to end after giving up, at most.
const ENDING_MAX: Duration = Duration::from_secs(20);
/// So many refusals show that the shop means it.
const REFUSALS: u64 = 100;

/// Whether the shop may notice that the disk is filling up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// There is a reserve: writing stops before the disk is full.
    Reserve,
    /// There is none, and the room goes from one moment to the next: a flush may fail for want of it.
    None,
}

/// Fills the disk so often, makes room again, and checks the shop's word.
pub async fn full_disk(
    program: &Program,
    disk: &Disk,
    warning: Warning,
    terms: &Terms,
    mut tell: impl FnMut(&str),
) -> Checked<Record> {
    let reserve = match warning {
        Warning::Reserve => RESERVE_BYTES,
        Warning::None => 0,
    };
    let program = program.clone().with("ICOMMERCE_DISK_RESERVE_BYTES", &reserve.to_string());
    let ballast = Ballast { path: disk.path().join("ballast"), disk };
    let circumstance = match warning {
        Warning::Reserve => Circumstance::FullDisk,
        Warning::None => Circumstance::DyingDisk,
    };
    let data = disk.path().join("data");
    let (mut trial, mut shop) = Trial::begin(&program, &data, terms, circumstance).await?;
    while trial.record.times < terms.times {
        trial.record.times += 1;
        let place = trial.place();
        let seen = |violation: Violation| violation.seen(&place);
        shop = match warning {
            Warning::Reserve => refused(&mut trial, shop, &ballast).await,
            Warning::None => surprised(&mut trial, shop, &ballast).await,
        }
        .map_err(seen)?;
        trial.rest_at_times(&shop, &mut tell).await.map_err(seen)?;
    }
    trial.end(shop).await
}

/// Fills the disk until writes are refused, reads everything, and makes room.
async fn refused(trial: &mut Trial, mut shop: Shop, ballast: &Ballast<'_>) -> Checked<Shop> {
    let doors = shop.doors.clone();
    let before = trial.town.tally().storage_full;
    ballast.put(RESERVE_BYTES + ROOM_BYTES)?;
    fill_until(trial, &doors, |tally| tally.storage_full >= before + REFUSALS).await?;
    shop.is_alive()?;
    trial.town.look(&doors).await?;
    ballast.drop()?;
    // Who was refused asks again, and more besides.
    under_load(&mut trial.town, &doors, async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(())
    })
    .await?;
    trial.town.look(&doors).await?;
    Ok(shop)
}

/// Takes all room away at once. Either the shop notices in time and refuses, or a flush fails and it gives up.
async fn surprised(trial: &mut Trial, mut shop: Shop, ballast: &Ballast<'_>) -> Checked<Shop> {
    let doors = shop.doors.clone();
    let load = Duration::from_millis(trial.random.random_range(LOAD_MS));
    let mut ended = None;
    under_load(&mut trial.town, &doors, async {
        tokio::time::sleep(load).await;
        ballast.put(0)?;
        tokio::time::sleep(SURPRISE).await;
        ended = shop.has_ended()?;
        Ok(())
    })
    .await?;
    if ended.is_none() {
        let looked = trial.town.look(&doors).await;
        // It may also give up while somebody looks; from the last answer to the end it takes a moment.
        let began = Instant::now();
        while looked.is_err() && ended.is_none() && began.elapsed() < ENDING_MAX {
            tokio::time::sleep(Duration::from_millis(20)).await;
            ended = shop.has_ended()?;
        }
        looked.or_else(|violation| ended.map(drop).ok_or(violation))?;
    }
    let Some(status) = ended else {
        ballast.drop()?;
        return Ok(shop);
    };
    ensure(status.code() == Some(1), || format!("without room the shop ended with {status}"))?;
    trial.record.notes.push(format!("{}: a flush failed", trial.place()));
    drop(shop);
    ballast.drop()?;
    trial.revive().await
}

async fn fill_until(
    trial: &mut Trial,
    doors: &crate::Doors,
    enough: impl Fn(&Tally) -> bool,
) -> Checked {
    let began = Instant::now();
    while !enough(&trial.town.tally()) {
        ensure(began.elapsed() < PATIENCE, || "the disk does not fill up, or nobody is told")?;
        under_load(&mut trial.town, doors, async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            Ok(())
        })
        .await?;
    }
    Ok(())
}

/// A file that takes up room.
struct Ballast<'a> {
    path: PathBuf,
    disk: &'a Disk,
}

impl Ballast<'_> {
    /// Leaves so much room and no more.
    fn put(&self, room: u64) -> Checked {
        let free = self.disk.free_bytes()?.saturating_sub(room);
        // What the shop writes meanwhile is missing here; then the disk is just as full.
        match fs::write(&self.path, vec![0; usize::try_from(free).unwrap_or(usize::MAX)]) {
            Err(error) if error.kind() != ErrorKind::StorageFull => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn drop(&self) -> Checked {
        Ok(fs::remove_file(&self.path)?)
    }
}
