//! What every hardship has in common: a shop under load on one folder, looked at after each blow.

use crate::{
    books,
    client::Doors,
    customer::{Circumstance, Tally},
    rest::Depth,
    shop::{Program, Shop},
    town::Town,
    violation::Checked,
};
use rand::{SeedableRng, rngs::StdRng};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};
use tokio::time::Instant;

/// How often and under which load.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How many blows.
    pub times: u64,
    /// Where chance begins.
    pub seed: u64,
    /// How many customers at once.
    pub customers: u64,
    /// After how many blows everything comes to rest and is checked.
    pub rest_every: u64,
    /// How many orders there are before the first blow.
    pub orders: u64,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Blows.
    pub times: u64,
    /// What else there is to tell.
    pub notes: Vec<String>,
    /// What was asked and answered.
    pub tally: Tally,
    rests: u64,
    orders: usize,
    payments: usize,
    starts: Vec<Duration>,
    took: Duration,
}

/// How long a shop that was started again has to ask the bank.
const ASKING: Duration = Duration::from_secs(3);

/// A trial under way.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) random: StdRng,
    pub(crate) town: Town,
    pub(crate) record: Record,
    pub(crate) terms: Terms,
    program: Program,
    data: PathBuf,
    began: Instant,
}

impl Trial {
    /// Opens the shop and gives it a past.
    pub(crate) async fn begin(
        program: &Program,
        data: &Path,
        terms: &Terms,
        circumstance: Circumstance,
    ) -> Checked<(Self, Shop)> {
        let began = Instant::now();
        let shop = Shop::start(program, data).await?;
        let run = format!("s{}", terms.seed);
        let mut town =
            Town::build(&shop.doors, &run, terms.customers, terms.seed, circumstance).await?;
        town.fill(&shop.doors, terms.orders).await?;
        let trial = Self {
            random: StdRng::seed_from_u64(terms.seed),
            town,
            record: Record::default(),
            terms: terms.clone(),
            program: program.clone(),
            data: data.to_owned(),
            began,
        };
        Ok((trial, shop))
    }

    /// Where in the trial this is.
    pub(crate) fn place(&self) -> String {
        format!("blow {} with seed {}", self.record.times, self.terms.seed)
    }

    /// Starts the shop on the same folder and looks whether it knows what it acknowledged.
    pub(crate) async fn revive(&mut self) -> Checked<Shop> {
        let shop = Shop::start(&self.program, &self.data).await?;
        self.record.starts.push(shop.start);
        self.town.look(&shop.doors).await?;
        Ok(shop)
    }

    /// Lets everything come to rest when it is time for that.
    pub(crate) async fn rest_at_times(
        &mut self,
        shop: &Shop,
        tell: &mut impl FnMut(&str),
    ) -> Checked {
        if !self.record.times.is_multiple_of(self.terms.rest_every) {
            return Ok(());
        }
        self.town.rests(&shop.doors, Depth::Recent).await?;
        self.record.rests += 1;
        let (times, answers) = (self.record.times, self.town.tally().acknowledged);
        let (orders, seconds) = (self.town.orders(), self.began.elapsed().as_secs());
        tell(&format!("{times} times, {answers} answers, {orders} orders, {seconds} s"));
        Ok(())
    }

    /// Brings everything to rest, checks all there is, and closes the shop.
    pub(crate) async fn end(mut self, shop: Shop) -> Checked<Record> {
        self.town.rests(&shop.doors, Depth::All).await?;
        shop.stop().await?;
        let folder = self.program.shape.folder_of_payments(&self.data);
        if books::nothing_is_set_aside(&folder).await.is_err() {
            // A payment that was cancelled before the bank had answered is asked about ever more rarely; the first
            // thing a start does is to ask.
            let shop = Shop::start(&self.program, &self.data).await?;
            tokio::time::sleep(ASKING).await;
            shop.stop().await?;
        }
        self.record.payments = books::nothing_is_set_aside(&folder).await?;
        self.record.rests += 1;
        self.record.tally = self.town.tally();
        self.record.orders = self.town.orders();
        self.record.took = self.began.elapsed();
        Ok(self.record)
    }
}

/// The load goes on until the blow has struck.
pub(crate) async fn under_load(
    town: &mut Town,
    doors: &Doors,
    blow: impl Future<Output = Checked>,
) -> Checked {
    let over = AtomicBool::new(false);
    let blow = async {
        let struck = blow.await;
        over.store(true, Relaxed);
        struck
    };
    let (load, struck) = tokio::join!(town.live(doors, &over), blow);
    load.and(struck)
}

impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { times, rests, orders, payments, tally, .. } = self;
        writeln!(formatter, "times                  {times}")?;
        for note in &self.notes {
            writeln!(formatter, "                       {note}")?;
        }
        writeln!(formatter, "came to rest           {rests} times, nothing left over")?;
        write!(formatter, "{tally}")?;
        writeln!(formatter, "orders, payments       {orders}, {payments}")?;
        let mut starts = self.starts.clone();
        starts.sort_unstable();
        let at = |place: usize| starts.get(place).copied().unwrap_or_default().as_millis();
        let (middle, longest) = (at(starts.len() / 2), at(starts.len().saturating_sub(1)));
        let last = self.starts.last().copied().unwrap_or_default().as_millis();
        writeln!(
            formatter,
            "start in ms            middle {middle}, longest {longest}, last {last}"
        )?;
        write!(formatter, "took                   {:.0} s", self.took.as_secs_f64())
    }
}
