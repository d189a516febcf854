//! Adapters of the ports over the contracts of other services: what is asked, and what an answer means.

use super::test_world::{CART, ORDER, address, sku};
use crate::{
    adapters::{carts::CartService, payments::PaymentService, stock::InventoryService},
    application::checkout_input::{hold_id, payment_id},
    ports::{
        PortError,
        carts::{Carts as _, Delivery},
        payments::{AuthorisationRequest, AuthorisationStatus, Payments as _},
        stock::Stock as _,
    },
};
use async_trait::async_trait;
use contracts::{
    cart::{Carts, Quote, QuoteRequest},
    codes,
    inventory::{
        Hold, HoldStatus, Inventory, NewHold, Restock, Stock, StockCounts, StockList,
        UNTRACKED_AVAILABLE,
    },
    payment::{Authorisation, Capture, OfferedMethods, Payment, PaymentState, Payments, Refund},
};
use identifiers::{CartId, HoldId, OrderId, PaymentId, RefundId, Sku};
use kernel::{Code, Currency, Money, Problem, Timestamp, Uuid, codes as general};
use parking_lot::Mutex;
use rpc::CallError;
use std::{sync::Arc, time::Duration};

/// Neighbour that gives every call the same answer and remembers the calls.
#[derive(Debug, Default)]
struct Neighbour {
    refusal: Option<Problem>,
    state: Mutex<Option<PaymentState>>,
    calls: Mutex<Vec<String>>,
}

impl Neighbour {
    fn refusing(status: u16, code: Code) -> Arc<Self> {
        let refusal = Some(Problem::new(status, code, "no"));
        Arc::new(Self { refusal, ..Self::default() })
    }

    fn answer<T>(&self, call: String, answer: T) -> Result<T, CallError> {
        self.calls.lock().push(call);
        self.refusal.clone().map_or(Ok(answer), |problem| Err(problem.into()))
    }

    fn payment(&self, call: String, id: PaymentId) -> Result<Payment, CallError> {
        let euro = Money::new(500, Currency::EUR);
        self.answer(
            call,
            Payment {
                id,
                order_id: ORDER,
                method: "test".to_owned(),
                state: self.state.lock().unwrap_or(PaymentState::Authorised),
                amount: euro,
                authorised: euro,
                captured: euro,
                refunded: euro,
                failure: None,
                action_url: Some("/act".to_owned()),
                refunds: vec![],
            },
        )
    }
}

#[async_trait]
impl Payments for Neighbour {
    async fn methods(&self) -> Result<OfferedMethods, CallError> {
        unreachable!("no method is asked for")
    }

    async fn authorise(&self, id: PaymentId, new: Authorisation) -> Result<Payment, CallError> {
        self.payment(format!("authorise {} for {}", new.amount, new.order_id), id)
    }

    async fn capture(
        &self,
        id: PaymentId,
        reference: String,
        _: Capture,
    ) -> Result<Payment, CallError> {
        self.payment(format!("capture {reference}"), id)
    }

    async fn cancel(&self, _: PaymentId, order_id: OrderId) -> Result<(), CallError> {
        self.answer(format!("cancel for {order_id}"), ())
    }

    async fn refund(
        &self,
        id: PaymentId,
        refund_id: RefundId,
        refund: Refund,
    ) -> Result<Payment, CallError> {
        self.payment(format!("refund {refund_id} {:?}", refund.amount), id)
    }
}

#[async_trait]
impl Inventory for Neighbour {
    /// Five units of each SKU; one that ends in `untracked` has no limit besides.
    async fn stock(&self, skus: Vec<Sku>) -> Result<StockList, CallError> {
        let stock = |sku: Sku| {
            let untracked = sku.as_str().ends_with("untracked");
            let available = if untracked { UNTRACKED_AVAILABLE } else { 5 };
            let locations = Vec::new();
            Stock { sku, on_hand: 5, held: 0, available, untracked, shortage: 0, locations }
        };
        Ok(StockList { items: skus.into_iter().map(stock).collect() })
    }

