//! Kafka cluster: three brokers that are controllers as well, each of which has a copy of everything.

use crate::{
    kafka::{Kafka, KafkaMember, KafkaServer},
    server::Placement,
};
use std::{io, path::Path, thread};

/// Brokers of a cluster: one may die, and two still have whatever was confirmed.
const NODES: usize = 3;

/// Cluster of three brokers. Each confirmed message is on two of them at least.
#[derive(Debug)]
pub struct KafkaCluster {
    nodes: Vec<KafkaServer>,
}

impl KafkaCluster {
    /// Starts a new cluster from the jars in this folder.
    ///
    /// # Errors
    ///
    /// Whatever keeps the brokers from running.
    pub fn start(libraries: &Path) -> io::Result<Self> {
        let placements = (0..NODES).map(|_| Placement::choose::<Kafka>());
        let placements = placements.collect::<io::Result<Vec<_>>>()?;
        let controllers: Vec<_> = placements.iter().map(|placement| placement.address(1)).collect();
        // None of them is ready before two are there.
        let nodes = thread::scope(|scope| {
            let starting: Vec<_> = (1..)
                .zip(placements)
                .map(|(node, placement)| {
                    let member = KafkaMember { node, controllers: controllers.clone() };
                    let kind = Kafka::of_cluster(libraries, member);
                    scope.spawn(|| {
                        KafkaServer::start_at(placement, kind).map_err(|(error, _)| error)
                    })
                })
                .collect();
            let joined = starting.into_iter().map(|node| {
                node.join().unwrap_or_else(|_| Err(io::Error::other("a broker's start panicked")))
            });
            joined.collect::<io::Result<Vec<_>>>()
        });
        Ok(Self { nodes: nodes? })
    }

    /// URL with all brokers.
    pub fn url(&self) -> String {
        let addresses: Vec<_> = self.nodes.iter().map(KafkaServer::address).collect();
        format!("kafka://{}", addresses.join(","))
    }

    /// Brokers of the cluster, to be killed, paused or started again.
    pub fn nodes(&mut self) -> &mut [KafkaServer] {
        &mut self.nodes
    }
}
