//! Progress meter for long work: a bar on a terminal, a line every few seconds elsewhere.

use crate::human_readable::{Unit, duration_in_words};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::{
    fmt,
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
/// The bar takes what the text leaves of the terminal's width.
const TEMPLATE: &str = "{msg} {wide_bar} {course}";

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

impl Progress {
    /// A bar if standard error is a terminal, lines otherwise.
    pub fn on_standard_error() -> Self {
        if stderr().is_terminal() { Self::Bar } else { Self::Lines }
    }

    /// Starts a meter for work of a known size.
    pub fn begin(self, name: &'static str, total: u64, unit: Unit) -> ProgressMeter {
        let bar = (self == Self::Bar).then(|| {
            let style = ProgressStyle::with_template(TEMPLATE);
            let show = move |state: &ProgressState, out: &mut dyn fmt::Write| {
                // A terminal that cannot be written is no reason to stop the work.
                let _ = out.write_str(&course(state.pos(), total, unit, state.elapsed()));
            };
            let style = style.map(|style| style.with_key("course", show));
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

    fn line(&self, done: u64) -> String {
        format!("{}: {}", self.name, course(done, self.total, self.unit, self.started_at.elapsed()))
    }
}

/// Course of the work: the amount done, and as soon as they can be told, the rate and the time left.
fn course(done: u64, total: u64, unit: Unit, elapsed: Duration) -> String {
    let amounts = format!("{} of {}", unit.amount(done), unit.amount(total));
    let Some(rate) = unit.rate(done, elapsed) else { return amounts };
    let left = elapsed.as_millis() * u128::from(total.saturating_sub(done)) / u128::from(done);
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(u64::MAX));
    if left.is_zero() {
        return format!("{amounts}, {rate}");
    }
    format!("{amounts}, {rate}, {} left", duration_in_words(left))
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

    #[test]
    fn nothing_is_told_before_it_is_known() {
        let at = |done, seconds| course(done, 100, Unit::Things, Duration::from_secs(seconds));
        assert_eq!(at(0, 0), "0 of 100");
        assert_eq!(at(0, 30), "0 of 100");
        assert_eq!(at(1, 4), "1 of 100, 15 a minute, 7 minutes left");
        assert_eq!(at(100, 4), "100 of 100, 25 a second");
        assert_eq!(at(99, 30), "99 of 100, 3 a second, less than a second left");
    }
}
