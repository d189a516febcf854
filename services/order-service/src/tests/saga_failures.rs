//! Failure matrix of the service's sagas.

use super::test_world::{CART, ORDER, TOTAL, TestWorld, checkout, sku};
use crate::{
    application::{
        cancellation_saga::{CancellationInput, cancellation_saga},
        checkout_input::{
            CapturePolicy, CheckoutInput, cancellation_id, checkout_id, fulfilment_id, hold_id,
            payment_id,
        },
        checkout_saga::checkout_saga,
        fulfilment_saga::{FulfilmentInput, fulfilment_saga},
        orders::stream_name,
        receipt_saga::{ReceiptInput, receipt_saga},
        refund_saga::{RefundInput, refund_saga},
        saga_dependencies::SagaDependencies,
    },
    domain::{
        events::{OrderStatus, RefundScope},
        order::Order,
        order_state::OrderState,
        refund::RefundState,
    },
};
use async_trait::async_trait;
use identifiers::RefundId;
use journal::{Aggregate, Journal};
use kernel::{Currency, Ids, Money, Uuid};
use saga::{Saga, SagaState, failure_matrix};
use std::{sync::Arc, time::Duration};

impl failure_matrix::TestEnvironment for TestWorld {
    fn journal(&self) -> Arc<dyn Journal> {
        self.storage().journal
    }

    fn ids(&self) -> Ids {
        Self::ids(self)
    }
}

/// Dependencies of a process that runs sagas of the failure matrix.
async fn dependencies(
    world: &TestWorld,
    journal: Arc<dyn Journal>,
    points: &Arc<failure_matrix::CrashPoints>,
) -> SagaDependencies {
    let spawn: saga::Spawn = Arc::new(|_| panic!("the failure matrix spawns"));
    world.dependencies(journal, points, spawn).saga_dependencies().await.unwrap()
}

/// Order as it is folded from the journal.
async fn order(world: &TestWorld) -> Option<Order> {
    let events = world.storage().journal.read(&stream_name(ORDER), 0, 100).await.unwrap();
    events
        .iter()
        .fold(None, |order, recorded| Some(Order::evolve(order, &Order::decode(recorded).unwrap())))
}

/// World in which the order was placed and paid for.
async fn sold() -> TestWorld {
    confirmed(TestWorld::new()).await
}

/// This world after the order was placed.
async fn confirmed(world: TestWorld) -> TestWorld {
    let process = world.start().await;
    let found = process.use_cases.place.execute(checkout(&world, "success")).await.unwrap();
    assert_eq!(found.order.status(), OrderStatus::Confirmed);
    process.kill();
    world
}

/// Checkout with this token, stock and policy.
struct CheckoutSubject {
    token: &'static str,
    sold_out: bool,
    capture: CapturePolicy,
}

impl CheckoutSubject {
    fn paid_with(token: &'static str) -> Self {
        Self { token, sold_out: false, capture: CapturePolicy::AtConfirmation }
    }
}

#[async_trait]
impl failure_matrix::SagaUnderTest for CheckoutSubject {
    type Input = CheckoutInput;
    type Environment = TestWorld;

    async fn environment(&self) -> TestWorld {
        let world = TestWorld { capture: self.capture, ..TestWorld::new() };
        if self.sold_out {
            world.stock.lock().sell_out();
        }
        world
    }

    async fn saga(
        &self,
        world: &TestWorld,
        journal: Arc<dyn Journal>,
        points: &Arc<failure_matrix::CrashPoints>,
    ) -> Saga<CheckoutInput> {
        checkout_saga(
            &dependencies(world, journal, points).await,
            Duration::from_hours(1),
            Duration::from_mins(15),
        )
    }

    fn input(&self) -> (Uuid, CheckoutInput) {
        let world = TestWorld { capture: self.capture, ..TestWorld::new() };
        (checkout_id(ORDER).into(), checkout(&world, self.token))
    }

    async fn verify(&self, world: &TestWorld, end: SagaState) -> Result<(), String> {
        let order = order(world).await;
        if end == SagaState::Done {
            let order = order.ok_or("there is no order")?;
            let (captured, right) = match self.capture {
                CapturePolicy::AtConfirmation => (TOTAL, world.is_sold(ORDER)),
                CapturePolicy::AtFulfilment => (0, world.is_authorised(ORDER)),
            };
            if order.status() != OrderStatus::Confirmed || order.captured.amount != captured {
                return Err(format!("the order is {order:?}"));
            }
            return right;
        }
        if order.as_ref().is_some_and(|order| order.status() != OrderStatus::Cancelled) {
            return Err(format!("the order is {order:?}"));
        }
        if self.sold_out {
            return world.carts.lock().is_open(CART);
        }
        world.is_clean()
    }
}

