//! The way to a service in other processes: deadline, retry, shedding, balancing, breaking.
//!
//! From the outside in: the deadline of the whole call; another attempt for what may be repeated, while the budget
//! lasts; a bounded number of requests under way and waiting; the less loaded of two endpoints; and for each
//! endpoint its breaker, the time of one attempt, and pooled connections. Retry is above the balancer, so that the
//! second attempt goes elsewhere; the breaker is below it, so that an endpoint which fails is walked past.

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
pub use endpoints::{EndpointUpdater, Endpoints};

use crate::{Channel, Context, Request, Response, Transport, TransportError, headers};
use async_trait::async_trait;
use concurrency_limit::ConcurrencyLimit;
use connection::Connections;
use http::Uri;
use kernel::Randomness;
use load_balancer::{Chosen, LoadBalancer};
use metrics::{CallMetrics, Outcome};
use retry_budget::RetryBudget;
use std::sync::Arc;
use storage::durability;
use telemetry::Metrics;
use tokio::time::{Instant, sleep, timeout_at};

/// A way to `service`, which runs at these endpoints: base addresses such as `http://10.0.0.7:8080`.
///
/// Before a request leaves the process, everything is flushed that the running request touched.
pub fn network(
    service: &'static str,
    endpoints: impl Into<Endpoints>,
    policy: CallPolicy,
    randomness: Arc<dyn Randomness>,
    metrics: &Metrics,
) -> Channel {
    let connections = Connections::new(service, &policy);
    let connect = move |base: &Uri| connections.to(base);
    network_over(service, endpoints.into(), policy, randomness, metrics, connect)
}

/// The same over whatever `connect` gives as the connection to an endpoint: a simulated wire, for instance.
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
        admission: ConcurrencyLimit::new(policy.running_requests_max, policy.queue_requests_max),
        balance: LoadBalancer::new(endpoints, &policy, randomness, Box::new(connect)),
        budget: RetryBudget::new(policy.retry_percent, policy.retry_reserve),
        figures: CallMetrics::new(service, metrics),
        policy,
    })
}

struct Network {
    service: &'static str,
    policy: CallPolicy,
    budget: RetryBudget,
    admission: ConcurrencyLimit,
    balance: LoadBalancer,
    figures: CallMetrics,
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
            Ok(answer) => answer,
            Err(_) => Err(self.late()),
        }
    }
}

impl Network {
    /// Attempts until there is an answer, or no further attempt may be made.
    async fn call(
        &self,
        request: &Request,
        context: Context,
        deadline: Instant,
    ) -> Result<Response, TransportError> {
        // Nothing leaves the process that is not for good.
        if !kernel::defects::planted("call_before_flush") {
            durability::wait().await.map_err(|lost| self.unreachable(&lost))?;
        }
        self.budget.deposit();
        let mut tried = Vec::new();
        let mut last = None;
        for attempt in 1..=self.policy.attempts_max {
            if attempt > 1 {
                self.figures.retried.inc();
                if !self.balance.has_other_than(&tried) {
                    sleep(self.policy.retry_pause).await;
                }
            }
            let Some(_admitted) = self.admission.enter().await else {
                self.figures.shed.inc();
                return Err(TransportError::Overloaded { service: self.service });
            };
            let Some(chosen) = self.balance.choose(&tried) else { break };
            tried.push(Arc::clone(chosen.endpoint()));
            let until = deadline.min(Instant::now() + self.policy.attempt_timeout);
            let prepared = prepared(request, &context, until);
            let answer = self.attempt(chosen, prepared, until).await;
            let may_repeat = is_failure(&answer) && is_repeatable(request);
            if !may_repeat || attempt == self.policy.attempts_max || !self.budget.withdraw() {
                return answer;
            }
            last = Some(answer);
        }
        last.unwrap_or_else(|| Err(self.unreachable(&"no endpoint of it is ready")))
    }

    async fn attempt(
        &self,
        chosen: Chosen,
        request: Request,
        until: Instant,
    ) -> Result<Response, TransportError> {
        let began = Instant::now();
        let answer = timeout_at(until, chosen.endpoint().transport().send(request)).await;
        let (outcome, answer) = match answer {
            Ok(answer) if is_failure(&answer) => (Outcome::Failed, answer),
            Ok(answer) => (Outcome::Answered, answer),
            Err(_) => (Outcome::TimedOut, Err(self.late())),
        };
        let took = began.elapsed();
        self.figures.attempted(outcome, took);
        if outcome == Outcome::Answered {
            chosen.answered(took);
        } else if chosen.failed(self.policy.attempt_timeout) {
            self.figures.opened.inc();
        }
        answer
    }

    fn late(&self) -> TransportError {
        TransportError::DeadlineExceeded { service: self.service }
    }

    fn unreachable(&self, reason: &dyn std::fmt::Display) -> TransportError {
        TransportError::Unreachable { service: self.service, reason: reason.to_string() }
    }
}

/// The request as it leaves: with the context in its headers, and the time left for this attempt.
fn prepared(request: &Request, context: &Context, until: Instant) -> Request {
    let mut request = request.clone();
    let context = Context { deadline: Some(until), ..context.clone() };
    context.write_to(request.headers_mut());
    request
}

/// Whether this may be sent again without asking what became of the first one.
pub(crate) fn is_repeatable(request: &Request) -> bool {
    request.method().is_idempotent() || request.headers().contains_key(headers::IDEMPOTENCY_KEY)
}

/// Whether another endpoint might do better. A refusal is an answer; a failure of the server is not.
fn is_failure(answer: &Result<Response, TransportError>) -> bool {
    answer.as_ref().map_or(true, |response| response.status().is_server_error())
}
