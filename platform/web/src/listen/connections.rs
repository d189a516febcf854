//! Open connections of a listener, limited per client and in total; where there is no room, idle ones make it.
//!
//! A connection is idle while no request of it is running: between two requests, and also while the head of the next one
//! is incomplete. Who holds the most gives way first, so that one client's connections never cost another client its own.

use crate::{ClientKey, IpNetwork};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::task::AbortHandle;

/// Limits of the open connections of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Maximum number of open connections. At the limit the client with the most connections gives one up: its oldest
    /// idle one, or a busy one if another client has clearly fewer. Default: 4096.
    pub connections_max: usize,
    /// Maximum number of open connections of one client; at the limit its oldest idle one is closed. Default: 256.
    pub client_connections_max: usize,
    /// Clients without a limit of their own, such as proxies that carry the requests of many. Default: this machine.
    pub unlimited_clients: Vec<IpNetwork>,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            client_connections_max: 256,
            unlimited_clients: IpNetwork::LOOPBACK.to_vec(),
        }
    }
}

/// Open connections of a listener.
#[derive(Debug)]
pub(super) struct Connections {
    limits: ConnectionLimits,
    open: Mutex<OpenConnections>,
    /// Logical time at which connections became idle: it sorts them and costs less than a clock.
    ticks: AtomicU64,
}

#[derive(Debug, Default)]
struct OpenConnections {
    count: usize,
    by_client: HashMap<ClientKey, Vec<Arc<ConnectionState>>>,
}

#[derive(Debug)]
struct ConnectionState {
    /// Tick at which the connection became idle; [`BUSY`] while a request is running.
    idle_since: AtomicU64,
    task: OnceLock<AbortHandle>,
}

/// A connection that is not idle.
const BUSY: u64 = u64::MAX;

/// Connection in the table of open connections, until it is dropped.
#[derive(Debug)]
pub(super) struct OpenConnection {
    connections: Arc<Connections>,
    client: ClientKey,
    state: Arc<ConnectionState>,
}

impl Connections {
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        let (open, ticks) = (Mutex::default(), AtomicU64::new(0));
        Arc::new(Self { limits, open, ticks })
    }

    /// Admits a connection of the client at this address; `None` if there is no room, and none can be made.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<OpenConnection> {
        let client = ClientKey::at(address);
        let mut open = self.open.lock();
        let own = open.count_of(client);
        let is_limited =
            !self.limits.unlimited_clients.iter().any(|network| network.contains(address));
        if is_limited && own >= self.limits.client_connections_max && !open.close_idle(client) {
            return None;
        }
        if open.count >= self.limits.connections_max && !open.make_room(own) {
            return None;
        }
        let state = ConnectionState { idle_since: self.tick().into(), task: OnceLock::new() };
        let state = Arc::new(state);
        open.count += 1;
        open.by_client.entry(client).or_default().push(Arc::clone(&state));
        Some(OpenConnection { connections: Arc::clone(self), client, state })
    }

    /// Closes a connection, since the process is out of file handles.
    pub(super) fn make_room(&self) {
        self.open.lock().make_room(0);
    }

    fn tick(&self) -> u64 {
        self.ticks.fetch_add(1, Ordering::Relaxed)
    }
}

impl OpenConnections {
    fn count_of(&self, client: ClientKey) -> usize {
        self.by_client.get(&client).map_or(0, Vec::len)
    }

    /// Closes a connection for the sake of a client that has `own` of them; whether one could be closed.
    ///
    /// The client with the most connections gives one up, a busy one only to a client that has fewer even afterwards. Among
    /// equals, whoever has an idle one does.
    fn make_room(&mut self, own: usize) -> bool {
        let counts = self.by_client.iter().map(|(client, states)| (*client, states.len()));
        let Some((largest, count)) = counts.max_by_key(|(_, count)| *count) else { return false };
        if self.close_idle(largest) || (own + 1 < count && self.close_any(largest)) {
            return true;
        }
        let equals = self.by_client.iter().filter(|(_, states)| states.len() >= own);
        let equals: Vec<ClientKey> = equals.map(|(client, _)| *client).collect();
        equals.into_iter().any(|client| self.close_idle(client))
    }

    /// Closes the oldest idle connection of a client; whether it had one.
    fn close_idle(&mut self, client: ClientKey) -> bool {
        let idle_since = |state: &Arc<ConnectionState>| state.idle_since.load(Ordering::Relaxed);
        let states = self.by_client.get(&client).into_iter().flatten();
        let oldest =
            states.filter(|state| idle_since(state) != BUSY).min_by_key(|it| idle_since(it));
        let Some(oldest) = oldest.cloned() else { return false };
        self.close(client, &oldest);
        true
    }

