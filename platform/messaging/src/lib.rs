//! Messages between services: a feed out of each journal, consumers with an inbox.
//!
//! The journal is the outbox: what a service tells the world is what it flushed, translated, in commit order. A
//! consumer pulls the feed over a transport, loopback or network, and keeps the position it reached in the same
//! commit as its effects. So every message has its effect once, whatever is delivered twice, and there is nothing
//! to publish after a commit.

#![warn(missing_docs)]

mod consumer;
mod feed;
mod message;
mod parking;

pub use consumer::{Consumer, ConsumerParts, Handler, HandlerError, Subscription};
pub use feed::{EventTranslator, feed_routes};
pub use message::{
    ContentType, EventData, FEED_MESSAGES_MAX, Feed, FeedQuery, Message, SpecVersion, event_type,
    version_of,
};
pub use parking::{Parked, parking_routes};
