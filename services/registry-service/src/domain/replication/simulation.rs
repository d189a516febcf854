//! Simulation of three registries that replicate to each other, with partitions and restarts in any order: once the network is whole again
//! they agree, within the time that a lease and a heartbeat take.

use super::*;
use crate::domain::{instance::samples, peer_queue::PeerQueue, registry::RegistryPolicy};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const NODES: usize = 3;
const CLIENTS: usize = 4;
const POLICY: RegistryPolicy = RegistryPolicy { is_self_preserving: false, instances_max: 100 };
const OURS: Origin = Origin::Peer { says_override_times: true };
const STEP_MS: u64 = 1_000;
const HEARTBEAT_MS: u64 = 30_000;
const LEASE_MS: u64 = 90_000;
const EVICTION_MS: u64 = 10_000;
/// Time within which the registries agree once nothing fails any more: the lease of an instance that only one of them still has, the runs
/// that evict all of them, a heartbeat, and some batches.
const AGREEMENT_MS: u64 = LEASE_MS + 6 * EVICTION_MS + 2 * HEARTBEAT_MS + 5 * STEP_MS;

/// What happens at a moment.
#[derive(Clone, Copy, Debug)]
enum Incident {
    Cut {
        from: usize,
        to: usize,
    },
    Mend {
        from: usize,
        to: usize,
    },
    Restart {
        node: usize,
    },
    Start {
        client: usize,
        home: usize,
    },
    /// The client stops, with a word or without.
    Stop {
        client: usize,
        says_so: bool,
    },
    Move {
        client: usize,
        home: usize,
    },
    Change {
        client: usize,
    },
    Override {
        client: usize,
        node: usize,
        status: InstanceStatus,
    },
    RemoveOverride {
        client: usize,
        node: usize,
    },
    Wait {
        seconds: u64,
    },
}

struct Node {
    registry: Registry,
    queues: BTreeMap<usize, PeerQueue>,
}

/// Client that keeps an instance registered at its home, and at another node if that is not reachable.
#[derive(Clone)]
struct Client {
    home: usize,
    is_running: bool,
    is_registered: bool,
    dirty_ms: u64,
    beats_at_ms: u64,
}

struct Cluster {
    nodes: Vec<Node>,
    clients: Vec<Client>,
    cut: BTreeSet<(usize, usize)>,
    now_ms: u64,
}

fn id(client: usize) -> String {
    format!("client-{client}")
}

impl Node {
    fn new(number: usize, now_ms: u64) -> Self {
        let others = (0..NODES).filter(|other| *other != number);
        let queues = others.map(|other| (other, PeerQueue::default())).collect();
        Self { registry: Registry::new(POLICY, now_ms), queues }
    }

    fn tell(&mut self, change: Option<ReplicatedChange>, now_ms: u64) {
        let Some(change) = change else { return };
        for queue in self.queues.values_mut() {
            queue.push(change.clone(), now_ms);
        }
    }
}

impl Cluster {
    fn new() -> Self {
        let client = |home| Client {
            home: home % NODES,
            is_running: false,
            is_registered: false,
            dirty_ms: 0,
            beats_at_ms: 0,
        };
        Self {
            nodes: (0..NODES).map(|number| Node::new(number, 0)).collect(),
            clients: (0..CLIENTS).map(client).collect(),
            cut: BTreeSet::new(),
            now_ms: 1_000_000,
        }
    }

