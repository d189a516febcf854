//! Network transport: deadline, retries with a budget, concurrency limit, load balancing, circuit breakers.
//!
//! The layers, from the outside in: the deadline of the whole call; retries of idempotent requests within a retry
//! budget; a limit on running and queued attempts; a load balancer that takes the less loaded of two random endpoints
//! (power of two choices, P2C, over peak-EWMA latency); and per endpoint a circuit breaker, an attempt timeout and a
//! connection pool. Retry is above the balancer, so that the next attempt goes to another endpoint; the breaker is below
//! it, so that the balancer passes over an endpoint that fails.

mod call_policy;
mod circuit_breaker;
mod concurrency_limit;
mod connection;
mod endpoints;
mod load_balancer;
mod metrics;
mod peak_ewma;
mod retry_budget;
#[cfg(test)]
mod tests;

pub use call_policy::CallPolicy;
pub use circuit_breaker::{BreakerPermit, CircuitBreaker};
pub use endpoints::{EndpointUpdater, Endpoints};

use crate::{Channel, Context, Idempotent, Request, Response, Transport, TransportError, headers};
use async_trait::async_trait;
use concurrency_limit::ConcurrencyLimit;
use connection::ConnectionPool;
use http::Uri;
use kernel::Randomness;
use load_balancer::{BalancedEndpoint, LoadBalancer, SelectedEndpoint};
use metrics::{AttemptOutcome, CallMetrics};
use retry_budget::RetryBudget;
use std::{sync::Arc, time::Duration};
use storage::durability;
use telemetry::Metrics;
use tls_files::ClientTls;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

/// Network channel to `service` at these endpoints: base URIs such as `http://10.0.0.7:8080`.
///
/// Before a request is sent, it waits until all dependencies of the running durability scope are flushed.
///
/// ```
/// use kernel::SeededRandomness;
/// use std::{sync::Arc, time::Duration};
/// use telemetry::Metrics;
/// use transport::{CallPolicy, Request, TransportError, network};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let policy = CallPolicy { attempts_max: 1, deadline: Duration::from_secs(1), ..CallPolicy::default() };
/// // Nothing listens on this port.
/// let endpoints = vec!["http://127.0.0.1:1".parse().unwrap()];
/// let randomness = Arc::new(SeededRandomness::new(1));
/// let channel = network("letter-service", endpoints, policy, randomness, &Metrics::new());
/// let error = channel.send(Request::default()).await.unwrap_err();
/// assert!(matches!(error, TransportError::NotConnected { service: "letter-service", .. }));
/// # });
/// ```
pub fn network(
    service: &'static str,
    endpoints: impl Into<Endpoints>,
    policy: CallPolicy,
    randomness: Arc<dyn Randomness>,
    metrics: &Metrics,
) -> Channel {
    network_with_tls(service, endpoints, policy, randomness, metrics, None)
}

/// [`network`] whose endpoints may have addresses such as `https://10.0.0.7:8443`, to which calls go with this TLS.
pub fn network_with_tls(
    service: &'static str,
    endpoints: impl Into<Endpoints>,
    policy: CallPolicy,
    randomness: Arc<dyn Randomness>,
    metrics: &Metrics,
    tls: Option<ClientTls>,
) -> Channel {
    let pool = ConnectionPool::new(service, &policy, tls);
    let connect = move |base: &Uri| pool.to(base);
    network_over(service, endpoints.into(), policy, randomness, metrics, connect)
}

/// [`network`] over the channels that `connect` returns for each endpoint, such as a simulated network.
pub fn network_over(
    service: &'static str,
    endpoints: Endpoints,
    policy: CallPolicy,
    randomness: Arc<dyn Randomness>,
    metrics: &Metrics,
    connect: impl Fn(&Uri) -> Channel + Send + Sync + 'static,
) -> Channel {
    Channel::new(Network {
        service,
        limit: ConcurrencyLimit::new(policy.running_requests_max, policy.queue_requests_max),
        balancer: LoadBalancer::new(endpoints, &policy, randomness, Box::new(connect)),
        budget: RetryBudget::new(policy.retry_percent, policy.retry_reserve),
        metrics: CallMetrics::new(service, metrics),
        policy,
    })
}

/// Between two looks of an attempt whether its endpoint was replaced.
const REPLACED_POLL: Duration = Duration::from_millis(500);

struct Network {
    service: &'static str,
    policy: CallPolicy,
    budget: RetryBudget,
    limit: ConcurrencyLimit,
    balancer: LoadBalancer,
    metrics: CallMetrics,
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let context = Context::current();
        let own = Instant::now() + self.policy.deadline;
        let deadline = context.deadline.map_or(own, |callers| callers.min(own));
        if deadline <= Instant::now() {
            return Err(self.late());
        }
        match timeout_at(deadline, self.call(&request, context, deadline)).await {
            Ok(response) => response,
            Err(_) => Err(self.late()),
        }
    }
}

