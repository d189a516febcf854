//! When each unit of an open load is meant to begin, whether or not the server keeps up.

use std::time::Duration;
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::Instant,
};

/// Hands out the intended beginnings of `rate` units a second, evenly spaced, each when its time has come. A thread of
/// its own keeps the time: the timers of the runtime are no finer than a millisecond.
pub(crate) fn begins(
    rate: f64,
    from: Instant,
    until: Instant,
) -> Result<UnboundedReceiver<Instant>, String> {
    let (due, begins) = unbounded_channel();
    let pace = move || {
        for number in 0_u64.. {
            let begin = from + offset(number, rate);
            if begin >= until {
                break;
            }
            wait_until(begin);
            if due.send(begin).is_err() {
                break;
            }
        }
    };
    let thread = std::thread::Builder::new().name("pacer".to_owned());
    thread.spawn(pace).map_err(|error| error.to_string())?;
    Ok(begins)
}

/// How long after the first unit this one is meant to begin.
fn offset(number: u64, rate: f64) -> Duration {
    Duration::from_secs_f64(crate::report::float(number) / rate)
}

#[expect(clippy::disallowed_methods, reason = "this thread is there to sleep to the microsecond")]
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
    fn beginnings_are_evenly_spaced() {
        assert_eq!(offset(0, 250.0), Duration::ZERO);
        assert_eq!(offset(1, 250.0), Duration::from_millis(4));
        assert_eq!(offset(2_500, 250.0), Duration::from_secs(10));
    }

    #[test]
    fn each_beginning_is_what_was_intended_however_late_it_is_taken() {
        let from = Instant::now();
        let mut begins = begins(10_000.0, from, from + Duration::from_millis(2)).unwrap();
        let taken: Vec<_> = std::iter::from_fn(|| begins.blocking_recv()).collect();
        assert_eq!(taken.len(), 20);
        assert!(taken.windows(2).all(|pair| pair[1] - pair[0] == Duration::from_micros(100)));
    }
}
