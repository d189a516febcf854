//! Kills the shop at random moments and starts it again on the same folder.

use crate::{
    customer::Circumstance,
    shop::{Program, Shop, Starting},
    trial::{Record, Terms, Trial, under_load},
    violation::{Checked, Violation},
};
use rand::Rng;
use std::{ops::Range, path::Path, time::Duration};

/// The load lasts as long as that before a kill.
pub(crate) const LOAD_MS: Range<u64> = 100..600;
/// One in so many kills hits a shop that has not yet said that it serves.
const WHILE_STARTING_ONE_IN: u32 = 10;
const START_MS: Range<u64> = 0..150;

/// Kills the shop so often, and checks its word after every start.
pub async fn kill(
    program: &Program,
    data: &Path,
    terms: &Terms,
    mut tell: impl FnMut(&str),
) -> Checked<Record> {
    let (mut trial, mut shop) = Trial::begin(program, data, terms, Circumstance::Ordinary).await?;
    let mut while_starting = 0;
    while trial.record.times < terms.times {
        trial.record.times += 1;
        let place = trial.place();
        let seen = |violation: Violation| violation.seen(&place);
        let load = Duration::from_millis(trial.random.random_range(LOAD_MS));
        killed_under_load(&mut trial, shop, load).await.map_err(seen)?;
        while trial.random.random_ratio(1, WHILE_STARTING_ONE_IN)
            && trial.record.times < terms.times
        {
            let starting = Starting::begin(program, data)?;
            let until = Duration::from_millis(trial.random.random_range(START_MS));
            tokio::time::sleep(until).await;
            starting.kill()?;
            trial.record.times += 1;
            while_starting += 1;
        }
        shop = trial.revive().await.map_err(seen)?;
        trial.rest_at_times(&shop, &mut tell).await.map_err(seen)?;
    }
    trial.record.notes.push(format!("{while_starting} of them during a start"));
    trial.end(shop).await
}

async fn killed_under_load(trial: &mut Trial, mut shop: Shop, load: Duration) -> Checked {
    let doors = shop.doors.clone();
    under_load(&mut trial.town, &doors, async {
        tokio::time::sleep(load).await;
        shop.kill()
    })
    .await
}
