//! Progress meter for long work: a bar on a terminal, a line every few seconds elsewhere.

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

/// Interval between lines where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(3);
const ITEMS_TEMPLATE: &str =
    "{msg:12} {bar:32} {human_pos} of {human_len}  {per_sec:>10}  {eta} left";
const BYTES_TEMPLATE: &str =
    "{msg:12} {bar:32} {bytes} of {total_bytes}  {bytes_per_sec:>10}  {eta} left";

/// Progress display: how a [`ProgressMeter`] reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A bar on standard error.
    Bar,
    /// A line on standard error every few seconds.
    Lines,
    /// No output.
    Silent,
}

/// Unit of the amounts that a [`ProgressMeter`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Items of any kind.
    Things,
    /// Bytes, shown with binary prefixes.
    Bytes,
}

impl Progress {
    /// A bar if standard error is a terminal, lines otherwise.
    pub fn on_standard_error() -> Self {
        if stderr().is_terminal() { Self::Bar } else { Self::Lines }
    }

    /// Starts a meter for work of a known size.
    pub fn begin(self, name: &'static str, total: u64, unit: Unit) -> ProgressMeter {
        let bar = (self == Self::Bar).then(|| {
            let template = if unit == Unit::Bytes { BYTES_TEMPLATE } else { ITEMS_TEMPLATE };
            let style = ProgressStyle::with_template(template);
            let bar = ProgressBar::new(total).with_message(name);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let now = Instant::now();
        ProgressMeter {
            progress: self,
            name,
            total,
            unit,
            bar,
            done: AtomicU64::new(0),
            started_at: now,
            last_line_at: Mutex::new(now),
        }
    }
}

/// Progress meter of work under way: amount done, rate and time left. It finishes when it is dropped.
#[derive(Debug)]
pub struct ProgressMeter {
    progress: Progress,
    name: &'static str,
    total: u64,
    unit: Unit,
    bar: Option<ProgressBar>,
    done: AtomicU64,
    started_at: Instant,
    last_line_at: Mutex<Instant>,
}

impl ProgressMeter {
    /// Adds an amount that is done.
    pub fn advance(&self, by: u64) {
        let done = self.done.fetch_add(by, Ordering::Relaxed) + by;
        if let Some(bar) = &self.bar {
            bar.inc(by);
        }
        if self.progress == Progress::Lines {
            let mut last_line_at = self.last_line_at.lock().unwrap_or_else(PoisonError::into_inner);
            if last_line_at.elapsed() >= LINE_INTERVAL {
                *last_line_at = Instant::now();
                print_line(&self.line(done));
            }
        }
    }

    /// One line with the amount done, the rate and the time left.
    fn line(&self, done: u64) -> String {
        let millis = self.started_at.elapsed().as_millis().max(1);
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

impl Drop for ProgressMeter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let done = self.done.load(Ordering::Relaxed);
        if self.progress == Progress::Lines && self.started_at.elapsed() >= LINE_INTERVAL {
            print_line(&self.line(done));
        }
    }
}

fn print_line(line: &str) {
    // An unwritable standard error is no reason to stop the work.
    drop(writeln!(stderr(), "{line}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_line_shows_the_rate_and_the_time_left() {
        let meter = Progress::Silent.begin("orders", 13_902, Unit::Things);
        tokio::time::advance(Duration::from_secs(4)).await;
        meter.advance(1_200);
        assert_eq!(meter.line(1_200), "orders: 1,200 of 13,902, 300 a second, 42 seconds left");
        let meter = Progress::Silent.begin("reading", 3 << 20, Unit::Bytes);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(
            meter.line(1 << 20),
            "reading: 1.00 MiB of 3.00 MiB, 1.00 MiB a second, 2 seconds left"
        );
    }
}
