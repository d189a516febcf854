//! Message of the bus as one of AMQP.

use bytes::Bytes;
use kernel::Uuid;
use lapin::{
    BasicProperties,
    message::Delivery,
    types::{AMQPValue, FieldTable},
};
use messaging::bus::{BusEvent, BusMessage, CLOUD_EVENT_TYPE, Proof};

const POSITION: &str = "position";
const PREVIOUS: &str = "previous";
const RUN: &str = "run";
const PROOF: &str = "proof";
const SUBJECT: &str = "subject";
const TRACEPARENT: &str = "traceparent";
/// Delivery mode of a message that survives a restart.
const PERSISTENT: u8 = 2;

/// Properties of a message.
pub(crate) fn properties(message: &BusMessage) -> BasicProperties {
    let mut headers = FieldTable::default();
    let mut text = |name: &str, value: String| {
        headers.insert(name.into(), AMQPValue::LongString(value.into()));
    };
    // As text: the protocol's whole numbers have a sign.
    text(POSITION, message.position.to_string());
    text(PREVIOUS, message.previous.to_string());
    text(RUN, message.run.to_string());
    if let Some(proof) = message.proof {
        text(PROOF, proof.to_string());
    }
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_message_id(message.id.to_string().into());
    let Some(event) = &message.event else { return properties.with_headers(headers) };
    text(SUBJECT, event.subject.clone());
    text(TRACEPARENT, event.traceparent.clone());
    properties.with_content_type(CLOUD_EVENT_TYPE.into()).with_headers(headers)
}

/// Message that was delivered; `None` for one of somebody else.
pub(crate) fn read(delivery: Delivery, partition: u32) -> Option<BusMessage> {
    let properties = &delivery.properties;
    let headers = properties.headers().as_ref()?;
    let text = |name: &str| match headers.inner().get(name)? {
        AMQPValue::LongString(text) => std::str::from_utf8(text.as_bytes()).ok(),
        _ => None,
    };
    let event = match text(SUBJECT) {
        None => None,
        Some(subject) => Some(BusEvent {
            subject: subject.to_owned(),
            traceparent: text(TRACEPARENT)?.to_owned(),
            cloud_event: Bytes::new(),
        }),
    };
    let id = Uuid::parse_str(properties.message_id().as_ref()?.as_str()).ok()?;
    let mut message = BusMessage {
        partition,
        position: text(POSITION)?.parse().ok()?,
        previous: text(PREVIOUS)?.parse().ok()?,
        id,
        run: Uuid::parse_str(text(RUN)?).ok()?,
        event,
        proof: text(PROOF).and_then(Proof::parse),
    };
    if let Some(event) = &mut message.event {
        event.cloud_event = Bytes::from(delivery.data);
    }
    Some(message)
}