    async fn count(&self, _: StockCounts) -> Result<StockList, CallError> {
        unreachable!("orders count nothing")
    }

    async fn hold(&self, id: HoldId, new: NewHold) -> Result<Hold, CallError> {
        let NewHold { order_id, lines, expires_in_seconds } = new;
        let call = format!("hold {} for {order_id}, {expires_in_seconds} s", lines.len());
        let (status, expires_at) = (HoldStatus::Held, Timestamp::UNIX_EPOCH);
        self.answer(call, Hold { id, status, expires_at })
    }

    async fn commit(&self, id: HoldId) -> Result<Hold, CallError> {
        let (status, expires_at) = (HoldStatus::Committed, Timestamp::UNIX_EPOCH);
        self.answer("commit".to_owned(), Hold { id, status, expires_at })
    }

    async fn release(&self, _: HoldId) -> Result<(), CallError> {
        self.answer("release".to_owned(), ())
    }

    async fn restock(&self, _: HoldId, reference: String, _: Restock) -> Result<(), CallError> {
        self.answer(format!("restock {reference}"), ())
    }
}

#[async_trait]
impl Carts for Neighbour {
    async fn quote(&self, _: QuoteRequest) -> Result<Quote, CallError> {
        unreachable!("refused before")
    }

    async fn begin_checkout(
        &self,
        _: CartId,
        _: OrderId,
        request: QuoteRequest,
    ) -> Result<Quote, CallError> {
        let refusal = self.refusal.clone().expect("this neighbour has no quote");
        self.calls.lock().push(request.destination.country);
        Err(refusal.into())
    }

    async fn ordered(&self, _: CartId, _: OrderId) -> Result<(), CallError> {
        self.answer("ordered".to_owned(), ())
    }

    async fn reopen(&self, _: CartId, _: OrderId) -> Result<(), CallError> {
        self.answer("reopen".to_owned(), ())
    }
}

fn carts(neighbour: &Arc<Neighbour>) -> CartService {
    CartService(Arc::clone(neighbour) as _)
}

fn stock(neighbour: &Arc<Neighbour>) -> InventoryService {
    InventoryService { inventory: Arc::clone(neighbour) as _ }
}

fn payments(neighbour: &Arc<Neighbour>) -> PaymentService {
    PaymentService(Arc::clone(neighbour) as _)
}

