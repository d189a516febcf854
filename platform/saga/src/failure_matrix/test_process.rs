//! Process that runs the saga under test until it ends or crashes.

use super::{
    CrashPoints, SagaUnderTest, TestEnvironment, failure, fault_injecting_step::FaultInjectingStep,
    step_fault::FaultPlan,
};
use crate::{RetryPolicy, Runner, Saga, SagaInput, SagaLog, SagaState, Sagas, Spawn, Step};
use journal::{Journal, interceptor::InterceptedJournal};
use kernel::Uuid;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

pub(crate) struct TestProcess<I: SagaInput> {
    pub(crate) points: Arc<CrashPoints>,
    runner: Runner<I>,
    log: Arc<SagaLog>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

/// Interval and limit of the polls for the saga's end.
const POLL_INTERVAL: Duration = Duration::from_secs(5);
const POLLS_MAX: usize = 1_000;

impl<I: SagaInput + Clone> TestProcess<I> {
    /// Starts the process, which resumes what the log shows unfinished. `None` when it crashes on the way.
    pub(crate) async fn start<S: SagaUnderTest<Input = I>>(
        subject: &S,
        environment: &S::Environment,
        plan: &Arc<FaultPlan>,
        crash_at: Option<usize>,
    ) -> Option<Self> {
        let points = CrashPoints::crashing_at(crash_at);
        let tasks: Arc<Mutex<JoinSet<()>>> = Arc::default();
        let spawn: Spawn = {
            let tasks = Arc::clone(&tasks);
            Arc::new(move |task| drop(tasks.lock().spawn(task)))
        };
        let journal: Arc<dyn Journal> = Arc::new(InterceptedJournal {
            journal: environment.journal(),
            interceptor: Arc::clone(&points),
        });
        let starting = async {
            let log = SagaLog::open(Arc::clone(&journal), environment.ids(), spawn).await?;
            let saga = subject.saga(environment, journal, &points).await;
            let saga = inject_faults(saga, plan, &points);
            let runner = Runner::start(&log, saga, RetryPolicy::default()).await?;
            Ok::<_, storage::StorageError>((log, runner))
        };
        tokio::select! {
            biased;
            () = points.crashed() => {
                tasks.lock().abort_all();
                None
            }
            started = starting => {
                let (log, runner) = started.expect("the log of the failure matrix can be read");
                Some(Self { points, runner, log, tasks })
            }
        }
    }

    /// Waits for unfinished sagas to end, then begins the saga as a client would, twice. `None` when the process crashes
    /// on the way; an error says why the saga did not end.
    pub(crate) async fn run_to_end(
        &self,
        id: Uuid,
        input: &I,
    ) -> Option<Result<SagaState, String>> {
        tokio::select! {
            biased;
            () = self.points.crashed() => None,
            end = self.begin_twice(id, input) => Some(end),
        }
    }

    async fn begin_twice(&self, id: Uuid, input: &I) -> Result<SagaState, String> {
        self.until_all_ended().await?;
        let started = self.runner.begin(id, input.clone()).await;
        started.map_err(|error| failure("the saga could not be started", &error))?;
        self.until_all_ended().await?;
        let again = self.runner.begin(id, input.clone()).await;
        let again = again.map_err(|error| failure("the repeated request failed", &error))?;
        // The next start finds nothing to do, with or without a snapshot.
        self.log.save_snapshot().await.map_err(|error| failure("the snapshot failed", &error))?;
        Ok(again.state)
    }

    async fn until_all_ended(&self) -> Result<(), String> {
        for _ in 0..POLLS_MAX {
            let unfinished = self.runner.list();
            if unfinished.is_empty() {
                return Ok(());
            }
            let waiting = unfinished.iter().filter(|saga| saga.status.state == SagaState::Waiting);
            for saga in waiting {
                self.runner.wake(saga.id);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Err(format!("the saga does not end: {:?}", self.runner.list()))
    }

    pub(crate) fn kill(&self) {
        self.tasks.lock().abort_all();
    }
}

fn inject_faults<I: SagaInput>(
    saga: Saga<I>,
    plan: &Arc<FaultPlan>,
    points: &Arc<CrashPoints>,
) -> Saga<I> {
    let decorate = |(index, step)| {
        let (plan, points) = (Arc::clone(plan), Arc::clone(points));
        Arc::new(FaultInjectingStep { step, index, plan, points }) as Arc<dyn Step<I>>
    };
    Saga::new(saga.name, saga.steps.into_iter().enumerate().map(decorate).collect())
}
