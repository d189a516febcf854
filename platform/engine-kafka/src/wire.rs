//! Message as it lies in a topic: the `CloudEvent` as JSON, the subject as key, and the rest in headers.

use messaging::bus::{BusEvent, BusMessage, CLOUD_EVENT_TYPE, Proof};
use rdkafka::{
    Message as _,
    message::{BorrowedMessage, Header, Headers, OwnedHeaders},
};

const CONTENT_TYPE: &str = "content-type";
const TRACEPARENT: &str = "traceparent";
const POSITION: &str = "icommerce-position";
const PREVIOUS: &str = "icommerce-previous";
const EVENT_ID: &str = "icommerce-event-id";
const RUN: &str = "icommerce-run";
const PROOF: &str = "icommerce-proof";

/// Headers of a message.
pub(crate) fn headers(message: &BusMessage) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new_with_capacity(7);
    let mut insert = |key, value: &str| {
        let before = std::mem::replace(&mut headers, OwnedHeaders::new_with_capacity(0));
        headers = before.insert(Header { key, value: Some(value) });
    };
    insert(POSITION, &message.position.to_string());
    insert(PREVIOUS, &message.previous.to_string());
    insert(EVENT_ID, &message.id.to_string());
    insert(RUN, &message.run.to_string());
    if let Some(proof) = message.proof {
        insert(PROOF, &proof.to_string());
    }
    if let Some(event) = &message.event {
        insert(CONTENT_TYPE, CLOUD_EVENT_TYPE);
        insert(TRACEPARENT, &event.traceparent);
    }
    headers
}

/// The message of a record; `None` if it is not one of ours.
pub(crate) fn read(record: &BorrowedMessage<'_>) -> Option<BusMessage> {
    let headers = record.headers()?;
    let text = |key: &str| {
        let header = headers.iter().find(|header| header.key == key)?;
        std::str::from_utf8(header.value?).ok()
    };
    let event = match record.payload() {
        None => None,
        Some(payload) => Some(BusEvent {
            subject: std::str::from_utf8(record.key()?).ok()?.to_owned(),
            cloud_event: payload.to_vec().into(),
            traceparent: text(TRACEPARENT).unwrap_or_default().to_owned(),
        }),
    };
    Some(BusMessage {
        partition: u32::try_from(record.partition()).ok()?,
        position: text(POSITION)?.parse().ok()?,
        previous: text(PREVIOUS)?.parse().ok()?,
        id: text(EVENT_ID)?.parse().ok()?,
        run: text(RUN)?.parse().ok()?,
        event,
        proof: text(PROOF).and_then(Proof::parse),
    })
}
