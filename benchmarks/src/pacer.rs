//! Pacer of an open-loop load: the intended start of each iteration at a fixed rate.

use crate::numbers::float;
use std::time::Duration;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::Instant,
};

/// Sends the intended start of each iteration, `rate` per second, evenly spaced, when its time has come. It runs on its
/// own thread, because the timers of the runtime have a resolution of a millisecond.
pub(crate) fn arrivals(
    rate: f64,
    from: Instant,
    until: Instant,
) -> Result<UnboundedReceiver<Instant>, String> {
    let (sender, arrivals) = unbounded_channel();
    let schedule = move || {
        for number in 0_u64.. {
            let begin = from + offset(number, rate);
            if begin >= until {
                break;
            }
            wait_until(begin);
            if sender.send(begin).is_err() {
                break;
            }
        }
    };
    let thread = std::thread::Builder::new().name("pacer".to_owned());
    thread.spawn(schedule).map_err(|error| error.to_string())?;
    Ok(arrivals)
}

/// Offset of an iteration's intended start from the first one.
fn offset(number: u64, rate: f64) -> Duration {
    Duration::from_secs_f64(float(number) / rate)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this thread exists to sleep with microsecond precision"
)]
fn wait_until(begin: Instant) {
    let left = begin.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        std::thread::sleep(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_evenly_spaced() {
        assert_eq!(offset(0, 250.0), Duration::ZERO);
        assert_eq!(offset(1, 250.0), Duration::from_millis(4));
        assert_eq!(offset(2_500, 250.0), Duration::from_secs(10));
    }

    #[test]
    fn an_arrival_keeps_its_intended_start_however_late_it_is_received() {
        let from = Instant::now();
        let mut arrivals = arrivals(10_000.0, from, from + Duration::from_millis(2)).unwrap();
        let taken: Vec<_> = std::iter::from_fn(|| arrivals.blocking_recv()).collect();
        assert_eq!(taken.len(), 20);
        assert!(taken.windows(2).all(|pair| pair[1] - pair[0] == Duration::from_micros(100)));
    }
}
