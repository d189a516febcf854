//! Kills the shop at random moments and starts it again on the same folder.

use crate::{
    books,
    customer::Tally,
    rest::Depth,
    shop::{Program, Shop, Starting},
    town::Town,
    violation::Checked,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{fmt, path::Path, sync::atomic::AtomicBool, time::Duration};
use tokio::time::Instant;

/// How often and under which load.
#[derive(Clone, Debug)]
pub struct Kills {
    /// How often.
    pub times: u64,
    /// Where chance begins.
    pub seed: u64,
    /// How many customers at once.
    pub customers: u64,
    /// After how many kills everything comes to rest and is checked.
    pub rest_every: u64,
    /// How many orders there are before the first kill.
    pub orders: u64,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Killed {
    times: u64,
    while_starting: u64,
    rests: u64,
    orders: usize,
    payments: usize,
    tally: Tally,
    starts: Vec<Duration>,
    took: Duration,
}

/// The load lasts as long as that before a kill.
const LOAD_MS: std::ops::Range<u64> = 100..600;
/// One in so many kills hits a shop that has not yet said that it serves.
const WHILE_STARTING_ONE_IN: u32 = 10;
const START_MS: u64 = 150;

/// Kills the shop so often, and checks its word after every start.
pub async fn kill(
    program: &Program,
    data: &Path,
    kills: &Kills,
    mut tell: impl FnMut(&str),
) -> Checked<Killed> {
    let began = Instant::now();
    let mut random = StdRng::seed_from_u64(kills.seed);
    let mut killed = Killed::default();
    let mut shop = Shop::start(program, data).await?;
    let run = format!("k{}", kills.seed);
    let mut town = Town::build(&shop.doors, &run, kills.customers, kills.seed).await?;
    town.fill(&shop.doors, kills.orders).await?;
    while killed.times < kills.times {
        let at = format!("kill {} with seed {}", killed.times + 1, kills.seed);
        let load = Duration::from_millis(random.random_range(LOAD_MS));
        round(shop, &mut town, load).await.map_err(|violation| violation.seen(&at))?;
        killed.times += 1;
        while random.random_ratio(1, WHILE_STARTING_ONE_IN) && killed.times < kills.times {
            let starting = Starting::begin(program, data)?;
            tokio::time::sleep(Duration::from_millis(random.random_range(0..START_MS))).await;
            starting.kill()?;
            killed.times += 1;
            killed.while_starting += 1;
        }
        shop = Shop::start(program, data).await.map_err(|violation| violation.seen(&at))?;
        killed.starts.push(shop.start);
        town.look(&shop.doors).await.map_err(|violation| violation.seen(&at))?;
        if killed.times % kills.rest_every == 0 {
            town.rests(&shop.doors, Depth::Recent).await.map_err(|it| it.seen(&at))?;
            killed.rests += 1;
            let tally = town.tally();
            tell(&format!(
                "{} kills, {} answers, {} orders, {:.0} s",
                killed.times,
                tally.acknowledged,
                town.orders(),
                began.elapsed().as_secs_f64()
            ));
        }
    }
    town.rests(&shop.doors, Depth::All).await?;
    killed.rests += 1;
    shop.stop().await?;
    killed.payments = books::nothing_is_set_aside(data).await?;
    killed.tally = town.tally();
    killed.orders = town.orders();
    killed.took = began.elapsed();
    Ok(killed)
}

/// The load goes on while the shop is killed.
pub(crate) async fn round(shop: Shop, town: &mut Town, load: Duration) -> Checked {
    let (doors, over) = (shop.doors.clone(), AtomicBool::new(false));
    let killer = async {
        tokio::time::sleep(load).await;
        shop.kill()
    };
    let (load, death) = tokio::join!(town.live(&doors, &over), killer);
    load.and(death)
}

impl Killed {
    /// What was asked and answered.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }
}

impl fmt::Display for Killed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { times, while_starting, rests, orders, payments, tally, .. } = self;
        writeln!(
            formatter,
            "kills                  {times}, {while_starting} of them during a start"
        )?;
        writeln!(formatter, "came to rest           {rests} times, nothing left over")?;
        write!(formatter, "{tally}")?;
        writeln!(formatter, "orders, payments       {orders}, {payments}")?;
        let mut starts = self.starts.clone();
        starts.sort_unstable();
        let last = self.starts.last().copied().unwrap_or_default().as_millis();
        let [middle, most] = [starts.len() / 2, starts.len().saturating_sub(1)]
            .map(|at| starts.get(at).copied().unwrap_or_default().as_millis());
        writeln!(
            formatter,
            "start                  middle {middle} ms, longest {most} ms, last {last} ms"
        )?;
        write!(formatter, "took                   {:.0} s", self.took.as_secs_f64())
    }
}