    /// Closes the oldest connection of a client; whether it had one.
    fn close_any(&mut self, client: ClientKey) -> bool {
        let oldest = self.by_client.get(&client).and_then(|states| states.first()).cloned();
        let Some(oldest) = oldest else { return false };
        self.close(client, &oldest);
        true
    }

    fn close(&mut self, client: ClientKey, state: &Arc<ConnectionState>) {
        if let Some(task) = state.task.get() {
            task.abort();
        }
        self.remove(client, state);
    }

    fn remove(&mut self, client: ClientKey, state: &Arc<ConnectionState>) {
        let Some(states) = self.by_client.get_mut(&client) else { return };
        let Some(index) = states.iter().position(|it| Arc::ptr_eq(it, state)) else { return };
        states.remove(index);
        self.count -= 1;
        if states.is_empty() {
            self.by_client.remove(&client);
        }
    }
}

impl OpenConnection {
    /// Function that names the task of the connection, which is aborted when the connection must make room.
    pub(super) fn task_setter(&self) -> impl FnOnce(AbortHandle) + use<> {
        let state = Arc::clone(&self.state);
        move |task| state.task.set(task).expect("the task of a connection is set once")
    }

    /// A request of the connection is running, until the next call of [`idle`](Self::idle).
    pub(super) fn busy(&self) {
        self.state.idle_since.store(BUSY, Ordering::Relaxed);
    }

    /// No request of the connection is running.
    pub(super) fn idle(&self) {
        self.state.idle_since.store(self.connections.tick(), Ordering::Relaxed);
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.connections.open.lock().remove(self.client, &self.state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(connections_max: usize, client_connections_max: usize) -> Arc<Connections> {
        let unlimited_clients = vec!["192.0.2.9".parse().unwrap()];
        Connections::new(ConnectionLimits {
            connections_max,
            client_connections_max,
            unlimited_clients,
        })
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn is_open(connection: &OpenConnection) -> bool {
        let open = connection.connections.open.lock();
        let states = open.by_client.get(&connection.client);
        states.into_iter().flatten().any(|state| Arc::ptr_eq(state, &connection.state))
    }

    #[test]
    fn the_oldest_idle_connection_of_a_client_makes_room_for_its_next() {
        let all = connections(100, 3);
        let own: Vec<_> = (0..3).map(|_| all.admit(address(1)).unwrap()).collect();
        own[0].busy();
        own[1].busy();
        own[1].idle();
        let fourth = all.admit(address(1)).unwrap();
        assert_eq!(own.iter().map(is_open).collect::<Vec<_>>(), [true, true, false]);
        own[1].busy();
        fourth.busy();
        assert!(all.admit(address(1)).is_none(), "all are busy");
        assert!(all.admit(address(2)).is_some(), "another client is not concerned");
        drop(fourth);
        assert!(all.admit(address(1)).is_some());
    }

    #[test]
    fn a_client_without_a_limit_of_its_own_may_fill_the_table() {
        let all = connections(10, 3);
        let own: Vec<_> = (0..10).map(|_| all.admit(address(9)).unwrap()).collect();
        own.iter().for_each(OpenConnection::busy);
        assert!(all.admit(address(9)).is_none());
        assert!(all.admit(address(1)).is_some());
        assert_eq!(own.iter().filter(|it| is_open(it)).count(), 9);
    }

    #[test]
    fn who_holds_the_most_gives_way_even_if_all_it_holds_is_busy() {
        let all = connections(20, 100);
        let flood: Vec<_> = (0..20).map(|_| all.admit(address(1)).unwrap()).collect();
        flood.iter().for_each(OpenConnection::busy);
        let shoppers: Vec<_> = (2..8).map(|last| all.admit(address(last)).unwrap()).collect();
        assert!(shoppers.iter().all(is_open));
        assert!(flood[..6].iter().all(|it| !is_open(it)) && flood[6..].iter().all(is_open));
        assert!(all.admit(address(1)).is_none(), "the flood itself gets no more");
        assert!(shoppers.iter().all(is_open));
        // A table of equals is full: nobody holds more than its share.
        drop((flood, shoppers));
        let equals: Vec<_> = (1..=20).map(|last| all.admit(address(last)).unwrap()).collect();
        equals.iter().for_each(OpenConnection::busy);
        assert!(all.admit(address(30)).is_none());
        equals[4].idle();
        assert!(all.admit(address(30)).is_some());
        assert!(!is_open(&equals[4]));
    }

    #[test]
    fn a_closed_connection_leaves_nothing_behind() {
        let all = connections(2, 1);
        for _ in 0..5 {
            drop(all.admit(address(1)).unwrap());
        }
        let (old, new) = (all.admit(address(1)).unwrap(), all.admit(address(1)).unwrap());
        drop(old);
        assert!(is_open(&new));
        drop(new);
        let open = all.open.lock();
        assert_eq!((open.count, open.by_client.len()), (0, 0));
    }
}
