//! Load: closed (each client asks again as soon as it has its answer) or open (units begin at a rate, come what may).
//! Every answer is checked; a wrong one ends the run.

use crate::{
    Setup,
    connection::Connection,
    engine::Engine,
    latency::Recorder,
    pacer,
    process::{Server, Usage},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use tokio::{
    sync::{Mutex, mpsc::UnboundedReceiver},
    task::LocalSet,
    time::Instant,
};

/// How long consumers may need, after the load, to have nothing left.
const CATCH_UP_MAX: Duration = Duration::from_secs(30);
/// How long nothing may happen before they are said to have nothing left.
const QUIET: Duration = Duration::from_millis(300);

/// What a load came to.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) rounds: u64,
    pub(crate) took: Duration,
    /// Of the step that the scenario is about; of the whole unit from its intended beginning when the load is open.
    pub(crate) latency: Recorder,
    pub(crate) used: Usage,
    pub(crate) resident_bytes_before: u64,
    /// What the engine did meanwhile, where there is one that tells.
    pub(crate) engine: Option<Engine>,
    /// How long after the last answer the consumers of events still took messages in.
    pub(crate) caught_up_in: Option<Duration>,
}

/// The step of a round that counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timed {
    pub(crate) kind: &'static str,
    pub(crate) took: Duration,
}

/// One client's work: a round of requests over its connection.
pub(crate) trait Round {
    /// Runs round `number` of client `client`.
    async fn run(
        &self,
        connection: &mut Connection,
        client: usize,
        number: u64,
    ) -> Result<Timed, String>;
}

/// The time of a run.
#[derive(Clone, Copy)]
struct Span {
    /// When measuring begins, after the time to warm up.
    begin: Instant,
    end: Instant,
}

/// Where clients get the beginnings of their rounds.
enum Pace {
    /// Now, as long as the run lasts.
    AtOnce,
    /// When it is time.
    Intended(Mutex<UnboundedReceiver<Instant>>),
}

impl Pace {
    async fn next(&self, span: Span) -> Option<Instant> {
        match self {
            Self::AtOnce => Some(Instant::now()).filter(|now| *now < span.end),
            Self::Intended(begins) => begins.lock().await.recv().await,
        }
    }
}

/// Runs `round` over and over, for a fifth of the time to warm up and then for the time that is measured; at the rate
/// of `setup` where it has one.
pub(crate) async fn load(
    setup: &Setup,
    server: &Server,
    round: impl Round + 'static,
) -> Result<Measured, String> {
    let round = Rc::new(round);
    let mut connections = Vec::new();
    for _ in 0..setup.clients {
        connections.push(Connection::to(&server.shop).await?);
    }
    let now = Instant::now();
    let begin = now + setup.time / 5;
    let span = Span { begin, end: begin + setup.time };
    let pace = Rc::new(match setup.rate {
        None => Pace::AtOnce,
        Some(rate) => Pace::Intended(Mutex::new(pacer::begins(rate, now, span.end)?)),
    });
    let seen = Rc::new(Seen { latency: RefCell::new(Recorder::new()?), rounds: Cell::new(0) });
    let clients = LocalSet::new();
    let running: Vec<_> = connections
        .into_iter()
        .enumerate()
        .map(|(client, connection)| {
            let (round, pace, seen) = (Rc::clone(&round), Rc::clone(&pace), Rc::clone(&seen));
            clients.spawn_local(async move {
                ask_on(connection, client, &*round, &pace, &seen, span).await
            })
        })
        .collect();
    let watched = clients.run_until(async {
        tokio::time::sleep_until(begin).await;
        let before = (server.usage()?, server.engine().await?);
        for client in running {
            client.await.map_err(|error| error.to_string())??;
        }
        Ok::<_, String>((before, server.usage()?, begin.elapsed()))
    });
    let ((before, engine_before), after, took) = watched.await?;
    drop(clients);
    let caught_up_in = catch_up(server).await?;
    let engine = match (server.engine().await?, engine_before) {
        (Some(after), Some(before)) => Some(after.since(&before)),
        _ => None,
    };
    let rounds = seen.rounds.get();
    Ok(Measured {
        rounds,
        took,
        latency: seen.latency.replace(Recorder::new()?),
        used: after.since(&before),
        resident_bytes_before: before.resident_bytes,
        engine,
        caught_up_in,
    })
}

/// What all clients have seen.
struct Seen {
    latency: RefCell<Recorder>,
    rounds: Cell<u64>,
}

async fn ask_on(
    mut connection: Connection,
    client: usize,
    round: &impl Round,
    pace: &Pace,
    seen: &Seen,
    span: Span,
) -> Result<(), String> {
    let mut number = 0;
    while let Some(intended) = pace.next(span).await {
        let timed = round.run(&mut connection, client, number).await?;
        number += 1;
        let (counts, took) = match pace {
            Pace::AtOnce => (Instant::now() >= span.begin, timed.took),
            // What waited for a free client waited for the server: it counts from when it was meant to begin.
            Pace::Intended(_) => (intended >= span.begin, intended.elapsed()),
        };
        if counts {
            let begun = intended.saturating_duration_since(span.begin);
            let run = span.end - span.begin;
            seen.latency.borrow_mut().record(timed.kind, took, begun, run)?;
            seen.rounds.set(seen.rounds.get() + 1);
        }
    }
    Ok(())
}

/// Waits until the consumers of events have taken in all there is.
async fn catch_up(server: &Server) -> Result<Option<Duration>, String> {
    let begun = Instant::now();
    let Some(engine) = server.engine().await? else { return Ok(None) };
    let (mut messages, mut last) = (engine.messages, Duration::ZERO);
    while begun.elapsed() < last + QUIET && last < CATCH_UP_MAX {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let now = server.engine().await?.map_or(messages, |engine| engine.messages);
        if now != messages {
            (messages, last) = (now, begun.elapsed());
        }
    }
    Ok(Some(last))
}
