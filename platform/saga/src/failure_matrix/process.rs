//! A process that runs the saga until it ends or crashes.

use super::{Points, Subject, World, complain, disturbed::Disturbed, step_fault::Plan};
use crate::{RetryPolicy, Runner, Saga, SagaLog, SagaState, Sagas, Spawn, Step};
use journal::{Journal, interceptor::InterceptedJournal};
use kernel::Uuid;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

pub(crate) struct Process<C: crate::SagaInput> {
    pub(crate) points: Arc<Points>,
    runner: Runner<C>,
    log: Arc<SagaLog>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

/// How often somebody looks whether the saga has ended, and for how long at most.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const LOOKS_MAX: usize = 1_000;

impl<C: crate::SagaInput + Clone> Process<C> {
    /// Starts, and goes on with what the log shows unfinished. `None` when it crashes on the way.
    pub(crate) async fn start<S: Subject<SagaInput = C>>(
        subject: &S,
        world: &S::World,
        plan: &Arc<Plan>,
        crash_at: Option<usize>,
    ) -> Option<Self> {
        let points = Points::crashing_at(crash_at);
        let tasks: Arc<Mutex<JoinSet<()>>> = Arc::default();
        let spawn: Spawn = {
            let tasks = Arc::clone(&tasks);
            Arc::new(move |task| drop(tasks.lock().spawn(task)))
        };
        let journal: Arc<dyn Journal> = Arc::new(InterceptedJournal {
            journal: world.journal(),
            interceptor: Arc::clone(&points),
        });
        let starting = async {
            let log = SagaLog::open(Arc::clone(&journal), world.ids(), spawn).await?;
            let saga = subject.saga(world, journal, &points).await;
            let saga = disturb(saga, plan, &points);
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
                let (log, runner) = started.expect("the log of the failure_matrix can be read");
                Some(Self { points, runner, log, tasks })
            }
        }
    }

    /// Lets what is unfinished end, then has a client send its request, and send it again. `None` when the process
    /// crashes on the way; an error says why the saga did not end.
    pub(crate) async fn run_to_end(&self, id: Uuid, case: &C) -> Option<Result<SagaState, String>> {
        tokio::select! {
            biased;
            () = self.points.crashed() => None,
            end = self.undisturbed(id, case) => Some(end),
        }
    }

    async fn undisturbed(&self, id: Uuid, case: &C) -> Result<SagaState, String> {
        self.until_all_ended().await?;
        let begun = self.runner.begin(id, case.clone()).await;
        begun.map_err(|error| complain("it could not be begun", &error))?;
        self.until_all_ended().await?;
        let again = self.runner.begin(id, case.clone()).await;
        let again = again.map_err(|error| complain("the repeated request failed", &error))?;
        // A start after this one finds nothing to do, with or without a snapshot.
        self.log.save_snapshot().await.map_err(|error| complain("no snapshot", &error))?;
        Ok(again.state)
    }

    async fn until_all_ended(&self) -> Result<(), String> {
        for _ in 0..LOOKS_MAX {
            let unfinished = self.runner.list();
            if unfinished.is_empty() {
                return Ok(());
            }
            let waiting = unfinished.iter().filter(|saga| saga.status.state == SagaState::Waiting);
            for saga in waiting {
                self.runner.wake(saga.id);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Err(format!("it does not end: {:?}", self.runner.list()))
    }

    pub(crate) fn kill(&self) {
        self.tasks.lock().abort_all();
    }
}

fn disturb<C: crate::SagaInput>(saga: Saga<C>, plan: &Arc<Plan>, points: &Arc<Points>) -> Saga<C> {
    let disturbed = |(at, step)| {
        let (plan, points) = (Arc::clone(plan), Arc::clone(points));
        Arc::new(Disturbed { step, at, plan, points }) as Arc<dyn Step<C>>
    };
    Saga::new(saga.name, saga.steps.into_iter().enumerate().map(disturbed).collect())
}
