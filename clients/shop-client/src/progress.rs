//! Tells a person how far a long piece of work is: a bar on a terminal, a line every few seconds elsewhere.

use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use std::{
    io::{IsTerminal, Write, stderr},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(3);
const THINGS: &str = "{msg:12} {bar:32} {human_pos} of {human_len}  {per_sec:>10}  {eta} left";
const BYTES: &str = "{msg:12} {bar:32} {bytes} of {total_bytes}  {bytes_per_sec:>10}  {eta} left";

/// Where progress is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A bar on standard error.
    Bar,
    /// A line on standard error every few seconds.
    Lines,
    /// Nowhere.
    Silent,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things of a kind.
    Things,
    /// Bytes of files.
    Bytes,
}

impl Progress {
    /// A bar if standard error is a terminal, lines otherwise.
    pub fn on_standard_error() -> Self {
        if stderr().is_terminal() { Self::Bar } else { Self::Lines }
    }

    /// Begins a piece of work of a known size.
    pub fn begin(self, name: &'static str, total: u64, unit: Unit) -> Work {
        let bar = (self == Self::Bar).then(|| {
            let template = if unit == Unit::Bytes { BYTES } else { THINGS };
            let style = ProgressStyle::with_template(template);
            let bar = ProgressBar::new(total).with_message(name);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let now = Instant::now();
        Work {
            progress: self,
            name,
            total,
            unit,
            bar,
            done: AtomicU64::new(0),
            began: now,
            told: Mutex::new(now),
        }
    }
}

/// A piece of work under way. It ends when it is dropped.
#[derive(Debug)]
pub struct Work {
    progress: Progress,
    name: &'static str,
    total: u64,
    unit: Unit,
    bar: Option<ProgressBar>,
    done: AtomicU64,
    began: Instant,
    told: Mutex<Instant>,
}

impl Work {
    /// So much more is done.
    pub fn advance(&self, by: u64) {
        let done = self.done.fetch_add(by, Ordering::Relaxed) + by;
        if let Some(bar) = &self.bar {
            bar.inc(by);
        }
        if self.progress == Progress::Lines {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.elapsed() >= LINE_EVERY {
                *told = Instant::now();
                say(&self.line(done));
            }
        }
    }

    /// How far it is, in a line.
    fn line(&self, done: u64) -> String {
        let millis = self.began.elapsed().as_millis().max(1);
        let rate = u128::from(done) * 1_000 / millis;
        let left = u128::from(self.total.saturating_sub(done)) / rate.max(1);
        let left = HumanDuration(Duration::from_secs(u64::try_from(left).unwrap_or(u64::MAX)));
        let show = |amount: u64| match self.unit {
            Unit::Things => HumanCount(amount).to_string(),
            Unit::Bytes => HumanBytes(amount).to_string(),
        };
        let rate = show(u64::try_from(rate).unwrap_or(u64::MAX));
        format!(
            "{}: {} of {}, {rate} a second, {left} left",
            self.name,
            show(done),
            show(self.total)
        )
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let done = self.done.load(Ordering::Relaxed);
        if self.progress == Progress::Lines && self.began.elapsed() >= LINE_EVERY {
            say(&self.line(done));
        }
    }
}

fn say(line: &str) {
    // Progress that nobody can read is no reason to stop.
    drop(writeln!(stderr(), "{line}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_line_says_how_fast_and_how_long_still() {
        let work = Progress::Silent.begin("orders", 13_902, Unit::Things);
        tokio::time::advance(Duration::from_secs(4)).await;
        work.advance(1_200);
        assert_eq!(work.line(1_200), "orders: 1,200 of 13,902, 300 a second, 42 seconds left");
        let work = Progress::Silent.begin("reading", 3 << 20, Unit::Bytes);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(
            work.line(1 << 20),
            "reading: 1.00 MiB of 3.00 MiB, 1.00 MiB a second, 2 seconds left"
        );
    }
}
