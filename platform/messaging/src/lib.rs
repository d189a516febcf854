//! Messaging between services: feeds over journals (outbox), consumers with an inbox, parking of poison messages.
//!
//! The journal is the outbox: a feed is its flushed events, translated, in commit order, so nothing needs to be published
//! after a commit. A consumer pulls the feed, in process or over the network, and stores its position in the same commit as
//! its effects: delivery is at least once, the effect exactly once.

#![warn(missing_docs)]

pub mod bus;
mod consumer;
mod feed;
mod handler;
mod parking;

pub use consumer::{CONSUMER_COLLECTIONS, Consumer, ConsumerParts, Subscription};
pub use feed::{FEED_EVENTS_MAX, JournalFeed, Translate};
pub use handler::{Handler, HandlerError};
pub use parking::{COLLECTIONS, Parked, parking_routes};
pub use rpc::{CloudEvent, Feed, FeedEvent, FeedPage, Message};
