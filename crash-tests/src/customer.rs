//! Customer of the workload: executes random operations and keeps a model of everything the shop acknowledged.
//!
//! A customer has at most one request in flight. The expected state is therefore known exactly, except for at most one
//! request in doubt: that one was applied as a whole or not at all, and a retry under its idempotency key takes effect
//! once.

mod acknowledgement;
mod generator;
mod model;
mod read_back;
mod settlement;

use crate::{
    client::{EdgeClient, Response},
    counters::Counters,
    operation::Operation,
    outage::Outage,
    storage_fault::StorageFault,
    violation::{CheckResult, Violation, ensure},
};
use model::{AcknowledgedRequest, ExpectedCart, ExpectedOrder, Invocation};
pub(crate) use model::{SettledOrder, StockReceipt, Unfollowed};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// Delay before the retry of a request.
const RETRY_DELAY: Duration = Duration::from_millis(10);
/// Attempts to resolve a request in doubt.
const ATTEMPTS_MAX: usize = 3_000;

/// A shopper, and at times an operator.
#[derive(Debug)]
pub(crate) struct Customer {
    name: String,
    random: StdRng,
    /// Number of unique names given out.
    names: u64,
    cart: Option<ExpectedCart>,
    orders: Vec<ExpectedOrder>,
    receipts: Vec<StockReceipt>,
    in_doubt: Option<Invocation>,
    /// The last response that asked for a retry.
    last_retryable: Option<Response>,
    /// Requests acknowledged since the last read-back.
    acknowledged: Vec<AcknowledgedRequest>,
    /// E-mail addresses of rejected checkouts.
    rejected: HashSet<String>,
    settled: Vec<SettledOrder>,
    /// Settled orders and receipts that the followers were asked for.
    pub(crate) followed: (usize, usize),
    counters: Counters,
    storage_fault: StorageFault,
    outage: Arc<Outage>,
}

/// SKUs on sale: those with plenty of stock, and those that sell out.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    pub(crate) plentiful: Vec<String>,
    pub(crate) scarce: Vec<String>,
}

impl Customer {
    pub(crate) fn new(
        (run, number): (&str, u64),
        seed: u64,
        storage_fault: StorageFault,
        outage: Arc<Outage>,
    ) -> Self {
        let stream = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number);
        Self {
            name: format!("{run}-{number}"),
            random: StdRng::seed_from_u64(stream),
            names: 0,
            cart: None,
            orders: Vec::new(),
            receipts: Vec::new(),
            in_doubt: None,
            last_retryable: None,
            acknowledged: Vec::new(),
            rejected: HashSet::new(),
            settled: Vec::new(),
            followed: (0, 0),
            counters: Counters::default(),
            storage_fault,
            outage,
        }
    }

    /// Executes one operation after another until the shop no longer answers or `stop` is set.
    pub(crate) async fn run(
        &mut self,
        client: &EdgeClient,
        catalogue: &Catalogue,
        stop: &AtomicBool,
    ) -> CheckResult {
        while !stop.load(Relaxed) {
            let invocation = if let Some(invocation) = self.in_doubt.take() {
                invocation
            } else {
                let operation = self.next_operation(catalogue);
                self.invoke(operation)
            };
            if !self.execute(client, invocation).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Retries the request in doubt until it has a final response.
    async fn resolve_in_doubt(&mut self, client: &EdgeClient) -> CheckResult {
        for _ in 0..ATTEMPTS_MAX {
            let Some(invocation) = self.in_doubt.take() else { return Ok(()) };
            self.execute(client, invocation).await?;
        }
        let Self { in_doubt, last_retryable, .. } = self;
        Err(Violation::new(format!(
            "no final response to {in_doubt:?}; the last response was {last_retryable:?}"
        )))
    }

    /// Sends a request and records the response. Returns `false` when no response came.
    async fn execute(&mut self, client: &EdgeClient, invocation: Invocation) -> CheckResult<bool> {
        let outage = self.outage.present();
        let Some(response) = client.send(&invocation.request).await else {
            self.counters.unanswered += 1;
            self.in_doubt = Some(invocation);
            return Ok(false);
        };
        if response.is_retryable() || self.storage_fault.tolerates(&response) {
            check_says_when(&invocation, &response, self.storage_fault)?;
            self.counters.retry_later += 1;
            self.counters.storage_full += u64::from(response.code() == "storage_full");
            self.in_doubt = Some(invocation);
            self.last_retryable = Some(response);
            tokio::time::sleep(RETRY_DELAY).await;
            return Ok(true);
        }
        self.counters.acknowledged += 1;
        let recorded = if response.is_success() {
            self.record_success(&invocation.operation, &response)
        } else {
            self.record_rejection(&invocation.operation, &response)
        };
        recorded.map_err(|violation| violation.context(format_args!("{invocation:?}")))?;
        if invocation.operation.is_order() && response.json["status"] == "confirmed" {
            self.outage.confirmed(outage);
        }
        let Response { status, bytes, .. } = response;
        let request = invocation.request;
        self.acknowledged.push(AcknowledgedRequest { request, status, bytes });
        Ok(true)
    }

    fn record_rejection(&mut self, operation: &Operation, response: &Response) -> CheckResult {
        let is_final = (400..500).contains(&response.status) || response.is_refusal_for_good();
        let has_ended = self.storage_fault == StorageFault::ClocksJump
            && response.code() == "payment_ended"
            && self.forget_payment_action(operation);
        let is_expected = operation.expected_rejections().contains(&response.code());
        ensure(is_final && (is_expected || has_ended), || {
            format!("unexpected response {} {}", response.status, response.json)
        })?;
        self.counters.rejected += 1;
        if let Operation::Checkout { email, .. } | Operation::PlaceOrder { email, .. } = operation {
            self.rejected.insert(email.clone());
        }
        if response.code() == "out_of_stock" {
            self.cart = None;
        }
        if let (Operation::RemoveLine { .. }, Some(cart)) = (operation, &mut self.cart) {
            cart.lines = operation.apply_to(&cart.lines);
        }
        Ok(())
    }

    /// Forgets the payment that was to be approved or declined, if the operation is that, because its time is over.
    fn forget_payment_action(&mut self, operation: &Operation) -> bool {
        let Operation::ResolvePaymentAction { order: id, .. } = operation else { return false };
        let order = self.orders.iter_mut().find(|order| order.id == *id);
        order.map(|order| order.payment_action = None).is_some()
    }

    /// The request for an operation, under a new idempotency key.
    fn invoke(&mut self, operation: Operation) -> Invocation {
        let key = self.unique_name("key");
        Invocation { request: operation.to_request(key), operation }
    }

    /// A name that no customer of the run has used before.
    fn unique_name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}-{}-{}", self.name, self.names)
    }

    fn choose<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.random.random_range(0..items.len())]
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn receipts(&self) -> &[StockReceipt] {
        &self.receipts
    }

    pub(crate) fn settled(&self) -> &[SettledOrder] {
        &self.settled
    }

    /// E-mail addresses of rejected checkouts.
    pub(crate) fn rejected(&self) -> &HashSet<String> {
        &self.rejected
    }
}

/// Checks that a 503 for the moment says when to ask again.
fn check_says_when(
    invocation: &Invocation,
    response: &Response,
    storage_fault: StorageFault,
) -> CheckResult {
    let says = response.status != 503 || response.has_retry_after();
    ensure(says || storage_fault == StorageFault::DiskLost, || {
        let (request, Response { status, json, .. }) = (&invocation.request, response);
        format!("{request:?} was answered with {status} without Retry-After: {json}")
    })
}
