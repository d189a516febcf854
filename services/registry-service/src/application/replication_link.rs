//! Link to a peer: its queue of changes, and the loop that sends them.

use super::node::RegistryNode;
use crate::{
    domain::{
        peer_queue::{PeerQueue, QueuedChange},
        registry::Origin,
        replication::ReplicatedChange,
    },
    ports::{Peer, PeerReply, PeerUnavailable},
};
use parking_lot::Mutex;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{sync::Notify, time::sleep};

/// Time for which changes are collected before a batch is sent.
const BATCH_DELAY: Duration = Duration::from_millis(100);
/// Pause after the first failure; each further one doubles it.
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause.
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(5);

/// Link to a peer.
pub(crate) struct ReplicationLink {
    peer: Arc<dyn Peer>,
    queue: Mutex<PeerQueue>,
    queued: Notify,
    state: Mutex<LinkState>,
}

/// State of a link, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkState {
    /// When the peer answered last, in milliseconds of the Unix epoch.
    pub(crate) answered_ms: Option<u64>,
    /// Why it did not answer since.
    pub(crate) failure: Option<String>,
    /// Whether it is this node itself.
    pub(crate) is_self: bool,
}

impl ReplicationLink {
    pub(crate) fn new(peer: Arc<dyn Peer>) -> Self {
        let (queue, state) = (Mutex::default(), Mutex::default());
        Self { peer, queue, queued: Notify::new(), state }
    }

    pub(crate) fn address(&self) -> &str {
        self.peer.address()
    }

    pub(crate) fn state(&self) -> LinkState {
        self.state.lock().clone()
    }

    /// Changes that wait, and changes that were dropped.
    pub(crate) fn backlog(&self) -> (usize, u64) {
        let queue = self.queue.lock();
        (queue.len(), queue.dropped())
    }

    pub(crate) fn push(&self, change: ReplicatedChange, now_ms: u64) {
        if self.state.lock().is_self {
            return;
        }
        self.queue.lock().push(change, now_ms);
        self.queued.notify_one();
    }

    /// Sends what is queued, for ever. Each change is retried until it does not matter any more.
    pub(crate) async fn run(self: Arc<Self>, node: Arc<RegistryNode>) {
        let mut pause = RETRY_PAUSE;
        loop {
            let batch = self.queue.lock().take_batch(node.now_ms());
            if batch.is_empty() {
                self.queued.notified().await;
                sleep(BATCH_DELAY).await;
                continue;
            }
            let changes: Vec<_> = batch.iter().map(|queued| &queued.change).collect();
            match self.peer.replicate(&changes).await {
                Ok(reply) => {
                    pause = RETRY_PAUSE;
                    self.take_reply(&node, &batch, reply);
                }
                Err(PeerUnavailable(reason)) => {
                    tracing::debug!(peer = self.address(), reason, "a peer did not answer");
                    self.state.lock().failure = Some(reason);
                    self.queue.lock().put_back(batch);
                    sleep(pause).await;
                    pause = (pause * 2).min(RETRY_PAUSE_MAX);
                }
            }
        }
    }

    fn take_reply(&self, node: &RegistryNode, batch: &[QueuedChange], reply: PeerReply) {
        let now_ms = node.now_ms();
        let is_self = reply.node.as_ref() == Some(&node.identity);
        *self.state.lock() = LinkState { answered_ms: Some(now_ms), failure: None, is_self };
        if is_self {
            tracing::info!(peer = self.address(), "this peer is the node itself, and is left out");
            return;
        }
        let origin = Origin::Peer { says_override_times: reply.node.is_some() };
        for (queued, answer) in batch.iter().zip(reply.answers) {
            let next = node.change(|registry, now_ms| {
                registry.take_answer(&queued.change, answer, origin, now_ms)
            });
            if let Some(next) = next {
                self.push(next, now_ms);
            }
        }
    }

    /// Registers here what the peer knows.
    pub(crate) async fn copy_registry(
        &self,
        node: &RegistryNode,
    ) -> Result<usize, PeerUnavailable> {
        let instances = self.peer.instances().await?;
        let origin = Origin::Peer { says_override_times: false };
        let mut copied = 0;
        for instance in instances {
            if node.register(instance, origin).is_err() {
                tracing::warn!(
                    peer = self.address(),
                    copied,
                    "the peer has more instances than fit here"
                );
                break;
            }
            copied += 1;
        }
        Ok(copied)
    }
}

impl fmt::Debug for ReplicationLink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ReplicationLink").field("peer", &self.address()).finish_non_exhaustive()
    }
}
