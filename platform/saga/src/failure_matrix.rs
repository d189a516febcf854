//! Proves a saga by breaking it: every step twice, refused, unanswered, waiting, undone badly, and a crash at every
//! point in between. In the end the world must be as it is after a saga that is done, or as if it had never begun.
//!
//! For tests only. They pause the clock (`#[tokio::test(start_paused = true)]`), so that no pause takes time.

mod disturbed;
mod points;
mod process;
mod step_fault;

pub use points::Points;

use crate::{Saga, SagaInput, SagaState};
use async_trait::async_trait;
use journal::Journal;
use kernel::{Ids, Uuid};
use process::Process;
use std::{fmt::Debug, sync::Arc};
use step_fault::{Nature, Plan, StepFault};

/// What outlives the processes that run a saga.
pub trait World: Send + Sync {
    /// The journal of the service that runs the saga.
    fn journal(&self) -> Arc<dyn Journal>;

    /// Time and randomness of one process: another process draws other identifiers.
    fn ids(&self) -> Ids;
}

/// A saga to be proven, and the world it acts on.
#[async_trait]
pub trait Subject: Send + Sync {
    /// What the saga is about.
    type SagaInput: SagaInput + Clone;
    /// Everything outside the process that runs the saga: it outlives its crashes.
    type World: World;

    /// A world in which nothing has happened yet.
    async fn world(&self) -> Self::World;

    /// The saga, as a process wires it at its start. What its steps append goes to `journal`; where they do several
    /// things, `points` marks the places between them at which the process may crash.
    async fn saga(
        &self,
        world: &Self::World,
        journal: Arc<dyn Journal>,
        points: &Arc<Points>,
    ) -> Saga<Self::SagaInput>;

    /// The case, and the id to begin it under.
    fn case(&self) -> (Uuid, Self::SagaInput);

    /// Whether this step, when it says no, has certainly had no effect. Then it is not refused after it has had one.
    fn refuses_cleanly(&self, step: &str) -> bool {
        let _ = step;
        false
    }

    /// Whether the world is as it must be after this end; otherwise what is wrong.
    async fn judge(&self, world: &Self::World, end: SagaState) -> Result<(), String>;
}

/// Runs the whole matrix; panics at the first run that ends wrongly, and says which. Returns how many runs it took.
pub async fn prove<S: Subject>(subject: &S) -> usize {
    let mut runs = 0;
    for trouble in StepFault::all(&steps_of(subject).await) {
        let points = run(subject, trouble, &[]).await;
        for first in 0..points {
            let after_restart = run(subject, trouble, &[first]).await;
            runs += 1;
            if after_restart > 0 && first % SECOND_CRASH_EVERY == 0 {
                run(subject, trouble, &[first, (first * SECOND_CRASH_STRIDE) % after_restart])
                    .await;
                runs += 1;
            }
        }
    }
    runs
}

/// Not every pair of crashes is tried: the second one follows every fifth, at points that scatter.
const SECOND_CRASH_EVERY: usize = 5;
const SECOND_CRASH_STRIDE: usize = 7;

/// What the steps are like.
async fn steps_of<S: Subject>(subject: &S) -> Vec<Nature> {
    let world = subject.world().await;
    let journal = world.journal();
    let saga = subject.saga(&world, journal, &Points::never()).await;
    let natures = saga.steps.iter().map(|step| match step.must_succeed() {
        true => Nature::MustSucceed,
        false if subject.refuses_cleanly(step.name()) => Nature::RefusesCleanly,
        false => Nature::Refuses,
    });
    natures.collect()
}

/// One run with these crashes, each after so many points of the process it ends. Returns how many points the last
/// process passed.
async fn run<S: Subject>(subject: &S, trouble: StepFault, crashes: &[usize]) -> usize {
    let context = || format!("{trouble:?}, crashes {crashes:?}");
    let world = subject.world().await;
    let plan = Arc::new(Plan::new(trouble));
    let mut crashes_left = crashes.iter().copied();
    loop {
        let process = Process::start(subject, &world, &plan, crashes_left.next()).await;
        let Some(process) = process else { continue };
        let (id, case) = subject.case();
        let Some(end) = process.run_to_end(id, &case).await else {
            process.kill();
            continue;
        };
        let end = end.unwrap_or_else(|error| panic!("{}: {error}", context()));
        let wanted = trouble.end();
        assert!(wanted.is_none_or(|wanted| wanted == end), "{}: ended {end:?}", context());
        if let Err(complaint) = subject.judge(&world, end).await {
            panic!("{}: ended {end:?}, but {complaint}", context());
        }
        let passed = process.points.passed();
        process.kill();
        return passed;
    }
}

/// Fails a test with what went wrong.
fn complain(what: &str, error: &dyn Debug) -> String {
    format!("{what}: {error:?}")
}
