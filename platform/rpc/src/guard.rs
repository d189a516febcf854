//! Guard: the cross-cutting concerns of every call to a provider, typed or over the wire.

use crate::{CallError, Contract};
use futures_util::{FutureExt, future::BoxFuture};
use kernel::{Ids, Problem, codes};
use std::{
    fmt,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use telemetry::{Histogram, LATENCY_BUCKETS, Metrics};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;
use transport::Context;

/// Default concurrency limit: calls of one contract; the next one is refused at once with 503 `overloaded`.
pub const CALLS_MAX: usize = 1024;

/// Dependencies and settings of a guard.
#[derive(Clone, Debug)]
pub struct GuardParts {
    /// Registry of metrics.
    pub metrics: Metrics,
    /// Source of trace and request ids, for calls outside of a request.
    pub ids: Ids,
    /// Maximum number of concurrent calls, such as [`CALLS_MAX`].
    pub calls_max: usize,
}

/// Guard of one provided contract: deadline, concurrency limit, trace context, span, metrics, panic to problem.
///
/// It neither queues nor retries: retries belong to the network transport, and a queue would only hide overload. Metrics
/// are the histograms `rpc_calls_seconds` by service, operation and outcome (`succeeded`, `refused` for 4xx, `failed`).
///
/// ```
/// use kernel::{Ids, ManualClock, SeededRandomness, Timestamp};
/// use rpc::{CallError, Contract, Guard, GuardParts, contract};
/// use std::sync::Arc;
/// use telemetry::Metrics;
///
/// contract! {
///     /// Greetings.
///     pub trait Greeter in "greeter-service" {
///         /// A greeting.
///         idempotent fn greet(name: String) -> String;
///     }
/// }
///
/// #[derive(Debug)]
/// struct Rude;
///
/// #[async_trait::async_trait]
/// impl Greeter for Rude {
///     async fn greet(&self, _: String) -> Result<String, CallError> {
///         panic!("no manners")
///     }
/// }
///
/// let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
/// let ids = Ids::new(clock, Arc::new(SeededRandomness::new(1)));
/// let parts = GuardParts { metrics: Metrics::new(), ids, calls_max: 8 };
/// let guard = Guard::of::<dyn Greeter>(parts);
/// let greeter: Arc<dyn Greeter> = Contract::guarded(Arc::new(Rude), guard);
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let error = greeter.greet("Ada".to_owned()).await.unwrap_err();
/// assert!(matches!(error, CallError::Problem(problem) if problem.status == 500));
/// # });
/// ```
#[derive(Debug)]
pub struct Guard {
    service: &'static str,
    operations: Vec<GuardedOperation>,
    ids: Ids,
    calls_max: usize,
    running: AtomicUsize,
}

#[derive(Debug)]
struct GuardedOperation {
    name: &'static str,
    succeeded: Histogram,
    refused: Histogram,
    failed: Histogram,
}

/// Provider of contract `C` behind its guard.
pub struct Guarded<C: ?Sized> {
    /// The provider.
    pub provider: Arc<C>,
    /// Its guard.
    pub guard: Guard,
}

impl<C: ?Sized + Contract> fmt::Debug for Guarded<C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Guarded").field(&C::SERVICE).finish()
    }
}

impl Guard {
    /// The guard of contract `C`.
    pub fn of<C: ?Sized + Contract>(parts: GuardParts) -> Self {
        let GuardParts { metrics, ids, calls_max } = parts;
        let operation = |operation: &crate::Operation| {
            let seconds = |outcome| {
                let labels =
                    [("service", C::SERVICE), ("operation", operation.name), ("outcome", outcome)];
                metrics.seconds(
                    "rpc_calls",
                    "Time of calls between services",
                    &labels,
                    LATENCY_BUCKETS,
                )
            };
            GuardedOperation {
                name: operation.name,
                succeeded: seconds("succeeded"),
                refused: seconds("refused"),
                failed: seconds("failed"),
            }
        };
        let operations = C::OPERATIONS.iter().map(operation).collect();
        Self { service: C::SERVICE, operations, ids, calls_max, running: AtomicUsize::new(0) }
    }

    /// Runs a call of the operation at this index. What [`crate::contract!`] expands to calls this.
    ///
    /// # Errors
    ///
    /// Those of the call; 504 `deadline_exceeded` if the deadline has passed or passes during the call; 503 `overloaded`
    /// beyond the concurrency limit, without running the call; 500 `internal` if it panics.
    pub async fn call<T>(
        &self,
        operation: usize,
        call: BoxFuture<'_, Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let operation = &self.operations[operation];
        let deadline = Context::current_deadline();
        let began = Instant::now();
        if deadline.is_some_and(|deadline| deadline <= began) {
            return self.finish(operation, began, Err(too_late()));
        }
        let Some(_permit) = CallPermit::acquire(&self.running, self.calls_max) else {
            return self.finish(operation, began, Err(overloaded()));
        };
        // A call outside of a request begins a trace of its own.
        let call = if Context::is_traced() {
            call
        } else {
            Box::pin(Context::current().traced(&self.ids).scope(call))
        };
        let span = tracing::debug_span!("rpc", service = self.service, operation = operation.name);
        let call = AssertUnwindSafe(call).catch_unwind().instrument(span);
        let outcome = match deadline {
            None => call.await,
            Some(deadline) => {
                timeout_at(deadline, call).await.unwrap_or_else(|_| Ok(Err(too_late())))
            }
        };
        // The panic hook has logged the cause, which is not for the caller.
        let result = outcome.unwrap_or_else(|_| Err(Problem::internal().into()));
        self.finish(operation, began, result)
    }

    fn finish<T>(
        &self,
        operation: &GuardedOperation,
        began: Instant,
        result: Result<T, CallError>,
    ) -> Result<T, CallError> {
        let histogram = match &result {
            Ok(_) => &operation.succeeded,
            Err(CallError::Problem(problem)) if problem.status < 500 => &operation.refused,
            Err(error) => {
                let (service, name) = (self.service, operation.name);
                tracing::warn!(target: "access", service, operation = name, %error, "a call failed");
                &operation.failed
            }
        };
        histogram.observe(began.elapsed().as_secs_f64());
        result
    }
}

/// Permit of a running call, released when it is dropped.
#[derive(Debug)]
struct CallPermit<'a>(&'a AtomicUsize);

impl<'a> CallPermit<'a> {
    fn acquire(running: &'a AtomicUsize, calls_max: usize) -> Option<Self> {
        if running.fetch_add(1, Ordering::Relaxed) >= calls_max {
            running.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self(running))
    }
}

impl Drop for CallPermit<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn too_late() -> CallError {
    let title = "no time was left to answer; ask again";
    Problem::of(codes::DEADLINE_EXCEEDED, title).retry_after(1).into()
}

fn overloaded() -> CallError {
    let title = "too many calls are under way; ask again shortly";
    Problem::of(codes::OVERLOADED, title).retry_after(1).into()
}