#[tokio::test(start_paused = true)]
async fn a_checkout_ends_sold_or_clean_after_any_failure() {
    let runs = failure_matrix::prove(&CheckoutSubject::paid_with("success")).await;
    assert!(runs > 1_000, "only {runs} runs");
}

#[tokio::test(start_paused = true)]
async fn a_checkout_that_waits_for_the_bank_ends_sold_or_clean() {
    failure_matrix::prove(&CheckoutSubject::paid_with("slow")).await;
}

#[tokio::test(start_paused = true)]
async fn a_declined_checkout_leaves_nothing_behind() {
    failure_matrix::prove(&CheckoutSubject::paid_with("decline")).await;
}

#[tokio::test(start_paused = true)]
async fn a_checkout_that_only_authorises_ends_authorised_or_clean() {
    let capture = CapturePolicy::AtFulfilment;
    failure_matrix::prove(&CheckoutSubject { capture, ..CheckoutSubject::paid_with("success") })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_checkout_without_stock_never_authorises_a_payment() {
    let subject = CheckoutSubject { sold_out: true, ..CheckoutSubject::paid_with("success") };
    failure_matrix::prove(&subject).await;
}

/// Cancellation of an order that was confirmed under this policy.
struct CancellationSubject(CapturePolicy);

#[async_trait]
impl failure_matrix::SagaUnderTest for CancellationSubject {
    type Input = CancellationInput;
    type Environment = TestWorld;

    async fn environment(&self) -> TestWorld {
        confirmed(TestWorld { capture: self.0, ..TestWorld::new() }).await
    }

    async fn saga(
        &self,
        world: &TestWorld,
        journal: Arc<dyn Journal>,
        points: &Arc<failure_matrix::CrashPoints>,
    ) -> Saga<CancellationInput> {
        cancellation_saga(&dependencies(world, journal, points).await)
    }

    fn input(&self) -> (Uuid, CancellationInput) {
        let input = CancellationInput {
            order_id: ORDER,
            hold_id: hold_id(ORDER),
            payment_id: Some(payment_id(ORDER)),
            reason: Some("changed my mind".to_owned()),
        };
        (cancellation_id(ORDER).into(), input)
    }

    fn refuses_cleanly(&self, step: &str) -> bool {
        step == "request"
    }

    async fn verify(&self, world: &TestWorld, end: SagaState) -> Result<(), String> {
        let order = order(world).await.ok_or("there is no order")?;
        if end == SagaState::Undone {
            return match order.state {
                OrderState::Confirmed => match self.0 {
                    CapturePolicy::AtConfirmation => world.is_sold(ORDER),
                    CapturePolicy::AtFulfilment => world.is_authorised(ORDER),
                },
                _ => Err(format!("the order is {order:?}")),
            };
        }
        let refunded = match self.0 {
            CapturePolicy::AtConfirmation => TOTAL,
            CapturePolicy::AtFulfilment => 0,
        };
        if order.status() != OrderStatus::Cancelled || order.refunded() != refunded {
            return Err(format!("the order is {order:?}"));
        }
        world.stock.lock().has_units(10, 0)?;
        world.payments.lock().owes_nothing()
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_refunds_and_restocks_once() {
    failure_matrix::prove(&CancellationSubject(CapturePolicy::AtConfirmation)).await;
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_before_the_shipment_voids_the_payment() {
    failure_matrix::prove(&CancellationSubject(CapturePolicy::AtFulfilment)).await;
}

/// Fulfilment of an order whose payment is authorised.
struct FulfilmentSubject;

#[async_trait]
impl failure_matrix::SagaUnderTest for FulfilmentSubject {
    type Input = FulfilmentInput;
    type Environment = TestWorld;

    async fn environment(&self) -> TestWorld {
        confirmed(TestWorld::capturing_at_fulfilment()).await
    }

    async fn saga(
        &self,
        world: &TestWorld,
        journal: Arc<dyn Journal>,
        points: &Arc<failure_matrix::CrashPoints>,
    ) -> Saga<FulfilmentInput> {
        fulfilment_saga(&dependencies(world, journal, points).await)
    }

    fn input(&self) -> (Uuid, FulfilmentInput) {
        let input = FulfilmentInput { order_id: ORDER, payment_id: payment_id(ORDER) };
        (fulfilment_id(ORDER, 0).into(), input)
    }

    fn refuses_cleanly(&self, step: &str) -> bool {
        step == "request" || step == "capture"
    }

    async fn verify(&self, world: &TestWorld, end: SagaState) -> Result<(), String> {
        let order = order(world).await.ok_or("there is no order")?;
        if end == SagaState::Undone {
            return match order.state {
                OrderState::Confirmed => world.is_authorised(ORDER),
                _ => Err(format!("the order is {order:?}")),
            };
        }
        if order.status() != OrderStatus::Completed || order.captured.amount != TOTAL {
            return Err(format!("the order is {order:?}"));
        }
        world.is_sold(ORDER)
    }
}

#[tokio::test(start_paused = true)]
async fn a_fulfilment_captures_once_or_ships_nothing() {
    failure_matrix::prove(&FulfilmentSubject).await;
}

/// Refund of one unit.
struct RefundSubject;

/// Price of one of the two mugs.
const REFUND: i64 = 1_800;

#[async_trait]
impl failure_matrix::SagaUnderTest for RefundSubject {
    type Input = RefundInput;
    type Environment = TestWorld;

    async fn environment(&self) -> TestWorld {
        sold().await
    }

    async fn saga(
        &self,
        world: &TestWorld,
        journal: Arc<dyn Journal>,
        points: &Arc<failure_matrix::CrashPoints>,
    ) -> Saga<RefundInput> {
        refund_saga(&dependencies(world, journal, points).await)
    }

    fn input(&self) -> (Uuid, RefundInput) {
        let refund_id = RefundId(Uuid::from_u128(0xf00d));
        let input = RefundInput {
            order_id: ORDER,
            refund_id,
            hold_id: hold_id(ORDER),
            payment_id: payment_id(ORDER),
            what: RefundScope::Units(vec![(sku("MUG"), 1)]),
            restock: true,
            reason: "broken".to_owned(),
            reference: None,
        };
        (refund_id.into(), input)
    }

    fn refuses_cleanly(&self, step: &str) -> bool {
        step == "pay_back"
    }

    async fn verify(&self, world: &TestWorld, end: SagaState) -> Result<(), String> {
        let order = order(world).await.ok_or("there is no order")?;
        let done = order.refunds.iter().filter(|record| record.state == RefundState::Done);
        let done: Vec<i64> = done.map(|record| record.refund.amount.amount).collect();
        let reserved = order.refunds.iter().any(|record| record.state == RefundState::Reserved);
        let (expected, mugs) = match end {
            SagaState::Done => (vec![REFUND], 9),
            _ => (vec![], 8),
        };
        if reserved
            || done != expected
            || world.payments.lock().refunded() != expected.iter().sum::<i64>()
        {
            return Err(format!("the refunds are {:?}", order.refunds));
        }
        let left = TOTAL - expected.iter().sum::<i64>();
        if order.refundable() != Money::new(left, Currency::EUR) {
            return Err(format!("{} are left", order.refundable()));
        }
        world.stock.lock().has_units(mugs, 0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_refund_is_paid_once_or_not_at_all() {
    failure_matrix::prove(&RefundSubject).await;
}

/// Receipt of part of an invoice.
struct ReceiptSubject;

#[async_trait]
impl failure_matrix::SagaUnderTest for ReceiptSubject {
    type Input = ReceiptInput;
    type Environment = TestWorld;

    async fn environment(&self) -> TestWorld {
        let world = TestWorld::new();
        let process = world.start().await;
        let mut input = checkout(&world, "");
        input.payment_method = "invoice".to_owned();
        let found = process.use_cases.place.execute(input).await.unwrap();
        assert_eq!(found.order.status(), OrderStatus::Confirmed);
        process.kill();
        world
    }

    async fn saga(
        &self,
        world: &TestWorld,
        journal: Arc<dyn Journal>,
        points: &Arc<failure_matrix::CrashPoints>,
    ) -> Saga<ReceiptInput> {
        receipt_saga(&dependencies(world, journal, points).await)
    }

    fn input(&self) -> (Uuid, ReceiptInput) {
        let operation = Uuid::from_u128(0x7e1);
        let amount = Money::new(500, Currency::EUR);
        let (payment_id, reference) = (payment_id(ORDER), "statement 7".to_owned());
        (operation, ReceiptInput { order_id: ORDER, payment_id, operation, amount, reference })
    }

    fn refuses_cleanly(&self, step: &str) -> bool {
        step == "take"
    }

    async fn verify(&self, world: &TestWorld, end: SagaState) -> Result<(), String> {
        let order = order(world).await.ok_or("there is no order")?;
        let expected = if end == SagaState::Done { 500 } else { 0 };
        if order.captured.amount != expected || order.authorised.amount != TOTAL - expected {
            return Err(format!("the order is {order:?}"));
        }
        world.payments.lock().received(expected)
    }
}

#[tokio::test(start_paused = true)]
async fn a_receipt_is_taken_once_or_not_at_all() {
    failure_matrix::prove(&ReceiptSubject).await;
}
