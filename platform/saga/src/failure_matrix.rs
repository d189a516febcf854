//! Failure matrix: proves a saga by fault injection. Every step runs twice, is refused, does not answer, waits and fails
//! to be undone, and the process crashes at every point in between. In the end the environment must be as it is after a
//! saga that is done, or as if the saga had never been started.
//!
//! For tests only. They pause the clock (`#[tokio::test(start_paused = true)]`), so that no backoff takes time.

mod crash_points;
mod fault_injecting_step;
mod step_fault;
mod test_process;

pub use crash_points::CrashPoints;

use crate::{Saga, SagaInput, SagaState};
use async_trait::async_trait;
use journal::Journal;
use kernel::{Ids, Uuid};
use std::{fmt::Debug, sync::Arc};
use step_fault::{FaultPlan, StepFault, StepKind};
use test_process::TestProcess;

/// Environment that outlives the processes which run a saga.
pub trait TestEnvironment: Send + Sync {
    /// Journal of the service that runs the saga.
    fn journal(&self) -> Arc<dyn Journal>;

    /// Clock and randomness of one process: another process draws other identifiers.
    fn ids(&self) -> Ids;
}

/// Saga under test, and the environment that it acts on.
#[async_trait]
pub trait SagaUnderTest: Send + Sync {
    /// Input of the saga.
    type Input: SagaInput + Clone;
    /// Everything outside the process that runs the saga, which outlives its crashes.
    type Environment: TestEnvironment;

    /// Environment in which nothing has happened yet.
    async fn environment(&self) -> Self::Environment;

    /// Saga as a process assembles it at its start. What its steps append goes to `journal`; where a step does several
    /// things, it passes `points` between them, at which the process may crash.
    async fn saga(
        &self,
        environment: &Self::Environment,
        journal: Arc<dyn Journal>,
        points: &Arc<CrashPoints>,
    ) -> Saga<Self::Input>;

    /// Id and input to begin the saga with.
    fn input(&self) -> (Uuid, Self::Input);

    /// Whether a refusal of this step proves that it has had no effect. Then no refusal is injected after its effect.
    fn refuses_cleanly(&self, step: &str) -> bool {
        let _ = step;
        false
    }

    /// Verifies the environment after the saga ended in this state; an error says what is wrong.
    async fn verify(&self, environment: &Self::Environment, end: SagaState) -> Result<(), String>;
}

/// Runs the whole matrix and returns the number of runs. Panics at the first run that ends wrongly, naming its fault and
/// crashes.
pub async fn prove<S: SagaUnderTest>(subject: &S) -> usize {
    let mut runs = 0;
    for fault in StepFault::all(&step_kinds(subject).await) {
        let points = run(subject, fault, &[]).await;
        for first in 0..points {
            let after_restart = run(subject, fault, &[first]).await;
            runs += 1;
            if after_restart > 0 && first % SECOND_CRASH_EVERY == 0 {
                run(subject, fault, &[first, (first * SECOND_CRASH_STRIDE) % after_restart]).await;
                runs += 1;
            }
        }
    }
    runs
}

/// Sample of the pairs of crashes: a second one follows every fifth first one, at points that scatter.
const SECOND_CRASH_EVERY: usize = 5;
const SECOND_CRASH_STRIDE: usize = 7;

/// Kinds of the saga's steps, in order.
async fn step_kinds<S: SagaUnderTest>(subject: &S) -> Vec<StepKind> {
    let environment = subject.environment().await;
    let journal = environment.journal();
    let saga = subject.saga(&environment, journal, &CrashPoints::never()).await;
    let kinds = saga.steps.iter().map(|step| match step.must_succeed() {
        true => StepKind::MustSucceed,
        false if subject.refuses_cleanly(step.name()) => StepKind::RefusesCleanly,
        false => StepKind::Refuses,
    });
    kinds.collect()
}

/// One run with these crashes, each after so many points of the process it ends. Returns how many points the last
/// process passed.
async fn run<S: SagaUnderTest>(subject: &S, fault: StepFault, crashes: &[usize]) -> usize {
    let context = || format!("{fault:?}, crashes {crashes:?}");
    let environment = subject.environment().await;
    let plan = Arc::new(FaultPlan::new(fault));
    let mut crashes_left = crashes.iter().copied();
    loop {
        let process = TestProcess::start(subject, &environment, &plan, crashes_left.next()).await;
        let Some(process) = process else { continue };
        let (id, input) = subject.input();
        let Some(end) = process.run_to_end(id, &input).await else {
            process.kill();
            continue;
        };
        let end = end.unwrap_or_else(|error| panic!("{}: {error}", context()));
        let expected = fault.expected_end();
        assert!(expected.is_none_or(|expected| expected == end), "{}: ended {end:?}", context());
        if let Err(wrong) = subject.verify(&environment, end).await {
            panic!("{}: ended {end:?}, but {wrong}", context());
        }
        let passed = process.points.passed();
        process.kill();
        return passed;
    }
}

/// Message of a failed test: what failed, and the error.
fn failure(what: &str, error: &dyn Debug) -> String {
    format!("{what}: {error:?}")
}
