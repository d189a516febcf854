//! Redis Cluster.

use crate::redis::{MEMBER, RedisServer};
use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

/// Last of the slots that a cluster has.
const LAST_SLOT: u16 = 16_383;
const NODES: u16 = 3;
const WHOLE_WITHIN: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);

/// Cluster of three nodes without replicas, each with a third of the slots.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts a new cluster with this program (`redis-server` 7 or newer).
    ///
    /// # Errors
    ///
    /// Whatever keeps the program from running, or the nodes from finding each other.
    pub fn start(program: &Path) -> io::Result<Self> {
        let nodes: io::Result<Vec<RedisServer>> =
            (0..NODES).map(|_| RedisServer::start_with(program, MEMBER)).collect();
        let cluster = Self { nodes: nodes? };
        let [first, others @ ..] = &cluster.nodes[..] else { return Ok(cluster) };
        for (number, node) in (0..).zip(&cluster.nodes) {
            let share = LAST_SLOT / NODES + 1;
            let (from, to) = (number * share, LAST_SLOT.min((number + 1) * share - 1));
            node.command(&["CLUSTER", "ADDSLOTSRANGE", &from.to_string(), &to.to_string()])?;
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()])?;
        }
        for other in others {
            let (port, bus) = (other.port().to_string(), other.bus_port().to_string());
            first.command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus])?;
        }
        cluster.wait_until_whole()?;
        Ok(cluster)
    }

    /// Nodes of the cluster, to be killed, paused or started again.
    pub fn nodes(&mut self) -> &mut [RedisServer] {
        &mut self.nodes
    }

    /// URLs of the nodes.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(RedisServer::url).collect()
    }

    /// Waits until every node runs and knows that all the others do.
    ///
    /// # Errors
    ///
    /// When they do not in time.
    pub fn wait_until_whole(&self) -> io::Result<()> {
        let begun = Instant::now();
        let known = format!("cluster_known_nodes:{NODES}\r");
        let is_whole = |node: &RedisServer| {
            let info = node.command(&["CLUSTER", "INFO"]).unwrap_or_default();
            info.contains("cluster_state:ok\r") && info.contains(&known)
        };
        while !self.nodes.iter().all(is_whole) {
            if begun.elapsed() > WHOLE_WITHIN {
                return Err(io::Error::other("the nodes of the cluster do not find each other"));
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }
}
