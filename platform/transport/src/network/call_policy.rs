//! The limits of calls to one service.

use std::time::Duration;

/// The limits of calls to one service. Every one has a default that suits a service in the next rack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallPolicy {
    /// The longest that a call takes with all its attempts, where its caller has more time.
    pub deadline: Duration,
    /// The longest that one attempt takes.
    pub attempt_timeout: Duration,
    /// The longest that opening a connection takes.
    pub connect_timeout: Duration,
    /// How often one call is attempted, the first attempt included.
    pub attempts_max: u32,
    /// The pause before an attempt that has no other endpoint to go to.
    pub retry_pause: Duration,
    /// How many further attempts a hundred calls may cause. Retries that are not bounded turn a slow service into
    /// a dead one.
    pub retry_percent: u32,
    /// How many further attempts are saved up at most, and are there at the beginning.
    pub retry_reserve: u32,
    /// How many attempts are under way at the same time.
    pub running_requests_max: usize,
    /// How many more wait for their turn; the next one is refused at once.
    pub queue_requests_max: usize,
    /// After how many failures in a row an endpoint is left alone.
    pub breaker_failures: u32,
    /// How long an endpoint is left alone at first; twice as long after each probe that fails.
    pub breaker_pause: Duration,
    /// The longest that an endpoint is left alone.
    pub breaker_pause_max: Duration,
    /// How far back the latency of an endpoint is remembered.
    pub latency_memory: Duration,
    /// How many idle connections are kept to one endpoint.
    pub idle_connections_max: usize,
    /// How long an idle connection is kept; shorter than a listener keeps it, so that none is used that the other
    /// side is closing.
    pub idle_connection_timeout: Duration,
}

impl Default for CallPolicy {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            attempt_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(1),
            attempts_max: 3,
            retry_pause: Duration::from_millis(25),
            retry_percent: 20,
            retry_reserve: 10,
            running_requests_max: 256,
            queue_requests_max: 256,
            breaker_failures: 5,
            breaker_pause: Duration::from_secs(1),
            breaker_pause_max: Duration::from_secs(30),
            latency_memory: Duration::from_secs(10),
            idle_connections_max: 64,
            idle_connection_timeout: Duration::from_secs(15),
        }
    }
}
