//! What callers, operators and restarts see of sagas.

use crate::evening::{self, Evening, Evenings, Flaw, no, silence, waiting};
use kernel::Uuid;
use parking_lot::Mutex;
use saga::{
    BeginError, Progress, RetryError, RetryPolicy, Runner, SagaLog, SagaState, SagaStatus, Sagas,
    Spawn,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

const ID: Uuid = Uuid::from_u128(1);

struct Process {
    runner: Runner<Evening>,
    log: Arc<SagaLog>,
    tasks: Arc<Mutex<JoinSet<()>>>,
    spawned: Arc<AtomicUsize>,
}

impl Process {
    async fn start(world: &Evenings) -> Self {
        let tasks: Arc<Mutex<JoinSet<()>>> = Arc::default();
        let spawned: Arc<AtomicUsize> = Arc::default();
        let spawn: Spawn = {
            let (tasks, spawned) = (Arc::clone(&tasks), Arc::clone(&spawned));
            Arc::new(move |task| {
                spawned.fetch_add(1, Ordering::Relaxed);
                tasks.lock().spawn(task);
            })
        };
        let log = SagaLog::open(world.journal(), evening::ids(), spawn).await.unwrap();
        let saga = world.saga(Flaw::None, None);
        let runner = Runner::start(&log, saga, RetryPolicy::default()).await.unwrap();
        // The keeper of snapshots is no saga.
        spawned.fetch_sub(1, Ordering::Relaxed);
        Self { runner, log, tasks, spawned }
    }

    fn kill(&self) {
        self.tasks.lock().abort_all();
    }

    async fn begin(&self) -> SagaStatus {
        self.runner.begin(ID, evening::case()).await.unwrap()
    }

    async fn end(&self) -> SagaState {
        for _ in 0..1_000 {
            if self.runner.list().is_empty() {
                return self.begin().await.state;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("it does not end: {:?}", self.runner.list())
    }
}

async fn log_of(world: &Evenings) -> Vec<String> {
    let events = world.journal().read(&format!("saga-{ID}"), 0, 100).await.unwrap();
    events.into_iter().map(|event| event.name).collect()
}

#[tokio::test(start_paused = true)]
async fn a_saga_without_trouble_is_one_task_and_two_appends() {
    let world = Evenings::new();
    let process = Process::start(&world).await;
    assert_eq!(process.begin().await.state, SagaState::Done);
    assert_eq!(process.spawned.load(Ordering::Relaxed), 0);
    assert_eq!(log_of(&world).await, ["saga_begun", "saga_ended"]);
    assert_eq!(process.begin().await.state, SagaState::Done, "the same request again");
    assert_eq!(world.journal().last_position().await.unwrap(), 2);
    world.judge(SagaState::Done).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_comes_back_as_it_was_said() {
    let world = Evenings::new();
    world.house.lock().table = vec![Err(no())];
    let process = Process::start(&world).await;
    let status = process.begin().await;
    assert_eq!(status.state, SagaState::Undone);
    let refusal = status.refusal.unwrap();
    assert_eq!((refusal.status, refusal.title.as_str()), (409, "no table"));
    assert_eq!(refusal.retry_after_seconds, None, "to come again is of no use");
    assert_eq!(log_of(&world).await, ["saga_begun", "saga_undoing", "saga_ended"]);
    world.judge(SagaState::Undone).unwrap();
    process.kill();
    let restarted = Process::start(&world).await;
    assert_eq!(restarted.begin().await.refusal.unwrap(), refusal, "also after a restart");
}

#[tokio::test(start_paused = true)]
async fn another_case_under_the_same_id_is_refused() {
    let world = Evenings::new();
    let process = Process::start(&world).await;
    world.house.lock().table = vec![Ok(waiting())];
    assert_eq!(process.begin().await.state, SagaState::Waiting);
    let other = Evening { guests: 5, ..evening::case() };
    let refused = process.runner.begin(ID, other.clone()).await;
    assert!(matches!(refused, Err(BeginError::OtherCase)));
    assert_eq!(process.runner.wake_and_settle(ID).await.unwrap().state, SagaState::Done);
    let refused = process.runner.begin(ID, other).await;
    assert!(matches!(refused, Err(BeginError::OtherCase)), "also when it has ended");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_does_not_answer_is_tried_until_it_does() {
    let world = Evenings::new();
    world.house.lock().table = vec![Err(silence()); 5];
    let process = Process::start(&world).await;
    let status = process.begin().await;
    assert_eq!((status.state, status.step, status.tries), (SagaState::Running, "table", 1));
    assert!(status.next_try_at.is_some());
    assert_eq!(process.end().await, SagaState::Done);
    world.judge(SagaState::Done).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_often_is_stuck_and_an_operator_tries_it_again() {
    let world = Evenings::new();
    let process = Process::start(&world).await;
    world.house.lock().table = vec![Err(silence()); 12];
    process.begin().await;
    while process.runner.list()[0].status.state != SagaState::Stuck {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let stuck = &process.runner.list()[0];
    assert_eq!((stuck.id, stuck.name, stuck.subject), (ID, "evening", evening::case().id));
    assert_eq!(stuck.status.error.as_deref(), Some("nobody answers"));
    let retried = process.runner.retry(ID).await.unwrap();
    assert_eq!(retried.status.state, SagaState::Done);
    assert!(matches!(process.runner.retry(ID).await, Err(RetryError::NotFailed)));
    let unknown = process.runner.retry(Uuid::from_u128(77)).await;
    assert!(matches!(unknown, Err(RetryError::Unknown)));
}

#[tokio::test(start_paused = true)]
async fn a_stuck_saga_is_still_tried_by_itself() {
    let world = Evenings::new();
    let process = Process::start(&world).await;
    world.house.lock().table = vec![Err(silence()); 20];
    process.begin().await;
    assert_eq!(process.end().await, SagaState::Done);
}

#[tokio::test(start_paused = true)]
async fn news_that_come_while_a_saga_runs_are_not_lost() {
    let world = Evenings::new();
    let process = Process::start(&world).await;
    // Woken before it waits, it looks again although nobody wakes it afterwards.
    world.house.lock().table = vec![Ok(waiting()), Ok(waiting())];
    assert!(!process.runner.wake(ID));
    process.begin().await;
    assert!(process.runner.wake(ID) && process.runner.wake(ID));
    let settled = process.runner.wake_and_settle(ID).await;
    assert!(settled.is_some_and(
        |status| status.state == SagaState::Waiting || status.state == SagaState::Done
    ));
    process.runner.wake(ID);
    assert_eq!(process.end().await, SagaState::Done);
    let waits = log_of(&world).await.iter().filter(|name| *name == "saga_waiting").count();
    assert_eq!(waits, 1, "the same wait is logged once");
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_at_its_time_without_news() {
    let world = Evenings::new();
    let process = Process::start(&world).await;
    let until = evening::ids().now().checked_add(Duration::from_mins(10)).ok();
    world.house.lock().table = vec![Ok(Progress::Waiting { reason: "guests".to_owned(), until })];
    let began = tokio::time::Instant::now();
    assert_eq!(process.begin().await.next_try_at, until);
    assert_eq!(process.end().await, SagaState::Done);
    assert!(began.elapsed() >= Duration::from_mins(10));
}

#[tokio::test(start_paused = true)]
async fn a_saga_goes_on_when_its_caller_is_dropped() {
    let world = Evenings::new();
    let process = Process::start(&world).await;
    let points = saga::failure_matrix::Points::never();
    points.hold();
    let log = &process.log;
    let slow = world.saga(Flaw::None, Some(Arc::clone(&points)));
    let runner = Runner::start(log, slow, RetryPolicy::default()).await.unwrap();
    let begin = runner.begin(ID, evening::case());
    assert!(tokio::time::timeout(Duration::from_secs(5), begin).await.is_err());
    points.release();
    while !runner.list().is_empty() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    world.judge(SagaState::Done).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_step_is_a_failure_like_any_other() {
    let world = Evenings::new();
    let process = Process::start(&world).await;
    world.house.lock().table = vec![Err(silence())];
    world.house.lock().panics = 2;
    process.begin().await;
    assert_eq!(process.end().await, SagaState::Done);
}

#[tokio::test(start_paused = true)]
async fn two_requests_at_once_are_one_saga() {
    let world = Evenings::new();
    let process = Process::start(&world).await;
    let all = (0..50).map(|_| process.begin());
    let standings = futures_util::future::join_all(all).await;
    assert!(standings.iter().all(|status| status.state == SagaState::Done));
    assert_eq!(log_of(&world).await, ["saga_begun", "saga_ended"]);
}

#[tokio::test(start_paused = true)]
async fn a_start_reads_the_unfinished_and_not_the_many_that_have_ended() {
    let world = Evenings::new();
    let process = Process::start(&world).await;
    for number in 0..5_000 {
        let id = Uuid::from_u128(1_000 + number);
        process.runner.begin(id, evening::case()).await.unwrap();
    }
    world.house.lock().table = vec![Ok(waiting()), Ok(waiting())];
    process.begin().await;
    process.log.save_snapshot().await.unwrap();
    let snapshot = world.journal().snapshot("sagas-1").await.unwrap().unwrap();
    assert!(snapshot.data.len() < 200, "{} bytes for one unfinished saga", snapshot.data.len());
    process.kill();
    let restarted = Process::start(&world).await;
    assert_eq!(restarted.runner.list().len(), 1);
    assert_eq!(restarted.runner.list()[0].id, ID);
    while restarted.runner.list()[0].status.state != SagaState::Waiting {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    restarted.runner.wake(ID);
    assert_eq!(restarted.end().await, SagaState::Done);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_refuses_to_begin_and_nothing_is_left_behind() {
    let world = Evenings::new();
    let process = Process::start(&world).await;
    world.engine.close().await.unwrap();
    let refused = process.runner.begin(ID, evening::case()).await;
    assert!(matches!(refused, Err(BeginError::Storage(_))));
    assert!(process.runner.list().is_empty());
    world.judge(SagaState::Undone).unwrap();
}

#[tokio::test(start_paused = true)]
async fn processes_that_never_live_long_do_not_make_every_start_longer() {
    let world = Evenings::new();
    let mut id = 1_000;
    // Three short lives; none of them appends enough for a snapshot by itself.
    for _ in 0..3 {
        let process = Process::start(&world).await;
        for _ in 0..1_000 {
            id += 1;
            process.runner.begin(Uuid::from_u128(id), evening::case()).await.unwrap();
        }
        assert!(world.journal().snapshot("sagas-1").await.unwrap().is_none());
        process.kill();
    }
    let process = Process::start(&world).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(
        world.journal().snapshot("sagas-1").await.unwrap().is_some(),
        "the next start reads all"
    );
    process.kill();
}
