//! The envelope every message between services travels in, and the feed it is pulled from.
//!
//! A service's feed is its journal, translated: what was flushed, in commit order. A consumer asks for what comes
//! after a position, works, and keeps the new position in the same commit as its effects; so repeats do no harm.

use kernel::{Timestamp, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One message. The attributes are those of `CloudEvents` 1.0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Identity of the event; the same whenever it is delivered again.
    pub id: Uuid,
    /// The service it comes from.
    pub source: String,
    /// What it is about: the name of the stream.
    pub subject: String,
    /// When it happened.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Its place in the source's feed.
    pub position: u64,
    /// The event as the source's contract describes it; its `type` says which.
    #[schemars(with = "serde_json::Value")]
    pub data: Data,
}

/// What a message says, as JSON text: it is written once, where it is told, and read once, by whom it concerns.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Data(Box<RawValue>);

impl Data {
    /// The text of an event. Only an event that cannot be JSON, such as a map with keys that are no strings, is an
    /// error.
    pub fn of(event: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(event).map(Self)
    }

    /// Reads it as an event of the source's contract.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }

    /// Whether it is an event of this type. What is not an object has none.
    pub fn is(&self, kind: &str) -> bool {
        #[derive(Deserialize)]
        struct Typed<'a> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'a, str>,
        }
        self.read::<Typed<'_>>().is_ok_and(|typed| typed.kind == kind)
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

/// A part of a feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Feed {
    /// In commit order.
    pub messages: Vec<Message>,
    /// Where to go on. May be beyond the last message: events that concern nobody else are left out.
    pub position: u64,
    /// Whether more is there already.
    pub more: bool,
}

/// The most messages of one part of a feed.
pub const FEED_MESSAGES_MAX: usize = 512;

/// Which part of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedQuery {
    /// After which position.
    #[serde(default)]
    pub after: u64,
    /// How long to wait for something to come, in milliseconds, at most 30,000.
    #[serde(default)]
    pub wait_ms: u64,
}
