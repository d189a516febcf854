//! Engine on Redis: values that their owners may lose, such as caches and limits of attempts; and a message bus.
//!
//! **Losable.** Redis acknowledges before it flushes, evicts, and can be flushed: nothing that must not be lost is here. A
//! [`Commit`](storage::Commit) of this engine is durable at once, which says only that there is nothing to wait for.
//!
//! **Atomicity.** What reads and writes is a script, which the server runs alone.
//!
//! **Cluster.** The values of a service are divided among [`BUNDLES`] bundles, by a hash of the key. All keys of a bundle have one tag, so
//! that a script finds them on one node; the bundles are spread over the nodes. Whether a server is part of a cluster is asked of the
//! server.
//!
//! **Bounded wait.** An operation has a deadline. When the server did not answer in time, further ones fail at once for a while, after
//! which one tries again. [`LosableValues::with_fallback`](storage::LosableValues::with_fallback) then uses the service's own store.

#![warn(missing_docs)]

mod bus;
mod call;
mod connection;
mod error;
mod key_value;
mod keys;
mod link;
mod options;

pub use bus::{BUS_STREAM_MESSAGES_MAX, RedisBus};
pub use error::ServerError;
pub use keys::BUNDLES;
pub use options::{RedisOptions, RedisUrlError};

use key_value::RedisKeyValue;
use link::Link;
use std::sync::Arc;
use storage::{KeyValue, StorageError};

/// Open engine: connected to a server, or to a cluster of them.
#[derive(Clone, Debug)]
pub struct RedisEngine {
    link: Arc<Link>,
}

impl RedisEngine {
    /// Connects, and checks that the server can be used.
    ///
    /// # Errors
    ///
    /// [`ServerError`]: no server answers, it refuses the credentials, or it is too old.
    pub async fn open(options: RedisOptions) -> Result<Self, ServerError> {
        Ok(Self { link: Arc::new(Link::open(options).await?) })
    }

    /// Asks the server whether it is there, as a health check does.
    ///
    /// # Errors
    ///
    /// [`StorageError::Unavailable`] where it does not answer within the time of an operation, or did not a moment ago.
    pub async fn ping(&self) -> Result<(), StorageError> {
        self.link.ping().await
    }

    /// Values of a service. No other service sees them.
    pub fn values(&self, service: &'static str) -> Arc<dyn KeyValue> {
        Arc::new(RedisKeyValue { link: Arc::clone(&self.link), service })
    }
}
