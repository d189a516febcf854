//! Names and forms of exchanges and queues.

use lapin::types::{AMQPValue, FieldTable, ShortString};
use messaging::bus::Topic;
use std::time::Duration;

/// Messages that a queue keeps for its group; of more, the oldest ones go.
pub const QUEUE_MESSAGES_MAX: u32 = 100_000;
/// Time after which a queue goes that nobody consumes.
pub const QUEUE_EXPIRES: Duration = Duration::from_hours(24 * 7);

const PREFIX: &str = "icommerce";

/// Exchange of a topic.
pub(crate) fn exchange(topic: Topic) -> ShortString {
    format!("{PREFIX}.{topic}").into()
}

/// Routing key of a partition.
pub(crate) fn routing_key(partition: u32) -> ShortString {
    partition.to_string().into()
}

/// Queue of a partition for a group.
pub(crate) fn queue(topic: Topic, group: &str, partition: u32) -> ShortString {
    format!("{PREFIX}.{topic}.{group}.{partition}").into()
}

/// Queue whose consumers are the members of a group.
pub(crate) fn members(topic: Topic, group: &str) -> ShortString {
    format!("{PREFIX}.{topic}.{group}.members").into()
}

/// Form of the queue of a partition. One that was declared with another form keeps it, and is refused.
pub(crate) fn queue_arguments() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(QUEUE_MESSAGES_MAX.into()));
    arguments.insert("x-overflow".into(), AMQPValue::LongString("drop-head".into()));
    expires(&mut arguments);
    arguments
}

/// Form of the queue of the members.
pub(crate) fn members_arguments() -> FieldTable {
    let mut arguments = FieldTable::default();
    expires(&mut arguments);
    arguments
}

fn expires(arguments: &mut FieldTable) {
    let milliseconds = i64::try_from(QUEUE_EXPIRES.as_millis()).unwrap_or(i64::MAX);
    arguments.insert("x-expires".into(), AMQPValue::LongLongInt(milliseconds));
}
