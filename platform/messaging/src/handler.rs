//! Handler of messages: what a consumer does with each of them.

mod guard;

pub(crate) use guard::GuardedHandler;

use crate::Message;
use async_trait::async_trait;
use storage::Write;

/// Handler of the messages of one feed.
///
/// ```
/// use messaging::{FeedEvent, Handler, HandlerError, Message};
/// use serde::{Deserialize, Serialize};
/// use storage::{Collection, Document, Write};
///
/// #[derive(Clone, Debug, Serialize, Deserialize)]
/// #[serde(tag = "type", rename_all = "snake_case")]
/// enum MeterEvent {
///     ReadingTaken { value: i64 },
/// }
///
/// impl FeedEvent for MeterEvent {
///     const SOURCE: &'static str = "meter-service";
///     const TYPES: &'static [&'static str] = &["reading_taken"];
/// }
///
/// static READINGS: Collection = Collection { name: "readings", indexes: &[] };
///
/// struct Readings;
///
/// #[async_trait::async_trait]
/// impl Handler<MeterEvent> for Readings {
///     async fn handle(&self, message: &Message<MeterEvent>) -> Result<Vec<Write>, HandlerError> {
///         let MeterEvent::ReadingTaken { value } = message.event;
///         let body = value.to_string().into();
///         let document = Document { key: message.subject.clone(), body, fields: Vec::new() };
///         Ok(vec![Write::Put { collection: &READINGS, document }])
///     }
/// }
/// ```
#[async_trait]
pub trait Handler<E>: Send + Sync + 'static {
    /// Handles one message within 30 seconds. The returned writes are committed together with the new position.
    ///
    /// A message may be redelivered after a crash, so effects other than these writes must be idempotent. Reads may miss the
    /// writes of the preceding messages: those of one batch are committed together, and a batch is handled while the one
    /// before it is being flushed.
    ///
    /// A handler that changes an aggregate executes a command on its repository and returns no writes. If the service's own
    /// storage holds the position, the events precede it in the log: no crash keeps the position and loses them. The command
    /// may run again, also long afterwards when a feed is read again from its beginning, so it must be idempotent.
    async fn handle(&self, message: &Message<E>) -> Result<Vec<Write>, HandlerError>;

    /// Merges the writes of one batch where that is cheaper to store. The result is committed instead of the argument; each
    /// write must satisfy [`Write::check`].
    fn coalesce(&self, writes: Vec<Write>) -> Vec<Write> {
        writes
    }
}

/// Error of handling a message.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HandlerError {
    /// Temporary: the message is handled again after a pause, up to 20 times, then parked.
    #[error("{0}")]
    Retry(String),
    /// Permanent: the message and later ones of its subject are parked until an operator replays them.
    #[error("{0}")]
    Poison(String),
}
