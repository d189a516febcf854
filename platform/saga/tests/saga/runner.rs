//! Sagas as callers, operators and restarts see them.

use crate::dinner::{self, Defect, Dinner, DinnerEnvironment, refused, unavailable, waiting};
use async_trait::async_trait;
use journal::{
    Append, AppendError, Appended, Journal, NewEvent, RecordedEvent, TypedEvent,
    interceptor::{InterceptedJournal, JournalInterceptor},
};
use kernel::{Edge, Origin, Timestamp, Uuid};
use parking_lot::Mutex;
use saga::{
    BeginError, Progress, RetryError, RetryPolicy, Runner, SagaLog, SagaState, SagaStatus, Sagas,
    Spawn,
    maintenance::{SagaKind, event_json, saga_subject},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use storage::StorageError;
use tokio::task::JoinSet;
use transport::Context;

const ID: Uuid = Uuid::from_u128(1);

struct RunnerProcess {
    runner: Runner<Dinner>,
    log: Arc<SagaLog>,
    tasks: Arc<Mutex<JoinSet<()>>>,
    spawned: Arc<AtomicUsize>,
}

impl RunnerProcess {
    async fn start(environment: &DinnerEnvironment) -> Self {
        Self::start_on(environment, environment.journal()).await
    }

    async fn start_on(environment: &DinnerEnvironment, journal: Arc<dyn Journal>) -> Self {
        let tasks: Arc<Mutex<JoinSet<()>>> = Arc::default();
        let spawned: Arc<AtomicUsize> = Arc::default();
        let spawn: Spawn = {
            let (tasks, spawned) = (Arc::clone(&tasks), Arc::clone(&spawned));
            Arc::new(move |task| {
                spawned.fetch_add(1, Ordering::Relaxed);
                tasks.lock().spawn(task);
            })
        };
        let log = SagaLog::open(journal, dinner::ids(), spawn).await.unwrap();
        let saga = environment.saga(Defect::None, None);
        let runner = Runner::start(&log, saga, RetryPolicy::default()).await.unwrap();
        // The task that saves snapshots is no saga.
        spawned.fetch_sub(1, Ordering::Relaxed);
        Self { runner, log, tasks, spawned }
    }

    async fn start_with(environment: &DinnerEnvironment, first: FirstAppend) -> Self {
        let interceptor = Arc::new(Mutex::new(Some(first)));
        let interceptor = Arc::new(FailsFirst { first: interceptor });
        let journal = InterceptedJournal { journal: environment.journal(), interceptor };
        Self::start_on(environment, Arc::new(journal)).await
    }

    /// Asserts that the journal does not tell whether the saga has begun.
    async fn begin_without_an_answer(&self) {
        let refused = self.runner.begin(ID, dinner::input()).await;
        assert!(matches!(refused, Err(BeginError::Storage(StorageError::Unavailable(_)))));
        let [seen] = &self.runner.list()[..] else { panic!("operators see it") };
        assert!(seen.status.error.as_ref().unwrap().contains("not known"), "{seen:?}");
    }

    fn kill(&self) {
        self.tasks.lock().abort_all();
    }

    async fn begin(&self) -> SagaStatus {
        self.runner.begin(ID, dinner::input()).await.unwrap()
    }

    async fn end(&self) -> SagaState {
        for _ in 0..1_000 {
            if self.runner.list().is_empty() {
                return self.begin().await.state;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("the saga does not end: {:?}", self.runner.list())
    }
}

async fn log_of(environment: &DinnerEnvironment) -> Vec<String> {
    let events = environment.journal().read(&format!("saga-{ID}"), 0, 100).await.unwrap();
    events.into_iter().map(|event| event.name).collect()
}

#[tokio::test(start_paused = true)]
async fn a_saga_without_failures_is_one_task_and_two_appends() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start(&environment).await;
    assert_eq!(process.begin().await.state, SagaState::Done);
    assert_eq!(process.spawned.load(Ordering::Relaxed), 0);
    assert_eq!(log_of(&environment).await, ["saga_begun", "saga_ended"]);
    assert_eq!(process.begin().await.state, SagaState::Done, "the same request again");
    assert_eq!(environment.journal().last_position().await.unwrap(), 2);
    environment.verify(SagaState::Done).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_saga_acts_on_behalf_of_who_began_it_also_without_the_request() {
    let operator = Origin::new(Edge::Operator, Some("operator:ann"), None, None);
    for origin in [Some(operator), Some(Origin::of_edge(Edge::Shop)), None] {
        let environment = DinnerEnvironment::new();
        environment.house.lock().table = vec![Ok(waiting()), Err(unavailable()), Ok(waiting())];
        let process = RunnerProcess::start(&environment).await;
        let context =
            Context { edge: Edge::Operator, origin: origin.clone(), ..Context::default() };
        assert_eq!(context.scope(process.begin()).await.state, SagaState::Waiting);
        // In the background of the same process, and of the next one.
        process.runner.wake_and_settle(ID).await.unwrap();
        process.kill();
        let restarted = RunnerProcess::start(&environment).await;
        while !restarted.runner.list().is_empty() {
            restarted.runner.wake_and_settle(ID).await;
        }
        let events = environment.journal().read(&format!("saga-{ID}"), 0, 100).await.unwrap();
        assert!(events.len() >= 3 && events.iter().all(|event| event.origin == origin));
        let contexts = environment.contexts.lock().clone();
        assert!(contexts.len() > 3 && contexts.iter().all(|context| context.origin == origin));
        let last = contexts.last().unwrap();
        assert_eq!((last.edge, &last.actor), (Edge::Internal, &None), "an origin grants nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_returned_as_the_step_gave_it() {
    let environment = DinnerEnvironment::new();
    environment.house.lock().table = vec![Err(refused())];
    let process = RunnerProcess::start(&environment).await;
    let status = process.begin().await;
    assert_eq!(status.state, SagaState::Undone);
    let refusal = status.refusal.unwrap();
    assert_eq!((refusal.status, refusal.title.as_str()), (409, "no table"));
    assert_eq!(refusal.retry_after_seconds, None, "a repetition is of no use");
    assert_eq!(log_of(&environment).await, ["saga_begun", "saga_undoing", "saga_ended"]);
    environment.verify(SagaState::Undone).unwrap();
    process.kill();
    let restarted = RunnerProcess::start(&environment).await;
    assert_eq!(restarted.begin().await.refusal.unwrap(), refusal, "also after a restart");
}

#[tokio::test(start_paused = true)]
async fn another_input_under_the_same_id_is_refused() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start(&environment).await;
    environment.house.lock().table = vec![Ok(waiting())];
    assert_eq!(process.begin().await.state, SagaState::Waiting);
    let other = Dinner { guests: 5, ..dinner::input() };
    let refused = process.runner.begin(ID, other.clone()).await;
    assert!(matches!(refused, Err(BeginError::DifferentInput)));
    assert_eq!(process.runner.wake_and_settle(ID).await.unwrap().state, SagaState::Done);
    let refused = process.runner.begin(ID, other).await;
    assert!(matches!(refused, Err(BeginError::DifferentInput)), "also when it has ended");
}

#[tokio::test(start_paused = true)]
async fn an_unavailable_step_is_retried_until_it_succeeds() {
    let environment = DinnerEnvironment::new();
    environment.house.lock().table = vec![Err(unavailable()); 5];
    let process = RunnerProcess::start(&environment).await;
    let status = process.begin().await;
    assert_eq!((status.state, status.step, status.attempts), (SagaState::Running, "table", 1));
    assert_eq!(status.steps_done, 1);
    assert!(status.next_attempt_at.is_some());
    assert_eq!(process.end().await, SagaState::Done);
    environment.verify(SagaState::Done).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_often_is_stuck_and_an_operator_can_retry_it() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start(&environment).await;
    environment.house.lock().table = vec![Err(unavailable()); 12];
    process.begin().await;
    while process.runner.list()[0].status.state != SagaState::Stuck {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let stuck = &process.runner.list()[0];
    assert_eq!((stuck.id, stuck.name, stuck.subject), (ID, "dinner", dinner::input().id));
    assert_eq!(stuck.status.error.as_deref(), Some("no answer"));
    let retried = process.runner.retry(ID).await.unwrap();
    assert_eq!(retried.status.state, SagaState::Done);
    assert!(matches!(process.runner.retry(ID).await, Err(RetryError::NotFailed)));
    let unknown = process.runner.retry(Uuid::from_u128(77)).await;
    assert!(matches!(unknown, Err(RetryError::Unknown)));
}

#[tokio::test(start_paused = true)]
async fn a_stuck_saga_is_still_retried_automatically() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start(&environment).await;
    environment.house.lock().table = vec![Err(unavailable()); 20];
    process.begin().await;
    assert_eq!(process.end().await, SagaState::Done);
}

#[tokio::test(start_paused = true)]
async fn a_wake_while_a_saga_runs_is_not_lost() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start(&environment).await;
    // Woken before it waits, it runs again although nothing wakes it afterwards.
    environment.house.lock().table = vec![Ok(waiting()), Ok(waiting())];
    assert!(!process.runner.wake(ID));
    process.begin().await;
    assert!(process.runner.wake(ID) && process.runner.wake(ID));
    let settled = process.runner.wake_and_settle(ID).await;
    assert!(settled.is_some_and(
        |status| status.state == SagaState::Waiting || status.state == SagaState::Done
    ));
    process.runner.wake(ID);
    assert_eq!(process.end().await, SagaState::Done);
    let waits = log_of(&environment).await.iter().filter(|name| *name == "saga_waiting").count();
    assert_eq!(waits, 1, "the same wait is logged once");
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_at_its_time_without_a_wake() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start(&environment).await;
    let until = dinner::ids().now().checked_add(Duration::from_mins(10)).ok();
    environment.house.lock().table =
        vec![Ok(Progress::Waiting { reason: "guests".to_owned(), until })];
    let began = tokio::time::Instant::now();
    assert_eq!(process.begin().await.next_attempt_at, until);
    assert_eq!(process.end().await, SagaState::Done);
    assert!(began.elapsed() >= Duration::from_mins(10));
}

#[tokio::test(start_paused = true)]
async fn a_saga_continues_when_its_caller_is_dropped() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start(&environment).await;
    let points = saga::failure_matrix::CrashPoints::never();
    points.hold();
    let log = &process.log;
    let slow = environment.saga(Defect::None, Some(Arc::clone(&points)));
    let runner = Runner::start(log, slow, RetryPolicy::default()).await.unwrap();
    let begin = runner.begin(ID, dinner::input());
    assert!(tokio::time::timeout(Duration::from_secs(5), begin).await.is_err());
    points.release();
    while !runner.list().is_empty() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    environment.verify(SagaState::Done).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_step_is_retried_like_any_other_failure() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start(&environment).await;
    environment.house.lock().table = vec![Err(unavailable())];
    environment.house.lock().panics = 2;
    process.begin().await;
    assert_eq!(process.end().await, SagaState::Done);
}

#[tokio::test(start_paused = true)]
async fn concurrent_requests_under_one_id_are_one_saga() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start(&environment).await;
    let all = (0..50).map(|_| process.begin());
    let statuses = futures_util::future::join_all(all).await;
    assert!(statuses.iter().all(|status| status.state == SagaState::Done));
    assert_eq!(log_of(&environment).await, ["saga_begun", "saga_ended"]);
}

#[tokio::test(start_paused = true)]
async fn a_start_reads_the_unfinished_sagas_and_not_those_that_have_ended() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start(&environment).await;
    for number in 0..5_000 {
        let id = Uuid::from_u128(1_000 + number);
        process.runner.begin(id, dinner::input()).await.unwrap();
    }
    environment.house.lock().table = vec![Ok(waiting()), Ok(waiting())];
    process.begin().await;
    process.log.save_snapshot().await.unwrap();
    let snapshot = environment.journal().snapshot("sagas-1").await.unwrap().unwrap();
    assert!(snapshot.data.len() < 200, "{} bytes for one unfinished saga", snapshot.data.len());
    process.kill();
    let restarted = RunnerProcess::start(&environment).await;
    assert_eq!(restarted.runner.list().len(), 1);
    assert_eq!(restarted.runner.list()[0].id, ID);
    while restarted.runner.list()[0].status.state != SagaState::Waiting {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    restarted.runner.wake(ID);
    assert_eq!(restarted.end().await, SagaState::Done);
}

#[tokio::test(start_paused = true)]
async fn a_failed_append_refuses_to_begin_and_leaves_nothing_behind() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start_with(&environment, FirstAppend::Refused).await;
    let refused = process.runner.begin(ID, dinner::input()).await;
    assert!(matches!(refused, Err(BeginError::Storage(StorageError::Refused(_)))));
    assert!(process.runner.list().is_empty());
    environment.verify(SagaState::Undone).unwrap();
}