    fn happen(&mut self, incident: Incident) {
        let now_ms = self.now_ms;
        match incident {
            Incident::Cut { from, to } => drop(self.cut.insert((from, to))),
            Incident::Mend { from, to } => drop(self.cut.remove(&(from, to))),
            Incident::Restart { node } => self.restart(node),
            Incident::Start { client, home } => {
                let it = &mut self.clients[client];
                let beats_at_ms = now_ms + HEARTBEAT_MS;
                *it = Client {
                    home,
                    is_running: true,
                    is_registered: false,
                    dirty_ms: now_ms,
                    beats_at_ms,
                };
                self.register(client);
            }
            Incident::Stop { client, says_so } => {
                let it = self.clients[client].clone();
                self.clients[client].is_running = false;
                if it.is_running && says_so {
                    let mut change = self.change_of(it.home, client, ReplicatedAction::Cancel);
                    if self.nodes[it.home].registry.cancel("APP", &id(client), now_ms) {
                        if let Some(change) = &mut change {
                            change.instance = None;
                        }
                        self.nodes[it.home].tell(change, now_ms);
                    }
                }
            }
            Incident::Move { client, home } => self.clients[client].home = home,
            Incident::Change { client } => {
                self.clients[client].dirty_ms = now_ms;
                self.register(client);
            }
            Incident::Override { client, node, status } => {
                let change = OverrideChange { status, last_dirty_ms: None, changed_ms: now_ms };
                if self.nodes[node].registry.set_override("APP", &id(client), change, now_ms) {
                    let change = self.change_of(node, client, ReplicatedAction::StatusUpdate);
                    let change = change.map(|it| ReplicatedChange { status: Some(status), ..it });
                    self.nodes[node].tell(change, now_ms);
                }
            }
            Incident::RemoveOverride { client, node } => {
                let status = InstanceStatus::Unknown;
                let change = OverrideChange { status, last_dirty_ms: None, changed_ms: now_ms };
                if self.nodes[node].registry.remove_override("APP", &id(client), change, now_ms) {
                    let action = ReplicatedAction::DeleteStatusOverride;
                    let change = self.change_of(node, client, action);
                    let change = change.map(|it| ReplicatedChange { status: Some(status), ..it });
                    self.nodes[node].tell(change, now_ms);
                }
            }
            Incident::Wait { seconds } => self.run_for(seconds * 1_000),
        }
        self.run_for(STEP_MS);
    }

    fn change_of(
        &self,
        node: usize,
        client: usize,
        action: ReplicatedAction,
    ) -> Option<ReplicatedChange> {
        self.nodes[node].registry.replicated(action, "APP", &id(client))
    }

    /// Starts a node again, without anything but what it copies from a peer.
    fn restart(&mut self, number: usize) {
        let now_ms = self.now_ms;
        let peer = (0..NODES).find(|peer| *peer != number && !self.cut.contains(&(number, *peer)));
        let known = peer.and_then(|peer| self.nodes[peer].registry.application("APP"));
        let mut node = Node::new(number, now_ms);
        for leased in known.into_iter().flatten() {
            let origin = Origin::Peer { says_override_times: false };
            node.registry.register(Instance::clone(&leased.instance), origin, now_ms).unwrap();
        }
        self.nodes[number] = node;
    }

    fn register(&mut self, client: usize) {
        let it = self.clients[client].clone();
        if !it.is_running {
            return;
        }
        let instance = samples::instance("APP", &id(client), it.dirty_ms);
        let node = &mut self.nodes[it.home];
        node.registry.register(instance, Origin::Client, self.now_ms).unwrap();
        let change = node.registry.replicated(ReplicatedAction::Register, "APP", &id(client));
        node.tell(change, self.now_ms);
        self.clients[client].is_registered = true;
    }

    fn heartbeat(&mut self, client: usize) {
        let now_ms = self.now_ms;
        let it = self.clients[client].clone();
        self.clients[client].beats_at_ms = now_ms + HEARTBEAT_MS;
        let heartbeat = Heartbeat { last_dirty_ms: Some(it.dirty_ms), ..Heartbeat::default() };
        let node = &mut self.nodes[it.home];
        match node.registry.renew("APP", &id(client), &heartbeat, Origin::Client, now_ms) {
            Renewal::Renewed => {
                let action = ReplicatedAction::Heartbeat;
                let change = node.registry.replicated(action, "APP", &id(client));
                node.tell(change, now_ms);
            }
            Renewal::Unknown | Renewal::Conflict(_) => {
                self.clients[client].dirty_ms = now_ms;
                self.register(client);
            }
        }
    }

    fn run_for(&mut self, ms: u64) {
        let until_ms = self.now_ms + ms;
        while self.now_ms < until_ms {
            self.now_ms += STEP_MS;
            for client in 0..CLIENTS {
                let it = &self.clients[client];
                if it.is_running && it.beats_at_ms <= self.now_ms {
                    self.heartbeat(client);
                }
            }
            for from in 0..NODES {
                for to in (0..NODES).filter(|to| *to != from) {
                    self.replicate(from, to);
                }
            }
            for node in &mut self.nodes {
                if self.now_ms.is_multiple_of(EVICTION_MS) {
                    node.registry.evict(self.now_ms);
                }
                node.registry.forget(self.now_ms);
            }
        }
    }

