//! Call policy: timeouts, retries, limits and circuit breaking of calls to one service.

use std::time::Duration;

/// Call policy of a service: timeouts, retries, limits and circuit breaking. The defaults suit services of one data
/// centre.
///
/// ```
/// use std::time::Duration;
/// use transport::CallPolicy;
///
/// let patient = CallPolicy { attempt_timeout: Duration::from_secs(25), ..CallPolicy::default() };
/// assert_eq!((patient.attempts_max, patient.retry_percent), (3, 20));
/// assert!(patient.attempt_timeout < patient.deadline);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallPolicy {
    /// Maximum duration of a call with all its attempts; the caller's own deadline applies if it is earlier. Default:
    /// 30 s.
    pub deadline: Duration,
    /// Maximum duration of one attempt. Default: 10 s.
    pub attempt_timeout: Duration,
    /// Maximum duration of opening a TCP connection. Default: 1 s.
    pub connect_timeout: Duration,
    /// Maximum number of attempts of one call, the first one included. Default: 3.
    pub attempts_max: u32,
    /// Pause before a retry that can only go to an endpoint that was tried already. Default: 25 ms.
    pub retry_pause: Duration,
    /// Retry budget: retries per hundred calls. Unbounded retries turn a slow service into a dead one. Default: 20.
    pub retry_percent: u32,
    /// Retry budget: the largest number of retries that can accumulate, which is also the initial number. Default: 10.
    pub retry_reserve: u32,
    /// Maximum number of concurrent attempts. Default: 256.
    pub running_requests_max: usize,
    /// Maximum number of queued attempts; beyond it calls fail at once with [`Overloaded`]. Default: 256.
    ///
    /// [`Overloaded`]: crate::TransportError::Overloaded
    pub queue_requests_max: usize,
    /// Circuit breaker: consecutive failures after which it opens. Default: 5.
    pub breaker_failures: u32,
    /// Circuit breaker: how long it stays open at first; doubles after each failed probe. Default: 1 s.
    pub breaker_pause: Duration,
    /// Circuit breaker: the longest time that it stays open. Default: 30 s.
    pub breaker_pause_max: Duration,
    /// Load balancer: time constant of the decaying average of an endpoint's latency. Default: 10 s.
    pub latency_memory: Duration,
    /// Connection pool: maximum number of idle connections per endpoint. Default: 64.
    pub idle_connections_max: usize,
    /// Connection pool: how long an idle connection is kept. Shorter than a listener keeps it, so that no request is sent
    /// on a connection that the other side is closing. Default: 15 s.
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
