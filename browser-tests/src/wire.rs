//! The protocol of the browser's developer tools: questions with answers, and what happens meanwhile.

use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    process::ChildStdin,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Sender},
    },
    time::Duration,
};

/// How long the browser may take to answer.
const ANSWER_SECONDS_MAX: u64 = 60;

/// Messages end with this byte.
const END: u8 = 0;

/// A line to the browser, for many threads.
#[derive(Debug)]
pub(crate) struct Wire {
    write: Mutex<ChildStdin>,
    shared: Arc<Shared>,
    last: AtomicU64,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<HashMap<u64, Sender<Result<Value, String>>>>,
    diaries: Mutex<HashMap<String, Arc<Diary>>>,
}

/// Something that happened on a page.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) about: Value,
}

/// All that happened on one page, in order.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    events: Mutex<Vec<Event>>,
    grew: Condvar,
}

impl Wire {
    pub(crate) fn new(write: ChildStdin, read: impl Read + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let listening = Arc::clone(&shared);
        std::thread::spawn(move || listening.listen(read));
        Self { write: Mutex::new(write), shared, last: AtomicU64::new(0) }
    }

    /// Asks the browser, or one page of it.
    pub(crate) fn ask(
        &self,
        session: Option<&str>,
        method: &str,
        parameters: &Value,
    ) -> Result<Value, String> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (send, answer) = mpsc::channel();
        locked(&self.shared.waiting).insert(id, send);
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(END);
        locked(&self.write)
            .write_all(&bytes)
            .map_err(|error| format!("the browser is gone: {error}"))?;
        let answer = answer.recv_timeout(Duration::from_secs(ANSWER_SECONDS_MAX));
        answer.unwrap_or_else(|_| Err(format!("{method}: the browser did not answer")))
    }

    /// From now on, what happens on a page is written down.
    pub(crate) fn diary(&self, session: &str) -> Arc<Diary> {
        Arc::clone(locked(&self.shared.diaries).entry(session.to_owned()).or_default())
    }

    pub(crate) fn forget(&self, session: &str) {
        locked(&self.shared.diaries).remove(session);
    }
}

impl Shared {
    fn listen(&self, read: impl Read) {
        for message in BufReader::new(read).split(END) {
            let Ok(message) = message else { break };
            let Ok(mut message) = serde_json::from_slice::<Value>(&message) else { continue };
            if let Some(id) = message["id"].as_u64() {
                let answer = match message["error"]["message"].as_str() {
                    Some(error) => Err(error.to_owned()),
                    None => Ok(message["result"].take()),
                };
                if let Some(asker) = locked(&self.waiting).remove(&id) {
                    // Whoever asked may have lost patience.
                    let _ = asker.send(answer);
                }
            } else if let (Some(session), Some(name)) =
                (message["sessionId"].as_str(), message["method"].as_str())
                && let Some(diary) = locked(&self.diaries).get(session)
            {
                diary.write(Event { name: name.to_owned(), about: message["params"].clone() });
            }
        }
        // Nobody will answer any more.
        locked(&self.waiting).clear();
    }
}

impl Diary {
    fn write(&self, event: Event) {
        locked(&self.events).push(event);
        self.grew.notify_all();
    }

    /// How much has happened so far.
    pub(crate) fn len(&self) -> usize {
        locked(&self.events).len()
    }

    /// What happened since `from`.
    pub(crate) fn since(&self, from: usize) -> Vec<Event> {
        locked(&self.events).iter().skip(from).cloned().collect()
    }

    /// Waits until something happens after the first `count` events, for at most `limit`.
    pub(crate) fn wait_beyond(&self, count: usize, limit: Duration) {
        let events = locked(&self.events);
        drop(self.grew.wait_timeout_while(events, limit, |events| events.len() <= count));
    }
}

/// A test that failed while holding a lock has not broken what is behind it.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
