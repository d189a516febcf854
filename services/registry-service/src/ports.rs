//! What the registry needs of its peers.

use crate::domain::{
    instance::Instance,
    replication::{PeerAnswer, ReplicatedChange},
};
use async_trait::async_trait;

/// Another registry with the same instances.
#[async_trait]
pub(crate) trait Peer: Send + Sync {
    /// Its address, without credentials.
    fn address(&self) -> &str;

    /// Tells it changes. The answers are in the order of the changes, one for each.
    async fn replicate(&self, changes: &[&ReplicatedChange]) -> Result<PeerReply, PeerUnavailable>;

    /// All instances that it knows.
    async fn instances(&self) -> Result<Vec<Instance>, PeerUnavailable>;
}

/// Reply of a peer to a batch of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PeerReply {
    pub(crate) answers: Vec<PeerAnswer>,
    /// Identity of the node, if it is a registry of ours.
    pub(crate) node: Option<String>,
}

/// Reason why a peer did not answer, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct PeerUnavailable(pub(crate) String);
