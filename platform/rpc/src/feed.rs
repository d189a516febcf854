//! Feed contract: the event stream of a service, pulled in commit order.
//!
//! A service's feed is its journal, as far as it is flushed, translated into the events of its contract. A consumer pulls
//! the messages after a position and stores the new position in the same commit as its effects, so that redelivery does
//! no harm.

use crate::{CloudEvent, Message, contract};
use kernel::Uuid;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, ser::SerializeStruct,
};

/// Event type of a service's feed: an enum that serde tags with `type`.
pub trait FeedEvent:
    Serialize + DeserializeOwned + Clone + std::fmt::Debug + Send + Sync + 'static
{
    /// The service whose feed carries it.
    const SOURCE: &'static str;

    /// The values of `type` that this version knows. A message with another one is from a later version and is skipped.
    const TYPES: &'static [&'static str];
}

contract! {
    /// Feed of a service, whose element is the event of its contract.
    pub trait Feed<E: FeedEvent> in (E::SOURCE) {
        /// The next page after a position (long polling): if there is none yet, waits up to `wait_ms` milliseconds (at most
        /// 30,000) for a flush; a page without messages is no error. With the id of the event at the position, refuses
        /// with `position_unknown` where the journal has another event there, or none: it is not the one that the
        /// position is from, or was restored from an older copy.
        idempotent fn pull(after: u64, wait_ms: u64, event_id: Option<Uuid>) -> FeedPage<E>;
    }
}

/// Page of a feed.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedPage<E> {
    /// The messages, in commit order.
    pub messages: Vec<Message<E>>,
    /// Messages from the wire with a known type whose data cannot be decoded, with the error, in commit order.
    pub unreadable: Vec<(CloudEvent, String)>,
    /// The position to continue from. May be beyond the last message, since internal events are left out.
    pub position: u64,
    /// Id of the event at that position, which tells this journal from any other.
    pub event_id: Option<Uuid>,
}

impl<E: FeedEvent> Serialize for FeedPage<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let messages: Result<Vec<_>, _> =
            self.messages.iter().map(Message::to_cloud_event).collect();
        let mut page = serializer.serialize_struct("FeedPage", 3)?;
        page.serialize_field("messages", &messages.map_err(serde::ser::Error::custom)?)?;
        page.serialize_field("position", &self.position)?;
        page.serialize_field("event_id", &self.event_id)?;
        page.end()
    }
}

impl<'de, E: FeedEvent> Deserialize<'de> for FeedPage<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct WirePage {
            messages: Vec<CloudEvent>,
            position: u64,
            #[serde(default)]
            event_id: Option<Uuid>,
        }
        let WirePage { messages: written, position, event_id } =
            WirePage::deserialize(deserializer)?;
        let messages = Vec::with_capacity(written.len());
        let mut page = Self { messages, unreadable: Vec::new(), position, event_id };
        for written in written {
            match Message::from_cloud_event(&written) {
                Ok(message) => page.messages.push(message),
                Err(error) if written.data.is_one_of(E::TYPES) => {
                    page.unreadable.push((written, error.to_string()));
                }
                Err(_) => {}
            }
        }
        Ok(page)
    }
}