#[tokio::test(start_paused = true)]
async fn short_lived_processes_do_not_make_every_start_longer() {
    let environment = DinnerEnvironment::new();
    let mut id = 1_000;
    // Three short lives; none of them appends enough for a snapshot by itself.
    for _ in 0..3 {
        let process = RunnerProcess::start(&environment).await;
        for _ in 0..1_000 {
            id += 1;
            process.runner.begin(Uuid::from_u128(id), dinner::input()).await.unwrap();
        }
        assert!(environment.journal().snapshot("sagas-1").await.unwrap().is_none());
        process.kill();
    }
    let process = RunnerProcess::start(&environment).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(
        environment.journal().snapshot("sagas-1").await.unwrap().is_some(),
        "the next start reads all"
    );
    process.kill();
}

/// Appends the events of a saga, as they are stored.
async fn store(environment: &DinnerEnvironment, events: &[(&'static str, &'static str)]) {
    let event = |(index, (name, data)): (usize, &(&'static str, &'static str))| NewEvent {
        id: Uuid::from_u128(index as u128),
        name,
        data: data.as_bytes().into(),
        recorded_at: Timestamp::UNIX_EPOCH,
        typed: TypedEvent::default(),
        personal: None,
    };
    let events = events.iter().enumerate().map(event).collect();
    let stream = format!("saga-{ID}");
    let append =
        Append { stream, expected: 0, events, writes: Vec::new(), origin: None, sequence: None };
    environment.journal().append(append).await.unwrap().commit.wait().await.unwrap();
}

