//! Writer of one service, as in the engine for PostgreSQL: takes what waits as one batch, sends it with its token, and answers once it is
//! committed. A connection that does not answer is given up, and its successor has a token of its own, so that what comes late is refused.

use super::{
    ApplyWrite, Asker, ConnectionReset, Fenced, Purpose, SimulatedDatabase, WriterIdentity,
};
use crate::environment::spawn;
use journal::SequencePlace;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use storage::{StorageError, Watermark};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, timeout, timeout_at},
};

/// How long a write may take, all its attempts together.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a read waits until it is certain what earlier writes have stored.
const SETTLED_WITHIN: Duration = Duration::from_secs(1);
/// First pause before a batch is tried again, which doubles up to the second one.
const RETRY_PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));
/// Writes of one batch.
const BATCH_WRITES_MAX: usize = 64;

/// Write that waits for the writer.
pub(super) struct QueuedWrite {
    /// Whether it has the same effect when it is done twice.
    pub(super) is_repeatable: bool,
    pub(super) is_bulk: bool,
    pub(super) place: Option<SequencePlace>,
    pub(super) apply: ApplyWrite,
    pub(super) answer: Box<dyn FnOnce(WriteAnswer) + Send + Sync>,
}

/// Answer to a write.
#[derive(Clone, Debug)]
pub(super) enum WriteAnswer {
    /// It was committed: the answer is what `apply` has left.
    Committed,
    /// An append before it in its sequence was not accepted.
    OutOfSequence,
    Failed(StorageError),
}

/// Handle of a writer.
#[derive(Clone, Debug)]
pub(super) struct WriteQueue {
    queue: mpsc::UnboundedSender<QueuedWrite>,
    doubt: Arc<watch::Sender<bool>>,
}

/// Writer of one service.
pub(super) struct DatabaseWriter {
    pub(super) database: Arc<SimulatedDatabase>,
    pub(super) service: &'static str,
    pub(super) identity: WriterIdentity,
    /// Tokens of its connections that the database may know, of which the last one is in use.
    pub(super) tokens: Mutex<Vec<u64>>,
    pub(super) events: Arc<Watermark>,
    /// Told when another process has the place of this one.
    pub(super) superseded: watch::Sender<bool>,
    pub(super) doubt: Arc<watch::Sender<bool>>,
}

/// How an attempt ended.
enum Attempt {
    Committed,
    Superseded,
    Reset,
    Silent,
}

fn unavailable(reason: &str) -> StorageError {
    StorageError::Unavailable(reason.to_owned())
}

impl WriteQueue {
    /// Hands a write to the writer.
    pub(super) fn submit(&self, write: QueuedWrite) {
        if let Err(mpsc::error::SendError(write)) = self.queue.send(write) {
            (write.answer)(WriteAnswer::Failed(unavailable("the engine is closed")));
        }
    }

    /// Waits until it is certain what earlier writes have stored, where it is not.
    pub(super) async fn settled(&self) -> Result<(), StorageError> {
        if !*self.doubt.borrow() {
            return Ok(());
        }
        let mut doubt = self.doubt.subscribe();
        // Any write makes the writer connect again.
        self.submit(QueuedWrite {
            is_repeatable: true,
            is_bulk: false,
            place: None,
            apply: Arc::new(|_, _| true),
            answer: Box::new(drop),
        });
        match timeout(SETTLED_WITHIN, doubt.wait_for(|doubt| !doubt)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(unavailable("earlier writes are in doubt")),
        }
    }
}

impl DatabaseWriter {
    /// Handle of this writer, and what it does for as long as it lives.
    pub(super) fn start(self) -> (WriteQueue, impl Future<Output = ()> + Send + 'static) {
        let (queue, mut waiting) = mpsc::unbounded_channel();
        let doubt = Arc::clone(&self.doubt);
        let run = async move {
            while let Some(first) = waiting.recv().await {
                let mut batch = vec![first];
                while batch.len() < BATCH_WRITES_MAX
                    && let Ok(next) = waiting.try_recv()
                {
                    batch.push(next);
                }
                let deadline = Instant::now() + WRITE_TIMEOUT;
                while !batch.is_empty() {
                    let later = split_off(&mut batch);
                    self.commit(batch, deadline).await;
                    batch = later;
                }
            }
        };
        (WriteQueue { queue, doubt }, run)
    }

