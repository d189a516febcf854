//! Environment that processes, network and clients share: simulated time, the fault rates in force, and the recorders
//! of what happens (trace, coverage, violations).

use crate::{
    coverage::Coverage,
    plan::FaultRates,
    trace::Trace,
    violation::{Violation, Violations},
};
use parking_lot::Mutex;
use std::fmt;
use tokio::{task::AbortHandle, time::Instant};

/// Spawns a task of the simulation itself, beside those of its processes.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulation outlives its processes, and ends with its runtime"
)]
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
    tokio::spawn(task).abort_handle()
}

/// Simulated time, fault rates and recorders of one run.
#[derive(Debug)]
pub(crate) struct Environment {
    started: Instant,
    fault_rates: Mutex<FaultRates>,
    trace: Mutex<Trace>,
    coverage: Mutex<Coverage>,
    violations: Mutex<Vec<Violation>>,
}

impl Environment {
    /// Environment that begins now, without faults.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            fault_rates: Mutex::default(),
            trace: Mutex::default(),
            coverage: Mutex::default(),
            violations: Mutex::default(),
        }
    }

    /// Moment at which simulated time began.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Simulated milliseconds since the beginning.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Fault rates in force at this moment.
    pub(crate) fn fault_rates(&self) -> FaultRates {
        *self.fault_rates.lock()
    }

    /// Puts other fault rates in force.
    pub(crate) fn set_fault_rates(&self, fault_rates: FaultRates) {
        *self.fault_rates.lock() = fault_rates;
    }

    /// Adds a line to the trace.
    pub(crate) fn trace(&self, what: fmt::Arguments<'_>) {
        self.trace.lock().record(self.now_ms(), what);
    }

    /// Hashes bytes into the fingerprint alone.
    pub(crate) fn fingerprint_bytes(&self, bytes: &[u8]) {
        self.trace.lock().hash(bytes);
    }

    /// Counts a fault or an outcome for coverage.
    pub(crate) fn cover(&self, what: &'static str) {
        self.coverage.lock().record(what);
    }

    /// Records a violated invariant.
    pub(crate) fn report_violation(&self, invariant: &'static str, what: String) {
        self.trace(format_args!("!! {invariant}: {what}"));
        self.violations.lock().push(Violation { invariant, what });
    }

    /// Records all violations of a check, and empties its list.
    pub(crate) fn report_violations(&self, violations: &mut Violations) {
        for Violation { invariant, what } in violations.0.drain(..) {
            self.report_violation(invariant, what);
        }
    }

    /// Violations so far, in order.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.violations.lock().clone()
    }

    /// Trace so far, to print.
    pub(crate) fn trace_lines(&self) -> Vec<String> {
        self.trace.lock().lines()
    }

    /// Fingerprint of the trace so far.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.trace.lock().fingerprint()
    }

    /// Coverage so far.
    pub(crate) fn coverage(&self) -> Coverage {
        self.coverage.lock().clone()
    }
}
