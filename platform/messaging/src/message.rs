//! The envelope every message between services travels in, and the feed it is pulled from.
//!
//! A service's feed is its journal, translated: what was flushed, in commit order. A consumer asks for what comes
//! after a position, works, and keeps the new position in the same commit as its effects; so repeats do no harm.

use kernel::{Timestamp, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One message: an event in the JSON format of `CloudEvents` 1.0, with its place in the feed as an attribute besides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// The version of the envelope. What was parked before there was one is of this version.
    #[serde(default)]
    pub specversion: SpecVersion,
    /// Identity of the event; the same whenever it is delivered again.
    pub id: Uuid,
    /// What happened: the word of the source's contract, and its version.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// The service it comes from.
    pub source: String,
    /// What it is about: the name of the stream.
    pub subject: String,
    /// When it happened.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Its place in the source's feed.
    pub position: u64,
    /// What `data` is written in.
    #[serde(default)]
    pub datacontenttype: ContentType,
    /// The event as the source's contract describes it; its `type` says which.
    #[schemars(with = "serde_json::Value")]
    pub data: EventData,
}

/// The version of the envelope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SpecVersion {
    /// `CloudEvents` 1.0.
    #[default]
    #[serde(rename = "1.0")]
    V1,
}

/// What a message says things in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ContentType {
    /// JSON.
    #[default]
    #[serde(rename = "application/json")]
    Json,
}

/// The `type` of the envelope for a word of a contract: `icommerce.sent.v1` for `sent`, `icommerce.sent.v2` for
/// `sent_v2`.
pub fn event_type(word: &str) -> String {
    let (name, version) = version_of(word);
    format!("icommerce.{name}.v{version}")
}

/// An event is never changed: what says it otherwise is another one, with a number behind its name.
pub fn version_of(word: &str) -> (&str, u32) {
    let numbered =
        word.rsplit_once("_v").and_then(|(name, version)| Some((name, version.parse().ok()?)));
    numbered.unwrap_or((word, 1))
}

/// What a message says, as JSON text: it is written once, where it is told, and read once, by whom it concerns.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventData(Box<RawValue>);

impl EventData {
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
    pub fn is(&self, word: &str) -> bool {
        self.word().is_some_and(|own| own == word)
    }

    /// The word of the contract that it says its type is.
    pub(crate) fn word(&self) -> Option<Cow<'_, str>> {
        #[derive(Deserialize)]
        struct Typed<'a> {
            #[serde(rename = "type", borrow)]
            word: Cow<'a, str>,
        }
        self.first_word().or_else(|| self.read::<Typed<'_>>().ok().map(|typed| typed.word))
    }

    /// Where the type stands first, as in all that a contract writes, the rest need not be read.
    fn first_word(&self) -> Option<Cow<'_, str>> {
        let (word, rest) = self.0.get().strip_prefix(FIRST)?.split_once('"')?;
        // A name is written once in an object; the next thing is another name, or the end.
        (!word.contains('\\') && rest.starts_with([',', '}'])).then_some(Cow::Borrowed(word))
    }
}

/// How an event that says its type first begins.
const FIRST: &str = "{\"type\":\"";

impl PartialEq for EventData {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_number_behind_a_word_is_its_version() {
        assert_eq!(version_of("price_changed"), ("price_changed", 1));
        assert_eq!(version_of("price_changed_v2"), ("price_changed", 2));
        assert_eq!(version_of("moved_via"), ("moved_via", 1));
        assert_eq!(event_type("moved_v3"), "icommerce.moved.v3");
    }

    #[test]
    fn the_word_is_found_wherever_it_stands() {
        let word = |text: &str| {
            let data: EventData = serde_json::from_str(text).unwrap();
            data.word().map(Cow::into_owned)
        };
        assert_eq!(word(r#"{"type":"sent","to":1}"#).as_deref(), Some("sent"));
        assert_eq!(word(r#"{"type":"sent"}"#).as_deref(), Some("sent"));
        assert_eq!(word(r#"{"to":1,"type":"sent"}"#).as_deref(), Some("sent"));
        assert_eq!(word(r#"{ "type" : "sent" }"#).as_deref(), Some("sent"));
        assert_eq!(word(r#"{"type":"se\"nt"}"#).as_deref(), Some("se\"nt"));
        assert_eq!(word(r#"{"type":7}"#), None);
        assert_eq!(word("[]"), None);
    }

    #[test]
    fn what_was_parked_before_the_envelope_was_whole_is_read() {
        let old = json!({
            "id": Uuid::nil(), "source": "post", "subject": "letter-1", "time": "2026-11-22T12:00:00Z", "position": 7,
            "data": {"type": "sent"},
        });
        let message: Message = serde_json::from_value(old).unwrap();
        assert!(message.data.is("sent") && message.position == 7);
        let newer = json!({"specversion": "2.0"});
        assert!(serde_json::from_value::<Message>(newer).is_err());
    }

    #[test]
    fn a_message_is_a_cloud_event() {
        let message = Message {
            specversion: SpecVersion::V1,
            id: Uuid::nil(),
            kind: event_type("sent"),
            source: "post".to_owned(),
            subject: "letter-1".to_owned(),
            time: "2026-11-22T12:00:00Z".parse().unwrap(),
            position: 7,
            datacontenttype: ContentType::Json,
            data: EventData::of(&json!({"type": "sent"})).unwrap(),
        };
        let written: Value = serde_json::to_value(message).unwrap();
        assert_eq!(
            written,
            json!({
                "specversion": "1.0", "id": Uuid::nil(), "type": "icommerce.sent.v1", "source": "post",
                "subject": "letter-1", "time": "2026-11-22T12:00:00Z", "position": 7,
                "datacontenttype": "application/json", "data": {"type": "sent"},
            })
        );
    }
}