#[tokio::test]
async fn a_refusal_is_final_unless_the_service_is_only_busy() {
    for (status, code, is_final) in [
        (409, codes::OUT_OF_STOCK, true),
        (404, general::NOT_FOUND, true),
        (409, general::IDEMPOTENCY_IN_FLIGHT, false),
        (429, general::RATE_LIMITED, false),
        (503, general::OVERLOADED, false),
        (500, general::INTERNAL, false),
    ] {
        let refused = stock(&Neighbour::refusing(status, code)).commit(hold_id(ORDER)).await;
        assert_eq!(matches!(refused, Err(PortError::Refused(_))), is_final, "{refused:?}");
    }
    let unknown = Neighbour::refusing(409, codes::OUTCOME_UNKNOWN);
    let refused = payments(&unknown).capture(payment_id(ORDER)).await;
    assert!(matches!(refused, Err(PortError::Unavailable { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_cart_that_is_gone_or_not_frozen_needs_nothing() {
    let gone = carts(&Neighbour::refusing(404, general::NOT_FOUND));
    assert_eq!(gone.ordered(CART, ORDER).await, Ok(()));
    assert_eq!(gone.reopen(CART, ORDER).await, Ok(()));
    let taken = carts(&Neighbour::refusing(409, codes::CHECKING_OUT));
    assert!(matches!(taken.ordered(CART, ORDER).await, Err(PortError::Refused(_))));
    assert_eq!(taken.reopen(CART, ORDER).await, Ok(()));
    let busy = carts(&Neighbour::refusing(503, general::OVERLOADED));
    assert!(matches!(busy.reopen(CART, ORDER).await, Err(PortError::Unavailable { .. })));
}

#[tokio::test]
async fn a_destination_is_called_a_shipping_address() {
    let refusal = Some(Problem::field("destination.postal_code", "is needed"));
    let neighbour = Arc::new(Neighbour { refusal, ..Neighbour::default() });
    let (address, method) = (address(), None);
    let delivery = Delivery { address: &address, method };
    match carts(&neighbour).freeze(CART, ORDER, None, delivery).await {
        Err(PortError::Refused(problem)) => {
            assert_eq!(problem.errors[0].field, "shipping_address.postal_code");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(*neighbour.calls.lock(), ["DE"]);
}

#[tokio::test]
async fn the_state_of_a_payment_says_whether_the_order_goes_on() {
    let neighbour = Arc::<Neighbour>::default();
    let waits = |reason: &str, url: Option<&str>| AuthorisationStatus::Waiting {
        reason: reason.to_owned(),
        action_url: url.map(str::to_owned),
    };
    let declined = |reason: &str| AuthorisationStatus::Declined { reason: reason.to_owned() };
    for (state, expected) in [
        (PaymentState::Created, waits("the bank has not answered yet", None)),
        (PaymentState::Unknown, waits("the bank has not answered yet", None)),
        (PaymentState::RequiresAction, waits("the customer has to act", Some("/act"))),
        (PaymentState::Authorised, AuthorisationStatus::Authorised),
        (PaymentState::PartiallyCaptured, AuthorisationStatus::Authorised),
        (PaymentState::Captured, AuthorisationStatus::Authorised),
        (PaymentState::Failed, declined("declined")),
        (PaymentState::Voided, declined("voided")),
        (PaymentState::Refunded, declined("refunded")),
    ] {
        *neighbour.state.lock() = Some(state);
        let request = AuthorisationRequest {
            payment: payment_id(ORDER),
            order: ORDER,
            amount: Money::new(500, Currency::EUR),
            method: "test",
            token: "success",
        };
        assert_eq!(payments(&neighbour).authorise(request).await, Ok(expected), "{state:?}");
    }
}

#[tokio::test]
async fn repeated_calls_are_told_apart_by_their_ids() {
    let neighbour = Arc::<Neighbour>::default();
    let (hold, payment) = (hold_id(ORDER), payment_id(ORDER));
    let refund = RefundId(Uuid::from_u128(7));
    stock(&neighbour).hold(hold, ORDER, &[(sku("MUG"), 2)], Duration::from_mins(15)).await.unwrap();
    stock(&neighbour).restock(hold, refund, &[(sku("MUG"), 1)], "broken").await.unwrap();
    let captured = payments(&neighbour).capture(payment).await.unwrap();
    assert_eq!(captured.amount, 500);
    payments(&neighbour).refund(payment, refund, captured, "broken").await.unwrap();
    payments(&neighbour).cancel(payment, ORDER).await.unwrap();
    assert_eq!(
        *neighbour.calls.lock(),
        [
            format!("hold 1 for {ORDER}, 900 s"),
            format!("restock {refund}"),
            "capture confirmation".to_owned(),
            format!("refund {refund} {:?}", Some(captured)),
            format!("cancel for {ORDER}"),
        ]
    );
}

#[tokio::test]
async fn unpaid_orders_may_hold_any_number_of_an_untracked_sku() {
    let neighbour = Arc::new(Neighbour::default());
    let skus = ["LAMP", "POSTER-untracked"].map(|sku| Sku::parse(sku).unwrap());
    let units = stock(&neighbour).on_hand(skus.to_vec()).await.unwrap();
    assert_eq!(units, [5, UNTRACKED_AVAILABLE]);
}
