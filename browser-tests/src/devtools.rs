//! Chrome `DevTools` Protocol over pipes: calls with responses, and a log of events per session.

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

/// Time limit for a response.
const RESPONSE_SECONDS_MAX: u64 = 60;

/// Byte that ends a message.
const MESSAGE_END: u8 = 0;

/// Connection to the browser, shared by many threads.
#[derive(Debug)]
pub(crate) struct Connection {
    writer: Mutex<ChildStdin>,
    shared: Arc<Shared>,
    last_id: AtomicU64,
}

/// State shared with the reader thread.
#[derive(Debug, Default)]
struct Shared {
    pending: Mutex<HashMap<u64, Sender<Result<Value, String>>>>,
    event_logs: Mutex<HashMap<String, Arc<EventLog>>>,
}

/// An event of a session.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) params: Value,
}

/// Events of one session, in order.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    events: Mutex<Vec<Event>>,
    appended: Condvar,
}

impl Connection {
    pub(crate) fn new(writer: ChildStdin, reader: impl Read + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let receiver = Arc::clone(&shared);
        std::thread::spawn(move || receiver.receive(reader));
        Self { writer: Mutex::new(writer), shared, last_id: AtomicU64::new(0) }
    }

    /// Calls a method of the browser, or of one session, and waits for the response.
    pub(crate) fn call(
        &self,
        session: Option<&str>,
        method: &str,
        parameters: &Value,
    ) -> Result<Value, String> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, response) = mpsc::channel();
        lock(&self.shared.pending).insert(id, sender);
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(MESSAGE_END);
        lock(&self.writer)
            .write_all(&bytes)
            .map_err(|error| format!("the browser has exited: {error}"))?;
        let response = response.recv_timeout(Duration::from_secs(RESPONSE_SECONDS_MAX));
        response.unwrap_or_else(|_| Err(format!("{method}: no response from the browser")))
    }

    /// Starts the event log of a session, or returns it.
    pub(crate) fn subscribe(&self, session: &str) -> Arc<EventLog> {
        Arc::clone(lock(&self.shared.event_logs).entry(session.to_owned()).or_default())
    }

    pub(crate) fn unsubscribe(&self, session: &str) {
        lock(&self.shared.event_logs).remove(session);
    }
}

impl Shared {
    fn receive(&self, reader: impl Read) {
        for message in BufReader::new(reader).split(MESSAGE_END) {
            let Ok(message) = message else { break };
            let Ok(mut message) = serde_json::from_slice::<Value>(&message) else { continue };
            if let Some(id) = message["id"].as_u64() {
                let response = match message["error"]["message"].as_str() {
                    Some(error) => Err(error.to_owned()),
                    None => Ok(message["result"].take()),
                };
                if let Some(caller) = lock(&self.pending).remove(&id) {
                    // The caller may have timed out.
                    let _ = caller.send(response);
                }
            } else if let (Some(session), Some(name)) =
                (message["sessionId"].as_str(), message["method"].as_str())
                && let Some(log) = lock(&self.event_logs).get(session)
            {
                log.append(Event { name: name.to_owned(), params: message["params"].clone() });
            }
        }
        // No more responses will come.
        lock(&self.pending).clear();
    }
}

impl EventLog {
    fn append(&self, event: Event) {
        lock(&self.events).push(event);
        self.appended.notify_all();
    }

    /// The number of events so far.
    pub(crate) fn len(&self) -> usize {
        lock(&self.events).len()
    }

    /// The events after the first `from`.
    pub(crate) fn since(&self, from: usize) -> Vec<Event> {
        lock(&self.events).iter().skip(from).cloned().collect()
    }

    /// Waits until there are more than `count` events, for at most `limit`.
    pub(crate) fn wait_for_more(&self, count: usize, limit: Duration) {
        let events = lock(&self.events);
        drop(self.appended.wait_timeout_while(events, limit, |events| events.len() <= count));
    }
}

/// Locks a mutex, poisoned or not: a test that failed while holding it has not broken the data.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