    fn replicate(&mut self, from: usize, to: usize) {
        let now_ms = self.now_ms;
        let batch = self.nodes[from].queues.get_mut(&to).unwrap().take_batch(now_ms);
        if self.cut.contains(&(from, to)) {
            self.nodes[from].queues.get_mut(&to).unwrap().put_back(batch);
            return;
        }
        for queued in batch {
            let receiver = &mut self.nodes[to].registry;
            let answer = receiver.apply(queued.change.clone(), OURS, now_ms);
            let answer = answer.answer(receiver, OURS);
            let sender = &mut self.nodes[from];
            let next = sender.registry.take_answer(&queued.change, answer, OURS, now_ms);
            if let Some(next) = next {
                sender.queues.get_mut(&to).unwrap().push(next, now_ms);
            }
        }
    }

    /// What a node shows of each instance.
    fn shown(&self, node: usize) -> Vec<(String, InstanceStatus, InstanceStatus, u64)> {
        let known = self.nodes[node].registry.application("APP").unwrap_or_default();
        let shown = known.into_iter().map(|it| {
            let it = &it.instance;
            (it.id.clone(), it.status, it.overridden, it.last_dirty_ms)
        });
        shown.collect()
    }

    fn assert_agreement(&mut self) {
        self.cut.clear();
        self.run_for(AGREEMENT_MS);
        let first = self.shown(0);
        for node in 1..NODES {
            assert_eq!(self.shown(node), first, "nodes 0 and {node} differ");
        }
        let running: Vec<_> =
            (0..CLIENTS).filter(|client| self.clients[*client].is_running).map(id).collect();
        let registered: Vec<_> = first.into_iter().map(|(id, ..)| id).collect();
        assert_eq!(registered, running, "exactly those that run are registered");
    }
}

fn incident() -> impl Strategy<Value = Incident> {
    let (node, client) = (0..NODES, 0..CLIENTS);
    let status = prop_oneof![Just(InstanceStatus::OutOfService), Just(InstanceStatus::Down)];
    prop_oneof![
        (node.clone(), node.clone()).prop_map(|(from, to)| Incident::Cut { from, to }),
        (node.clone(), node.clone()).prop_map(|(from, to)| Incident::Mend { from, to }),
        node.clone().prop_map(|node| Incident::Restart { node }),
        (client.clone(), node.clone()).prop_map(|(client, home)| Incident::Start { client, home }),
        (client.clone(), any::<bool>())
            .prop_map(|(client, says_so)| Incident::Stop { client, says_so }),
        (client.clone(), node.clone()).prop_map(|(client, home)| Incident::Move { client, home }),
        client.clone().prop_map(|client| Incident::Change { client }),
        (client.clone(), node.clone(), status)
            .prop_map(|(client, node, status)| Incident::Override { client, node, status }),
        (client, node).prop_map(|(client, node)| Incident::RemoveOverride { client, node }),
        (1_u64..120).prop_map(|seconds| Incident::Wait { seconds }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn registries_agree_again_after_partitions_and_restarts_in_any_order(
        incidents in prop::collection::vec(incident(), 0..40),
    ) {
        let mut cluster = Cluster::new();
        for incident in incidents {
            cluster.happen(incident);
        }
        cluster.assert_agreement();
    }
}

/// An order of events that once left registries with different statuses: the client registers where an earlier override is still in force.
#[test]
fn the_last_override_counts_also_where_an_earlier_one_was_taken_for_the_word_of_the_instance() {
    let mut cluster = Cluster::new();
    for incident in [
        Incident::Cut { from: 0, to: 2 },
        Incident::Start { client: 1, home: 1 },
        Incident::Override { client: 1, node: 1, status: InstanceStatus::Down },
        Incident::Override { client: 1, node: 0, status: InstanceStatus::OutOfService },
        Incident::Start { client: 1, home: 2 },
    ] {
        cluster.happen(incident);
    }
    cluster.assert_agreement();
    assert_eq!(cluster.shown(0)[0].1, InstanceStatus::OutOfService);
}
