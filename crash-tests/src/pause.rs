//! The process is stopped in its tracks for a while and goes on as if nothing had been.

use crate::{
    customer::Circumstance,
    shop::{Program, Shop},
    trial::{Record, Terms, Trial, under_load},
    violation::{Checked, Violation},
};
use rand::Rng;
use rustix::process::Signal;
use std::{ops::Range, path::Path, time::Duration};

const BETWEEN_MS: Range<u64> = 20..250;
const PAUSE_MS: Range<u64> = 1..400;
/// One in so many pauses is long.
const LONG_ONE_IN: u32 = 12;
const LONG_PAUSE_MS: Range<u64> = 1_000..3_000;

/// Pauses a process of the shop so often, under a load that does not stop.
pub async fn pause(
    program: &Program,
    data: &Path,
    terms: &Terms,
    mut tell: impl FnMut(&str),
) -> Checked<Record> {
    let (mut trial, mut shop) = Trial::begin(program, data, terms, Circumstance::Ordinary).await?;
    let mut paused_for = Duration::ZERO;
    while trial.record.times < terms.times {
        let place = trial.place();
        let seen = |violation: Violation| violation.seen(&place);
        let rest = trial.terms.rest_every - trial.record.times % trial.terms.rest_every;
        let pauses: Vec<Pause> = (0..rest.min(terms.times - trial.record.times))
            .map(|_| Pause::random(&mut trial.random, shop.processes()))
            .collect();
        trial.record.times += pauses.len() as u64;
        paused_for += pauses.iter().map(|pause| pause.length).sum::<Duration>();
        let doors = shop.doors.clone();
        let pausing = async {
            for pause in &pauses {
                pause.happen(&mut shop).await?;
            }
            Ok(())
        };
        under_load(&mut trial.town, &doors, pausing).await.map_err(seen)?;
        trial.town.look(&shop.doors).await.map_err(seen)?;
        trial.rest_at_times(&shop, &mut tell).await.map_err(seen)?;
    }
    trial.record.notes.push(format!("paused for {:.1} s in all", paused_for.as_secs_f64()));
    trial.end(shop).await
}

struct Pause {
    after: Duration,
    process: usize,
    length: Duration,
}

impl Pause {
    fn random(random: &mut impl Rng, processes: usize) -> Self {
        let lengths = if random.random_ratio(1, LONG_ONE_IN) { LONG_PAUSE_MS } else { PAUSE_MS };
        Self {
            after: Duration::from_millis(random.random_range(BETWEEN_MS)),
            process: random.random_range(0..processes),
            length: Duration::from_millis(random.random_range(lengths)),
        }
    }

    async fn happen(&self, shop: &mut Shop) -> Checked {
        tokio::time::sleep(self.after).await;
        shop.is_alive()?;
        shop.signal(self.process, Signal::STOP)?;
        tokio::time::sleep(self.length).await;
        shop.signal(self.process, Signal::CONT)
    }
}