const BEGUN_JSON: &str =
    r#"{"saga":"dinner","case":{"id":"00000000-0000-0000-0000-000000000009","guests":4}}"#;
const WAITING_JSON: &str = r#"{"step":"table","reason":"guests"}"#;
const UNDOING_JSON: &str =
    r#"{"from":"table","reason":{"status":409,"code":"version_conflict","title":"no table"}}"#;

#[tokio::test(start_paused = true)]
async fn sagas_that_an_earlier_program_stored_as_json_go_on() {
    let waiting = [("saga_begun", BEGUN_JSON), ("saga_waiting", WAITING_JSON)];
    let undoing = [("saga_begun", BEGUN_JSON), ("saga_undoing", UNDOING_JSON)];
    for (stored, end) in [
        (&waiting[..1], SagaState::Done),
        (&waiting, SagaState::Done),
        (&undoing, SagaState::Undone),
    ] {
        let environment = DinnerEnvironment::new();
        store(&environment, stored).await;
        let process = RunnerProcess::start(&environment).await;
        process.runner.wake(ID);
        assert_eq!(process.end().await, end, "{stored:?}");
        environment.verify(end).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_a_saga_are_read_as_json_in_either_format() {
    const KINDS: &[SagaKind] = &[SagaKind::of::<Dinner>("dinner")];
    let environment = DinnerEnvironment::new();
    environment.house.lock().table = vec![Err(refused())];
    let process = RunnerProcess::start(&environment).await;
    process.begin().await;
    let earlier = DinnerEnvironment::new();
    let ended = ("saga_ended", r#"{"outcome":"undone"}"#);
    let events = [("saga_begun", BEGUN_JSON), ("saga_undoing", UNDOING_JSON), ended];
    store(&earlier, &events).await;
    for environment in [environment, earlier] {
        let read = environment.journal().read(&format!("saga-{ID}"), 0, 100).await.unwrap();
        let json = |event| event_json(event, KINDS).unwrap().unwrap().get().to_owned();
        assert_eq!(read.iter().map(json).collect::<Vec<_>>(), events.map(|(_, json)| json));
        let subject = saga_subject(&*environment.journal(), ID, KINDS).await.unwrap();
        assert_eq!(subject, Some(dinner::input().id));
        assert_eq!(saga_subject(&*environment.journal(), ID, &[]).await.unwrap(), None);
        let error = event_json(&read[0], &[]).unwrap().unwrap_err().to_string();
        assert!(error.contains("saga_begun") && error.contains("dinner"), "{error}");
        let other = RecordedEvent { stream: "lamp-1".to_owned(), ..read[0].clone() };
        assert!(event_json(&other, KINDS).is_none(), "no event of a saga");
    }
}

/// Loses the answer to the append with this number, which is stored.
#[derive(Debug)]
struct LosesAnswer {
    appends: AtomicUsize,
    lost: usize,
}

#[async_trait]
impl JournalInterceptor for LosesAnswer {
    async fn append(&self, journal: &dyn Journal, append: Append) -> Result<Appended, AppendError> {
        let appended = journal.append(append).await?;
        if self.appends.fetch_add(1, Ordering::Relaxed) == self.lost {
            return Err(StorageError::Unavailable("the answer was lost".to_owned()).into());
        }
        Ok(appended)
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_stored_although_its_answer_was_lost_does_not_keep_a_saga_from_its_end() {
    // Waiting, then refused: the events are begun, waiting, undoing and ended.
    for (lost, table, expected) in [
        (1, vec![Ok(waiting())], SagaState::Done),
        (1, vec![Err(refused()), Ok(waiting())], SagaState::Undone),
        (2, vec![Err(refused()), Ok(waiting())], SagaState::Undone),
        // A step that succeeds at its next attempt: what was once decided to be undone is undone.
        (1, vec![Err(refused())], SagaState::Undone),
        (1, vec![], SagaState::Done),
        (3, vec![Err(refused()), Ok(waiting())], SagaState::Undone),
    ] {
        let environment = DinnerEnvironment::new();
        environment.house.lock().table = table;
        let journal = environment.journal();
        let interceptor = Arc::new(LosesAnswer { appends: AtomicUsize::new(0), lost });
        let journal = Arc::new(InterceptedJournal { journal, interceptor });
        let process = RunnerProcess::start_on(&environment, journal).await;
        process.begin().await;
        for _ in 0..100 {
            process.runner.wake(ID);
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        assert!(process.runner.list().is_empty(), "{lost}: {:?}", process.runner.list());
        assert_eq!(process.begin().await.state, expected, "{lost}");
        environment.verify(expected).unwrap();
    }
}

/// What happens to the first append.
#[derive(Debug)]
enum FirstAppend {
    /// It is refused before it is tried.
    Refused,
    /// It is stored, and the answer is lost.
    Answerless,
    /// It is lost.
    Lost,
    /// It is kept, and given to whoever stores it later.
    Late(Arc<Mutex<Option<Append>>>),
    /// It is stored, and there is no answer at all.
    Unanswered,
}

#[derive(Debug)]
struct FailsFirst {
    first: Arc<Mutex<Option<FirstAppend>>>,
}

#[async_trait]
impl JournalInterceptor for FailsFirst {
    async fn append(&self, journal: &dyn Journal, append: Append) -> Result<Appended, AppendError> {
        let first = self.first.lock().take();
        match first {
            None => return journal.append(append).await,
            Some(FirstAppend::Refused) => {
                return Err(StorageError::Refused("too many wait".to_owned()).into());
            }
            Some(FirstAppend::Answerless) => drop(journal.append(append).await?),
            Some(FirstAppend::Lost) => {}
            Some(FirstAppend::Late(kept)) => *kept.lock() = Some(append),
            Some(FirstAppend::Unanswered) => {
                drop(journal.append(append).await?);
                return std::future::pending().await;
            }
        }
        Err(StorageError::Unavailable("no answer".to_owned()).into())
    }
}

async fn until_known(process: &RunnerProcess) {
    for _ in 0..100 {
        if process.runner.list().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("it is not known: {:?}", process.runner.list());
}

#[tokio::test(start_paused = true)]
async fn a_saga_that_has_begun_without_an_answer_goes_on_without_another_request() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start_with(&environment, FirstAppend::Answerless).await;
    process.begin_without_an_answer().await;
    // The same request again says at once that it is not known.
    assert_eq!(process.begin().await.state, SagaState::Running);
    until_known(&process).await;
    environment.verify(SagaState::Done).unwrap();
    assert_eq!(process.begin().await.state, SagaState::Done);
    assert_eq!(log_of(&environment).await, ["saga_begun", "saga_ended"]);
}

#[tokio::test(start_paused = true)]
async fn a_saga_that_has_not_begun_can_be_begun_again() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start_with(&environment, FirstAppend::Lost).await;
    process.begin_without_an_answer().await;
    until_known(&process).await;
    environment.verify(SagaState::Undone).unwrap();
    assert!(log_of(&environment).await.is_empty());
    assert_eq!(process.begin().await.state, SagaState::Done);
}

#[tokio::test(start_paused = true)]
async fn a_saga_whose_beginning_is_stored_late_goes_on_with_the_next_request() {
    let environment = DinnerEnvironment::new();
    let kept = Arc::default();
    let late = FirstAppend::Late(Arc::clone(&kept));
    let process = RunnerProcess::start_with(&environment, late).await;
    process.begin_without_an_answer().await;
    until_known(&process).await;
    let append = kept.lock().take().unwrap();
    environment.journal().append(append).await.unwrap();
    assert_eq!(process.begin().await.state, SagaState::Done);
    environment.verify(SagaState::Done).unwrap();
    let other = Dinner { guests: 5, ..dinner::input() };
    let refused = process.runner.begin(ID, other).await;
    assert!(matches!(refused, Err(BeginError::DifferentInput)));
}

#[tokio::test(start_paused = true)]
async fn a_saga_that_is_found_under_the_id_of_another_goes_on_as_it_was_stored() {
    let environment = DinnerEnvironment::new();
    let kept = Arc::default();
    let late = FirstAppend::Late(Arc::clone(&kept));
    let process = RunnerProcess::start_with(&environment, late).await;
    process.begin_without_an_answer().await;
    until_known(&process).await;
    let append = kept.lock().take().unwrap();
    environment.journal().append(append).await.unwrap();
    let other = Dinner { guests: 5, ..dinner::input() };
    let refused = process.runner.begin(ID, other).await;
    assert!(matches!(refused, Err(BeginError::DifferentInput)));
    until_known(&process).await;
    // With four plates, and not five.
    environment.verify(SagaState::Done).unwrap();
    assert_eq!(process.begin().await.state, SagaState::Done);
}

#[tokio::test(start_paused = true)]
async fn a_saga_whose_caller_is_dropped_while_it_begins_goes_on() {
    let environment = DinnerEnvironment::new();
    let process = RunnerProcess::start_with(&environment, FirstAppend::Unanswered).await;
    let begin = process.runner.begin(ID, dinner::input());
    assert!(tokio::time::timeout(Duration::from_secs(5), begin).await.is_err());
    until_known(&process).await;
    environment.verify(SagaState::Done).unwrap();
}