impl Network {
    /// Sends the request, with retries as far as policy and budget allow.
    async fn call(
        &self,
        request: &Request,
        context: Context,
        deadline: Instant,
    ) -> Result<Response, TransportError> {
        // Nothing that could still be lost may leave the process.
        if !kernel::defects::planted("call_before_flush") {
            durability::wait().await.map_err(|lost| self.unreachable(&lost))?;
        }
        self.budget.deposit();
        let (mut tried, mut attempts) = (Vec::new(), 0);
        let mut last = None;
        loop {
            let Some(_permit) = self.limit.acquire().await else {
                self.metrics.shed.inc();
                return Err(TransportError::Overloaded { service: self.service });
            };
            let Some(selected) = self.balancer.select(&tried) else {
                return last
                    .unwrap_or_else(|| Err(self.unreachable(&"no endpoint of it is ready")));
            };
            tried.push(Arc::clone(selected.endpoint()));
            let until = deadline.min(Instant::now() + self.policy.attempt_timeout);
            let outgoing = outgoing(request, &context, until);
            let result = self.attempt(selected, outgoing, until).await;
            let outcome = AttemptOutcome::of(&result);
            let has_other = self.balancer.has_other_than(&tried);
            // Looking for the owner is no attempt: who stands by has done nothing.
            if outcome != AttemptOutcome::Standby || !has_other {
                attempts += 1;
                let may_retry = match outcome {
                    AttemptOutcome::Answered => false,
                    // Nothing was done, or sent.
                    AttemptOutcome::Standby => true,
                    _ if was_not_sent(&result) => has_other || is_repeatable(request),
                    _ => is_repeatable(request),
                };
                let is_last = attempts >= self.policy.attempts_max;
                if !may_retry || is_last || !self.budget.withdraw() {
                    return result.map(without_standby_mark);
                }
                self.metrics.retried.inc();
                if !has_other {
                    sleep(self.policy.retry_pause).await;
                }
            }
            last = Some(result.map(without_standby_mark));
        }
    }

    async fn attempt(
        &self,
        selected: SelectedEndpoint,
        request: Request,
        until: Instant,
    ) -> Result<Response, TransportError> {
        let began = Instant::now();
        let result = {
            let sent = selected.endpoint().transport().send(request);
            tokio::select! {
                biased;
                result = sent => Some(result),
                () = sleep_until(until) => None,
                () = self.replaced(selected.endpoint()) => None,
            }
        };
        let (outcome, result) = match result {
            Some(result) => (AttemptOutcome::of(&result), result),
            None => (AttemptOutcome::TimedOut, Err(self.late())),
        };
        let took = began.elapsed();
        self.metrics.attempted(outcome, took);
        // What did not succeed counts as slow: otherwise an endpoint that fails fast would look like the least loaded one.
        let slow = self.policy.attempt_timeout;
        match outcome {
            AttemptOutcome::Answered => selected.record_success(took),
            AttemptOutcome::Busy => selected.record_success(slow),
            AttemptOutcome::Standby => selected.record_standby(),
            AttemptOutcome::Failed | AttemptOutcome::TimedOut => {
                if selected.record_failure(slow) {
                    self.metrics.opened.inc();
                }
            }
        }
        result
    }

    /// Completes when an endpoint has said nothing for a while, and another one answers in its place.
    async fn replaced(&self, endpoint: &Arc<BalancedEndpoint>) {
        loop {
            sleep(REPLACED_POLL).await;
            if self.balancer.is_replaced(endpoint) {
                return;
            }
        }
    }

    fn late(&self) -> TransportError {
        TransportError::DeadlineExceeded { service: self.service }
    }

    fn unreachable(&self, reason: &dyn std::fmt::Display) -> TransportError {
        TransportError::Unreachable { service: self.service, reason: reason.to_string() }
    }
}

/// The outgoing request: with the context in its headers, whose deadline is that of this attempt.
fn outgoing(request: &Request, context: &Context, until: Instant) -> Request {
    let mut request = request.clone();
    let context = Context { deadline: Some(until), ..context.clone() };
    context.write_to(request.headers_mut());
    request
}

/// Whether an attempt ended before anything was sent.
fn was_not_sent(result: &Result<Response, TransportError>) -> bool {
    matches!(result, Err(TransportError::NotConnected { .. }))
}

/// The response for the caller, whose own callers it says nothing about.
fn without_standby_mark(mut response: Response) -> Response {
    response.headers_mut().remove(headers::STANDBY);
    response
}

/// Whether a request may be retried without knowing what became of the first attempt.
pub(crate) fn is_repeatable(request: &Request) -> bool {
    request.method().is_idempotent()
        || request.extensions().get::<Idempotent>().is_some()
        || request.headers().contains_key(headers::IDEMPOTENCY_KEY)
}
