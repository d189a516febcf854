//! Entry of a stream: a message as fields that anybody can read.

use bytes::Bytes;
use kernel::Uuid;
use messaging::bus::{BusEvent, BusMessage, CLOUD_EVENT_TYPE, Proof};
use redis::{Cmd, FromRedisValue, from_redis_value_ref, streams::StreamId};

const POSITION: &str = "position";
const PREVIOUS: &str = "previous";
const ID: &str = "id";
const RUN: &str = "run";
const SUBJECT: &str = "subject";
const TRACEPARENT: &str = "traceparent";
const CONTENT_TYPE: &str = "content-type";
const EVENT: &str = "event";
const PROOF: &str = "proof";

/// Appends the fields of a message to a command.
pub(super) fn write(message: &BusMessage, command: &mut Cmd) {
    command.arg(POSITION).arg(message.position).arg(PREVIOUS).arg(message.previous);
    command.arg(ID).arg(message.id.to_string()).arg(RUN).arg(message.run.to_string());
    if let Some(proof) = message.proof {
        command.arg(PROOF).arg(proof.to_string());
    }
    if let Some(event) = &message.event {
        command.arg(SUBJECT).arg(&event.subject).arg(TRACEPARENT).arg(&event.traceparent);
        command.arg(CONTENT_TYPE).arg(CLOUD_EVENT_TYPE).arg(EVENT).arg(&event.cloud_event[..]);
    }
}

/// Message of an entry; `None` for an entry of somebody else.
pub(super) fn read(entry: &StreamId, partition: u32) -> Option<BusMessage> {
    let event = match field::<Vec<u8>>(entry, EVENT) {
        None => None,
        Some(cloud_event) => Some(BusEvent {
            subject: field(entry, SUBJECT)?,
            cloud_event: Bytes::from(cloud_event),
            traceparent: field(entry, TRACEPARENT)?,
        }),
    };
    Some(BusMessage {
        partition,
        position: field(entry, POSITION)?,
        previous: field(entry, PREVIOUS)?,
        id: uuid(entry, ID)?,
        run: uuid(entry, RUN)?,
        event,
        proof: field::<String>(entry, PROOF).and_then(|digits| Proof::parse(&digits)),
    })
}

fn field<T: FromRedisValue>(entry: &StreamId, name: &str) -> Option<T> {
    entry.map.get(name).and_then(|value| from_redis_value_ref(value).ok())
}

fn uuid(entry: &StreamId, name: &str) -> Option<Uuid> {
    Uuid::parse_str(&field::<String>(entry, name)?).ok()
}