    /// Commits a batch, in several attempts until the deadline.
    async fn commit(&self, mut batch: Vec<QueuedWrite>, deadline: Instant) {
        let (mut pause, pause_max) = RETRY_PAUSES;
        loop {
            fail_out_of_sequence(&mut batch);
            if batch.is_empty() {
                return;
            }
            let attempt = timeout_at(deadline, self.attempt(&batch)).await;
            match attempt.unwrap_or(Attempt::Silent) {
                Attempt::Committed => return answer_all(batch, &WriteAnswer::Committed),
                Attempt::Superseded => {
                    self.superseded.send_replace(true);
                    let reason = unavailable("another process writes for the service");
                    return answer_all(batch, &WriteAnswer::Failed(reason));
                }
                Attempt::Silent => {
                    self.give_up();
                    let reason = unavailable("the database does not answer");
                    return answer_all(batch, &WriteAnswer::Failed(reason));
                }
                Attempt::Reset => {
                    self.give_up();
                    let reason = WriteAnswer::Failed(unavailable("the connection was reset"));
                    let (again, once): (Vec<_>, Vec<_>) =
                        batch.into_iter().partition(|write| write.is_repeatable);
                    answer_all(once, &reason);
                    batch = again;
                    if Instant::now() + pause >= deadline {
                        return answer_all(batch, &reason);
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(pause_max);
                }
            }
        }
    }

    /// Gives the connection up: what it had under way may be committed yet.
    fn give_up(&self) {
        self.database.env.cover("outcome: writes in doubt");
        self.doubt.send_replace(true);
    }

    async fn attempt(&self, batch: &[QueuedWrite]) -> Attempt {
        if *self.doubt.borrow()
            && let Err(failed) = self.connect().await
        {
            return failed;
        }
        let token = self.tokens.lock().last().copied();
        let token = match token {
            Some(token) => token,
            // Only where the defect `taken_over_after_load` is planted.
            None => match self.database.take_over(self.service, self.identity) {
                Ok(token) => {
                    self.tokens.lock().push(token);
                    token
                }
                Err(Fenced) => return Attempt::Superseded,
            },
        };
        match self.send(batch, token).await {
            Ok(Ok(())) => {
                self.events.advance(self.last_position());
                Attempt::Committed
            }
            Ok(Err(Fenced)) => Attempt::Superseded,
            Err(ConnectionReset) => Attempt::Reset,
        }
    }

    /// Connects anew, with a token in place of that of the connection before: what that one has under way is committed by now, or never
    /// will be.
    async fn connect(&self) -> Result<(), Attempt> {
        let asker = Asker { process: self.identity.process, purpose: Purpose::Data };
        let reset = |ConnectionReset| Attempt::Reset;
        self.database.travel(asker).await.map_err(reset)?;
        let before = self.tokens.lock().clone();
        let admitted = self.database.admit(self.service, &before, self.identity);
        let token = admitted.map_err(|Fenced| Attempt::Superseded)?;
        // Whether the process learns of it is another matter, but it has known of the token from before it asked.
        self.tokens.lock().push(token);
        self.database.travel(asker).await.map_err(reset)?;
        *self.tokens.lock() = vec![token];
        self.events.advance(self.last_position());
        self.doubt.send_replace(false);
        Ok(())
    }

    /// Sends a batch. Once it has left, it is on its way whatever becomes of the process.
    async fn send(
        &self,
        batch: &[QueuedWrite],
        token: u64,
    ) -> Result<Result<(), Fenced>, ConnectionReset> {
        let asker = Asker { process: self.identity.process, purpose: Purpose::Data };
        let (database, service) = (Arc::clone(&self.database), self.service);
        let writer = (self.identity, token);
        let of = |is_bulk: bool| -> Vec<_> {
            let part = batch.iter().filter(|write| write.is_bulk == is_bulk);
            part.map(|write| (Arc::clone(&write.apply), write.place.is_some())).collect()
        };
        let parts = [(false, of(false)), (true, of(true))];
        let (sender, answer) = oneshot::channel();
        spawn(async move {
            let answer = async {
                database.travel(asker).await?;
                let commit = |(is_bulk, part): &(bool, Vec<_>)| {
                    database.commit(service, writer, *is_bulk, part)
                };
                let committed = parts.iter().try_for_each(commit);
                database.travel(asker).await?;
                Ok(committed)
            };
            // The process may be gone, or wait no more.
            let _ = sender.send(answer.await);
        });
        answer.await.unwrap_or(Err(ConnectionReset))
    }

    fn last_position(&self) -> u64 {
        use futures_util::FutureExt;
        let journal = self.database.service(self.service).journal;
        journal.last_position().now_or_never().and_then(Result::ok).unwrap_or_default()
    }
}

/// Splits off what has to wait: from the first sequenced append on that is not right behind the one before it.
fn split_off(batch: &mut Vec<QueuedWrite>) -> Vec<QueuedWrite> {
    let mut before: Option<&SequencePlace> = None;
    let mut end = batch.len();
    for (index, write) in batch.iter().enumerate() {
        let Some(place) = &write.place else { continue };
        if before.is_some_and(|before| !place.follows(before)) {
            end = index;
            break;
        }
        before = Some(place);
    }
    batch.split_off(end)
}

/// Answers the sequenced appends when the first of them must not be accepted.
fn fail_out_of_sequence(batch: &mut Vec<QueuedWrite>) {
    let first = batch.iter().find_map(|write| write.place.as_ref());
    if first.is_none_or(|place| place.check().is_ok()) {
        return;
    }
    let (lost, kept): (Vec<_>, Vec<_>) =
        std::mem::take(batch).into_iter().partition(|write| write.place.is_some());
    *batch = kept;
    answer_all(lost, &WriteAnswer::OutOfSequence);
}

fn answer_all(batch: Vec<QueuedWrite>, answer: &WriteAnswer) {
    for write in batch {
        (write.answer)(answer.clone());
    }
}
