//! Messages between services: typed events, and the `CloudEvents` envelope in which they are written.

use crate::FeedEvent;
use kernel::{Origin, Timestamp, Uuid};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Serialised message: the JSON format of `CloudEvents` 1.0 (structured mode), with the position in the feed as the extension
/// attributes `position` and `origin`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CloudEvent {
    /// Version of the `CloudEvents` specification; 1.0 if absent, as in messages that were parked by early versions.
    #[serde(default)]
    pub specversion: SpecVersion,
    /// Identity of the event; the same whenever it is delivered again.
    pub id: Uuid,
    /// `CloudEvents` type: the event's type in the contract with its version, as [`event_type`] writes it.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Name of the service whose feed it is from.
    pub source: String,
    /// Name of the stream.
    pub subject: String,
    /// When the event was recorded.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Position in the source's feed.
    pub position: u64,
    /// Origin of the change, as text: edge, actor, address and user agent; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Media type of `data`.
    #[serde(default)]
    pub datacontenttype: ContentType,
    /// The event of the source's contract; its `type` is the discriminator.
    #[schemars(with = "serde_json::Value")]
    pub data: EventData,
}

/// Version of the `CloudEvents` specification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SpecVersion {
    /// `CloudEvents` 1.0.
    #[default]
    #[serde(rename = "1.0")]
    V1,
}

/// Media type of a message's data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ContentType {
    /// JSON.
    #[default]
    #[serde(rename = "application/json")]
    Json,
}

/// `CloudEvents` type of an event type of a contract.
///
/// ```
/// assert_eq!(rpc::event_type("sent"), "icommerce.sent.v1");
/// assert_eq!(rpc::event_type("sent_v2"), "icommerce.sent.v2");
/// ```
pub fn event_type(word: &str) -> String {
    let (name, version) = version_of(word);
    format!("icommerce.{name}.v{version}")
}

/// Name and version of an event type of a contract: `("sent", 2)` for `sent_v2`. Event types never change; a new version
/// is a type of its own with its number as a suffix.
pub fn version_of(word: &str) -> (&str, u32) {
    let numbered =
        word.rsplit_once("_v").and_then(|(name, version)| Some((name, version.parse().ok()?)));
    numbered.unwrap_or((word, 1))
}

/// Event data as JSON text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventData(Box<RawValue>);

impl EventData {
    /// Serialises an event. Fails only for what JSON cannot represent, such as a map with keys that are no strings.
    pub fn of(event: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(event).map(Self)
    }

    /// Deserialises the event.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }

    /// Whether the event's `type` is one of these. Data without a `type` is none of them.
    pub fn is_one_of(&self, words: &[&str]) -> bool {
        self.word().is_some_and(|own| words.contains(&&*own))
    }

    /// The event's `type`, if it has one.
    pub(crate) fn word(&self) -> Option<Cow<'_, str>> {
        #[derive(Deserialize)]
        struct Typed<'a> {
            #[serde(rename = "type", borrow)]
            word: Cow<'a, str>,
        }
        self.first_word().or_else(|| self.read::<Typed<'_>>().ok().map(|typed| typed.word))
    }

    /// The `type` if it is the first field, as it is when a contract's event is serialised: the rest need not be parsed.
    fn first_word(&self) -> Option<Cow<'_, str>> {
        let (word, rest) = self.0.get().strip_prefix(FIRST)?.split_once('"')?;
        // After the string comes another field, or the end of the object.
        (!word.contains('\\') && rest.starts_with([',', '}'])).then_some(Cow::Borrowed(word))
    }
}

/// Prefix of an event whose first field is `type`.
const FIRST: &str = "{\"type\":\"";

impl PartialEq for EventData {
    fn eq(&self, other: &Self) -> bool {
        self.0.get() == other.0.get()
    }
}

/// Message of a feed: a typed event with its envelope. Serialised as a [`CloudEvent`].
#[derive(Clone, Debug, PartialEq)]
pub struct Message<E> {
    /// Identity of the event; the same whenever it is delivered again.
    pub id: Uuid,
    /// Name of the stream.
    pub subject: String,
    /// When the event was recorded.
    pub time: Timestamp,
    /// Position in the source's feed.
    pub position: u64,
    /// Origin of the change, as far as it is known.
    pub origin: Option<Origin>,
    /// The event.
    pub event: E,
}

impl<E: FeedEvent> Message<E> {
    /// Serialises the message, for the wire and for parking.
    pub fn to_cloud_event(&self) -> Result<CloudEvent, serde_json::Error> {
        let data = EventData::of(&self.event)?;
        let word = data.word().ok_or_else(|| serde::ser::Error::custom("an event has no type"))?;
        let kind = event_type(&word);
        Ok(CloudEvent {
            specversion: SpecVersion::V1,
            id: self.id,
            kind,
            source: E::SOURCE.to_owned(),
            subject: self.subject.clone(),
            time: self.time,
            position: self.position,
            origin: self.origin.as_ref().map(Origin::to_string),
            datacontenttype: ContentType::Json,
            data,
        })
    }

    /// Deserialises a message; an error if its data is no event of this contract.
    pub fn from_cloud_event(written: &CloudEvent) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: written.id,
            subject: written.subject.clone(),
            time: written.time,
            position: written.position,
            // A form that only a later version knows: the event counts without it.
            origin: written.origin.as_deref().and_then(|text| text.parse().ok()),
            event: written.data.read()?,
        })
    }
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
        let message: CloudEvent = serde_json::from_value(old).unwrap();
        assert!(message.data.is_one_of(&["sent"]) && message.position == 7);
        let newer = json!({"specversion": "2.0"});
        assert!(serde_json::from_value::<CloudEvent>(newer).is_err());
    }

    #[test]
    fn a_message_is_a_cloud_event() {
        let message = CloudEvent {
            specversion: SpecVersion::V1,
            id: Uuid::nil(),
            kind: event_type("sent"),
            source: "post".to_owned(),
            subject: "letter-1".to_owned(),
            time: "2026-11-22T12:00:00Z".parse().unwrap(),
            position: 7,
            origin: Some("operator ann".to_owned()),
            datacontenttype: ContentType::Json,
            data: EventData::of(&json!({"type": "sent"})).unwrap(),
        };
        let written: Value = serde_json::to_value(message).unwrap();
        assert_eq!(
            written,
            json!({
                "specversion": "1.0", "id": Uuid::nil(), "type": "icommerce.sent.v1", "source": "post",
                "subject": "letter-1", "time": "2026-11-22T12:00:00Z", "position": 7,
                "origin": "operator ann", "datacontenttype": "application/json", "data": {"type": "sent"},
            })
        );
    }
}
