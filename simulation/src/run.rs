//! Plays one plan from beginning to end.

use crate::{
    coverage::Coverage,
    invariants, opening, people,
    plan::Plan,
    world::{Violation, World},
};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// What came of a plan.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) violations: Vec<Violation>,
    pub(crate) story: Vec<String>,
    pub(crate) fingerprint: u64,
    pub(crate) simulated: Duration,
    pub(crate) coverage: Coverage,
    /// What became of each attempt to place an order, in words that do not depend on the shape.
    pub(crate) observable: Vec<String>,
}

impl Outcome {
    /// What came of a plan that could not be played to its end.
    pub(crate) fn failed(invariant: &'static str, what: String) -> Self {
        Self {
            violations: vec![Violation { invariant, what }],
            story: Vec::new(),
            fingerprint: 0,
            simulated: Duration::ZERO,
            coverage: Coverage::default(),
            observable: Vec::new(),
        }
    }
}

/// How long messages that were doubled before can still arrive.
const STRAGGLERS: Duration = Duration::from_secs(25);

/// Plays a plan on a thread of its own making: one thread, simulated time.
pub(crate) fn play(plan: Plan) -> Result<Outcome, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    let outcome = runtime.block_on(played(plan));
    // What still runs goes with the runtime.
    drop(runtime);
    outcome
}

async fn played(plan: Plan) -> Result<Outcome, String> {
    let world = World::new(plan)?;
    world.open().await?;
    opening::stock_the_shop(&world).await?;
    world.begin_weather();
    let mut people = JoinSet::new();
    for act in &world.plan.acts {
        people.spawn(people::perform(Arc::clone(&world), act.clone()));
    }
    let mut faults = JoinSet::new();
    for strike in world.plan.strikes.clone() {
        let world = Arc::clone(&world);
        faults.spawn(async move {
            tokio::time::sleep(Duration::from_millis(strike.at_ms)).await;
            world.strike(strike.fault);
        });
    }
    while people.join_next().await.is_some() {}
    while faults.join_next().await.is_some() {}
    world.heal();
    world.tell(format_args!("nothing breaks any more"));
    tokio::time::sleep(STRAGGLERS).await;
    invariants::check_all(&world).await;
    let outcome = outcome(&world);
    world.end();
    Ok(outcome)
}

fn outcome(world: &World) -> Outcome {
    let books = world.books.lock();
    let order = |order: &crate::books::Order| {
        format!("{} {} {} {}", order.email, order.status.word(), order.total, order.refunded())
    };
    let mut observable: Vec<String> = books.orders.all.values().map(order).collect();
    observable.sort();
    for (sku, shelf) in &books.stock.shelves {
        observable.push(format!("{sku} {}", shelf.on_hand));
    }
    drop(books);
    Outcome {
        violations: world.violations(),
        story: world.story(),
        fingerprint: world.fingerprint(),
        simulated: Duration::from_millis(world.now_ms()),
        coverage: world.coverage.lock().clone(),
        observable,
    }
}
