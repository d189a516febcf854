//! Closed-loop load: so many clients, each asking again as soon as it has its answer, every answer checked.

use crate::{
    Setup,
    connection::Connection,
    process::{Server, Usage},
};
use hdrhistogram::Histogram;
use std::{cell::RefCell, rc::Rc, time::Duration};
use tokio::{task::LocalSet, time::Instant};

/// The longest answer that is told apart.
const SLOWEST: Duration = Duration::from_mins(1);

/// What a load came to.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) rounds: u64,
    pub(crate) took: Duration,
    /// Of the step that the scenario is about, in nanoseconds.
    pub(crate) latency: Histogram<u64>,
    pub(crate) used: Usage,
}

/// One client's work: a round of requests over its connection. Returns how long the step took that counts.
pub(crate) trait Round {
    /// Runs round `number` of client `client`.
    async fn run(
        &self,
        connection: &mut Connection,
        client: usize,
        number: u64,
    ) -> Result<Duration, String>;
}

/// Runs `round` over and over, for a fifth of the time to warm up and then for the time that is measured.
pub(crate) async fn closed_loop(
    setup: &Setup,
    server: &Server,
    round: impl Round + 'static,
) -> Result<Measured, String> {
    let round = Rc::new(round);
    let begin = Instant::now() + setup.time / 5;
    let end = begin + setup.time;
    let latency =
        Histogram::new_with_bounds(1, nanos(SLOWEST), 3).map_err(|error| error.to_string())?;
    let seen = Rc::new(RefCell::new((latency, 0_u64)));
    let clients = LocalSet::new();
    let mut running = Vec::new();
    for client in 0..setup.clients {
        let (round, seen) = (Rc::clone(&round), Rc::clone(&seen));
        let mut connection = Connection::to(&server.shop).await?;
        running.push(clients.spawn_local(async move {
            let mut number = 0;
            while Instant::now() < end {
                let took = round.run(&mut connection, client, number).await?;
                number += 1;
                if Instant::now() >= begin {
                    let mut seen = seen.borrow_mut();
                    seen.0.saturating_record(nanos(took));
                    seen.1 += 1;
                }
            }
            Ok::<_, String>(())
        }));
    }
    let used = clients
        .run_until(async {
            tokio::time::sleep_until(begin).await;
            let before = server.usage()?;
            for client in running {
                client.await.map_err(|error| error.to_string())??;
            }
            let after = server.usage()?;
            Ok::<_, String>(Usage {
                cpu: after.cpu.saturating_sub(before.cpu),
                written_bytes: after.written_bytes - before.written_bytes,
                resident_bytes: after.resident_bytes,
            })
        })
        .await?;
    let took = begin.elapsed();
    drop(clients);
    let (latency, rounds) =
        seen.replace((Histogram::new(1).map_err(|error| error.to_string())?, 0));
    Ok(Measured { rounds, took, latency, used })
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
