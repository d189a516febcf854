//! Watch stream beyond the protocol: server-sent events, each a document of the protocol, so that a client knows of a change at once.
//!
//! The first event is a `snapshot` of the whole registry, unless the client names the last event that it has seen and the changes since are
//! still known. Each further event is a `delta` with the instances that changed, and the hash of the registry after that.

use super::{EurekaServer, busy};
use crate::{
    adapters::wire::{Applications, Detail, Document, Format},
    application::node::RegistryNode,
};
use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures_util::stream;
use http::HeaderMap;
use runtime::ShutdownSignal;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::{OwnedSemaphorePermit, watch};

/// Header in which a client names the last event that it has seen, when it comes back.
const LAST_EVENT_ID: &str = "last-event-id";
/// Query parameter with the same.
const AFTER: &str = "after";
/// Interval of comments on a quiet stream, by which both sides notice that the other is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Time after which a client comes back, as it is told.
const RETRY: Duration = Duration::from_secs(1);
/// Pause after an event, in which changes are collected for the next one.
const COLLECT: Duration = Duration::from_millis(20);

/// Stream of one watcher.
struct Watcher {
    node: Arc<RegistryNode>,
    changed: watch::Receiver<u64>,
    shutdown: ShutdownSignal,
    /// Number of the last change that was sent; `None` before the first snapshot.
    sent: Option<u64>,
    is_first: bool,
    _permit: OwnedSemaphorePermit,
}

/// Opens a stream.
pub(super) fn watch(server: &EurekaServer, headers: &HeaderMap, query: Option<&str>) -> Response {
    let Ok(permit) = Arc::clone(&server.watchers).try_acquire_owned() else {
        return busy("as many clients watch as may");
    };
    let header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let parameter = query.filter(|(key, _)| key == AFTER).map(|(_, value)| value).next();
    let seen = header.map(str::to_owned).or_else(|| parameter.map(Into::into));
    let watcher = Watcher {
        changed: server.node.watch(),
        node: Arc::clone(&server.node),
        shutdown: server.shutdown.clone(),
        sent: seen.and_then(|id| sequence_of(&id, &server.node.identity)),
        is_first: true,
        _permit: permit,
    };
    let events = stream::unfold(watcher, Watcher::next);
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

/// Number of a change in the id of an event, if it is one of this node.
fn sequence_of(id: &str, identity: &str) -> Option<u64> {
    id.strip_prefix(identity)?.strip_prefix('-')?.parse().ok()
}

impl Watcher {
    /// The next event, once something changed; the end when the process stops.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.event() {
                return Some((Ok(event), self));
            }
            tokio::select! {
                biased;
                () = self.shutdown.wait() => return None,
                changed = self.changed.changed() => changed.ok()?,
            }
            tokio::time::sleep(COLLECT).await;
        }
    }

    /// Event with what has changed since the last one.
    fn event(&mut self) -> Option<Event> {
        let sent = self.sent;
        let (sequence, name, applications) = self.node.read(|registry| {
            let hash_code = registry.counts().hash_code();
            let sequence = registry.changes().sequence();
            let version = registry.changes().revision().to_string();
            if let Some(delta) = sent.and_then(|sent| registry.delta_after(sent)) {
                return (sequence, "delta", Applications::grouped(version, hash_code, delta));
            }
            let all = registry.applications().into_iter();
            let apps = all.map(|(app, instances)| (app.to_owned(), instances)).collect();
            (sequence, "snapshot", Applications { version, hash_code, apps })
        });
        if sent == Some(sequence) && name == "delta" {
            return None;
        }
        self.sent = Some(sequence);
        let bytes = Format::Json.render(&Document::Applications(applications), Detail::Full);
        let event = Event::default()
            .event(name)
            .id(format!("{}-{sequence}", self.node.identity))
            .data(String::from_utf8_lossy(&bytes));
        Some(if std::mem::take(&mut self.is_first) { event.retry(RETRY) } else { event })
    }
}
