//! Unit tests of the order aggregate: given a state, when a command, then events.

use super::test_world::{address, sku};
use crate::domain::{
    events::{
        Line, OrderEvent, OrderStatus, PaymentTerms, Placed, Refund, RefundScope, Shipping, Totals,
    },
    order::{Order, OrderCommand},
    order_state::{OrderState, PendingPayment},
    payment_status::{FulfilmentStatus, PaymentStatus},
    quote::{Quote, QuotedLine},
    refund::{RefundRequest, RefundState},
    rejection::Rejection,
};
use identifiers::{HoldId, PaymentId, ProductId, RefundId};
use kernel::{Currency, Money, Timestamp, UnitPrice, Uuid};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

#[derive(Clone, Copy, Debug)]
pub(crate) struct SampleLine {
    pub(crate) sku: &'static str,
    pub(crate) quantity: i64,
    pub(crate) paid: i64,
    pub(crate) tax: i64,
}

impl SampleLine {
    pub(crate) fn of(paid: i64) -> Self {
        Self { sku: "L1", quantity: 1, paid, tax: 0 }
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn refund_id(number: u128) -> RefundId {
    RefundId(Uuid::from_u128(number))
}

fn euro(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

fn placed(lines: &[SampleLine], shipping: i64, shipping_tax: i64) -> Placed {
    let items: i64 = lines.iter().map(|line| line.paid).sum();
    let line = |line: &SampleLine| Line {
        sku: sku(line.sku),
        product_id: ProductId(Uuid::nil()),
        name: line.sku.to_owned(),
        options: BTreeMap::new(),
        quantity: line.quantity,
        unit_price: UnitPrice::zero(Currency::EUR),
        total: euro(line.paid),
        tax: euro(line.tax),
        tax_rate: "0.19".to_owned(),
        paid: euro(line.paid),
    };
    Placed {
        number: 1_000_001,
        currency: Currency::EUR,
        lines: lines.iter().map(line).collect(),
        shipping: Shipping {
            method: "standard".to_owned(),
            label: "Standard".to_owned(),
            price: euro(shipping),
            tax: euro(shipping_tax),
        },
        totals: Totals {
            items: euro(items),
            discount: euro(0),
            shipping: euro(shipping),
            tax: euro(lines.iter().map(|line| line.tax).sum::<i64>() + shipping_tax),
            total: euro(items + shipping),
            tax_included: true,
        },
        email: "ada@example.com".to_owned(),
        shipping_address: address(),
        billing_address: address(),
        cart_id: None,
        hold_id: HoldId(Uuid::from_u128(1)),
        payment_id: PaymentId(Uuid::from_u128(2)),
        payment_method: "test".to_owned(),
        at: at(0),
        terms: PaymentTerms::default(),
        sequence: None,
        customer: None,
        account: None,
        of_account: false,
        language: None,
    }
}

/// Order that was placed.
pub(crate) fn order_of(lines: &[SampleLine], shipping: i64, shipping_tax: i64) -> Order {
    Order::apply(None, &OrderEvent::Placed(Arc::new(placed(lines, shipping, shipping_tax))))
}

fn after(order: Order, command: &OrderCommand) -> Order {
    let events = Order::decide(Some(&order), command, at(5)).unwrap();
    assert!(!events.is_empty(), "{command:?} leads to events");
    events.iter().fold(order, |order, event| Order::apply(Some(order), event))
}

pub(crate) fn confirmed(order: Order) -> Order {
    let captured = order.placed.totals.total;
    after(order, &OrderCommand::Confirm { captured })
}

pub(crate) fn completed(order: Order) -> Order {
    after(confirmed(order), &OrderCommand::Fulfil)
}

pub(crate) fn cancelled(order: Order) -> Order {
    after(order, &OrderCommand::Cancel { reason: "out_of_stock".to_owned() })
}

/// Order of which this amount was captured.
pub(crate) fn captured(amount: i64) -> Order {
    confirmed(order_of(&[SampleLine::of(amount)], 0, 0))
}

/// Refund that an order decides; `Unknown` when it has this refund already.
pub(crate) fn refund_of(order: &Order, id: u128, scope: RefundScope) -> Result<Refund, Rejection> {
    let request = RefundRequest {
        id: refund_id(id),
        scope,
        restock: false,
        reason: "broken".to_owned(),
        reference: None,
    };
    let events = Order::decide(Some(order), &OrderCommand::ReserveRefund(request), at(9))?;
    match events.into_iter().next() {
        Some(OrderEvent::RefundReserved { refund, .. }) => Ok(refund),
        _ => Err(Rejection::Unknown),
    }
}

fn quoted(lines: &[i64], discount: i64) -> Quote {
    let line = |(index, total): (usize, &i64)| QuotedLine {
        sku: sku(&format!("L{index}")),
        product_id: ProductId(Uuid::nil()),
        name: String::new(),
        options: BTreeMap::new(),
        quantity: 1,
        unit_price: UnitPrice::zero(Currency::EUR),
        total: euro(*total),
        tax: euro(0),
        tax_rate: "0".to_owned(),
    };
    let items: i64 = lines.iter().sum();
    let zero = euro(0);
    Quote {
        currency: Currency::EUR,
        lines: lines.iter().enumerate().map(line).collect(),
        shipping: Shipping { method: String::new(), label: String::new(), price: zero, tax: zero },
        totals: Totals {
            items: euro(items),
            discount: euro(discount),
            shipping: zero,
            tax: zero,
            total: euro(items - discount),
            tax_included: true,
        },
    }
}

/// Lines of an order with a discount.
pub(crate) fn discounted(lines: &[i64], discount: i64) -> Vec<Line> {
    quoted(lines, discount).paid_lines().unwrap().0
}

fn decide(order: &Order, command: &OrderCommand) -> Result<Vec<&'static str>, Rejection> {
    let events = Order::decide(Some(order), command, at(20))?;
    Ok(events.iter().map(OrderEvent::name).collect())
}

#[test]
fn an_inconsistent_quote_is_rejected() {
    let mut quote = quoted(&[600, 400], 0);
    quote.totals.total = euro(999);
    assert_eq!(quote.paid_lines(), Err(Rejection::DoesNotAddUp));
    let mut quote = quoted(&[600, 400], 0);
    quote.lines[0].quantity = 0;
    assert_eq!(quote.paid_lines(), Err(Rejection::DoesNotAddUp));
    assert_eq!(quoted(&[], 0).paid_lines(), Err(Rejection::DoesNotAddUp));
}

#[test]
fn tax_is_added_to_prices_without_tax() {
    let mut quote = quoted(&[1_000], 0);
    quote.lines[0].tax = euro(190);
    quote.shipping.price = euro(500);
    quote.shipping.tax = euro(95);
    quote.totals.tax_included = false;
    quote.totals.total = euro(1_785);
    assert_eq!(quote.paid_lines().unwrap().0[0].paid, euro(1_190));
}

#[test]
fn commands_to_an_unknown_order_are_rejected() {
    let decided = Order::decide(None, &OrderCommand::Fulfil, at(0));
    assert_eq!(decided, Err(Rejection::Unknown));
}

#[test]
fn a_repeated_command_leads_to_no_event() {
    let order = order_of(&[SampleLine::of(1_000)], 0, 0);
    let place = OrderCommand::Place(Arc::new(placed(&[SampleLine::of(1_000)], 0, 0)));
    assert_eq!(decide(&order, &place), Ok(vec![]));
    let waiting = OrderCommand::AwaitPayment(PendingPayment {
        reason: "3-D Secure".to_owned(),
        action_url: None,
    });
    assert_eq!(decide(&after(order.clone(), &waiting), &waiting), Ok(vec![]));
    let stop = OrderCommand::AbortCheckout { reason: None };
    assert_eq!(decide(&after(order.clone(), &stop), &stop), Ok(vec![]));
    let begin = OrderCommand::RequestCancel { reason: None };
    assert_eq!(decide(&after(confirmed(order), &begin), &begin), Ok(vec![]));
}

#[test]
fn an_order_that_is_being_cancelled_is_not_confirmed_shipped_or_refunded() {
    let order = order_of(&[SampleLine::of(1_000)], 0, 0);
    let stopped = after(order.clone(), &OrderCommand::AbortCheckout { reason: None });
    let confirm = OrderCommand::Confirm { captured: euro(1_000) };
    assert_eq!(decide(&stopped, &confirm), Err(Rejection::BeingCancelled));
    let cancelling = after(confirmed(order), &OrderCommand::RequestCancel { reason: None });
    assert_eq!(decide(&cancelling, &OrderCommand::Fulfil), Err(Rejection::BeingCancelled));
    assert_eq!(refund_of(&cancelling, 1, RefundScope::Rest), Err(Rejection::BeingCancelled));
}

#[test]
fn the_reason_of_the_cancellation_request_is_kept() {
    let order = order_of(&[SampleLine::of(1_000)], 0, 0);
    let stop = OrderCommand::AbortCheckout { reason: Some("too dear".to_owned()) };
    let order = cancelled(after(order, &stop));
    assert_eq!(order.history.last().unwrap().reason.as_deref(), Some("too dear"));
    let order = cancelled(order_of(&[SampleLine::of(1_000)], 0, 0));
    assert_eq!(order.history.last().unwrap().reason.as_deref(), Some("out_of_stock"));
    assert_eq!(order.payment_status(), PaymentStatus::Voided);
}

#[test]
fn only_the_captured_amount_can_be_refunded() {
    let order = order_of(&[SampleLine::of(1_000)], 0, 0);
    assert_eq!(refund_of(&order, 1, RefundScope::Rest), Err(Rejection::Pending));
    assert_eq!(
        refund_of(&cancelled(order.clone()), 1, RefundScope::Rest),
        Err(Rejection::Cancelled)
    );
    let order = confirmed(order);
    let too_much = refund_of(&order, 1, RefundScope::Sum(euro(1_001)));
    assert_eq!(too_much, Err(Rejection::ExceedsRefundable { refundable: euro(1_000) }));
    for nothing in [0, -1] {
        let refused = refund_of(&order, 1, RefundScope::Sum(euro(nothing)));
        assert!(matches!(refused, Err(Rejection::Field { .. })));
    }
    let dollars = RefundScope::Sum(Money::new(1, Currency::USD));
    assert!(matches!(refund_of(&order, 1, dollars), Err(Rejection::Money(_))));
}

#[test]
fn unknown_units_are_named() {
    let order = confirmed(order_of(&[SampleLine { quantity: 2, ..SampleLine::of(999) }], 0, 0));
    for (units, field) in [
        (vec![("L9", 1)], "lines[0].sku"),
        (vec![("L1", 0)], "lines[0].quantity"),
        (vec![("L1", 3)], "lines[0].quantity"),
        (vec![("L1", 1), ("l1", 1)], "lines[1].sku"),
    ] {
        let units = units.into_iter().map(|(text, count)| (sku(text), count)).collect();
        match refund_of(&order, 1, RefundScope::Units(units)) {
            Err(Rejection::Field { field: named, .. }) => assert_eq!(named, field),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_dropped_refund_releases_its_units_and_its_amount() {
    let order = completed(order_of(&[SampleLine { quantity: 3, ..SampleLine::of(2_783) }], 0, 0));
    let reserve = |order: Order, id: u128| {
        let refund = refund_of(&order, id, RefundScope::Units(vec![(sku("L1"), 1)])).unwrap();
        let amount = refund.amount.amount;
        (Order::apply(Some(order), &OrderEvent::RefundReserved { refund, at: at(9) }), amount)
    };
    let (order, first) = reserve(order, 1);
    let (order, second) = reserve(order, 2);
    let (order, third) = reserve(order, 3);
    assert_eq!([first, second, third], [928, 928, 927]);
    let drop = OrderCommand::DropRefund { id: refund_id(1), reason: "declined".to_owned() };
    let order = after(order, &drop);
    assert_eq!(decide(&order, &drop), Ok(vec![]));
    let settle = OrderCommand::SettleRefund { id: refund_id(1) };
    assert!(matches!(decide(&order, &settle), Err(Rejection::UnknownRefund { .. })));
    // The released unit is the first one, with the same share as before.
    assert_eq!(reserve(order, 4).1, 928);
}

#[test]
fn units_refunded_before_the_shipment_are_not_shipped() {
    let order = confirmed(order_of(&[SampleLine { quantity: 2, ..SampleLine::of(999) }], 0, 0));
    assert_eq!(order.fulfilment_status(), FulfilmentStatus::Unfulfilled);
    let refund = refund_of(&order, 1, RefundScope::Units(vec![(sku("L1"), 1)])).unwrap();
    // The last unit has the smaller share.
    assert_eq!((refund.amount.amount, refund.units[0].from), (499, 1));
    let refund = refund_of(&order, 1, RefundScope::Rest).unwrap();
    let order = Order::apply(Some(order), &OrderEvent::RefundReserved { refund, at: at(9) });
    assert_eq!(order.fulfilment_status(), FulfilmentStatus::NotRequired);
}

#[test]
fn a_free_order_needs_no_payment() {
    let order = confirmed(order_of(&[SampleLine::of(0)], 0, 0));
    assert_eq!(order.payment_status(), PaymentStatus::NotRequired);
    assert_eq!(after(order, &OrderCommand::Fulfil).status(), OrderStatus::Completed);
}

#[derive(Clone, Debug)]
enum RefundAction {
    Units(usize, i64),
    Sum(i64),
    Rest,
    Fulfil,
    Settle(usize),
    Drop(usize),
}

fn refund_action() -> impl Strategy<Value = RefundAction> {
    prop_oneof![
        6 => (0_usize..3, 1_i64..4).prop_map(|(line, count)| RefundAction::Units(line, count)),
        3 => (1_i64..900).prop_map(RefundAction::Sum),
        1 => Just(RefundAction::Rest),
        1 => Just(RefundAction::Fulfil),
        4 => (0_usize..12).prop_map(RefundAction::Settle),
        2 => (0_usize..12).prop_map(RefundAction::Drop),
    ]
}

proptest! {
    #[test]
    fn refunds_in_any_order_never_exceed_the_captured_amount(actions in proptest::collection::vec(refund_action(), 1..40)) {
        let lines = [
            SampleLine { sku: "L1", quantity: 3, paid: 2_783, tax: 444 },
            SampleLine { sku: "L2", quantity: 1, paid: 2_321, tax: 371 },
            SampleLine { sku: "L3", quantity: 2, paid: 1_391, tax: 222 },
        ];
        let mut order = confirmed(order_of(&lines, 495, 79));
        for (number, action) in actions.into_iter().enumerate() {
            let id = refund_id(number as u128);
            let nth = |index: usize| order.refunds.get(index).map_or(refund_id(0), |record| record.refund.id);
            let reserve = |scope| {
                OrderCommand::ReserveRefund(RefundRequest { id, scope, restock: false, reason: String::new(), reference: None })
            };
            let command = match action {
                RefundAction::Units(line, count) => {
                    reserve(RefundScope::Units(vec![(sku(lines[line].sku), count)]))
                }
                RefundAction::Sum(sum) => reserve(RefundScope::Sum(euro(sum))),
                RefundAction::Rest => reserve(RefundScope::Rest),
                RefundAction::Fulfil => OrderCommand::Fulfil,
                RefundAction::Settle(index) => OrderCommand::SettleRefund { id: nth(index) },
                RefundAction::Drop(index) => OrderCommand::DropRefund { id: nth(index), reason: String::new() },
            };
            for event in Order::decide(Some(&order), &command, at(9)).unwrap_or_default() {
                order = Order::apply(Some(order), &event);
            }
            let counts = |state: RefundState| state != RefundState::Dropped;
            prop_assert!(order.refund_total(counts) <= 6_990);
            prop_assert!(order.units_in_refunds() <= 6);
            let taxes = order.refunds.iter().filter(|record| counts(record.state));
            prop_assert!(taxes.map(|record| record.refund.tax.amount).sum::<i64>() <= 1_116);
        }
        if let Ok(rest) = refund_of(&order, 1_000, RefundScope::Rest) {
            let before = order.refund_total(|state| state != RefundState::Dropped);
            prop_assert_eq!(before + rest.amount.amount, 6_990, "the rest is exact");
        }
    }
}

/// An order of 10.00 in each state. `authorised`: confirmed with an authorisation only.
fn orders_by_state() -> Vec<(&'static str, Order)> {
    let pending = order_of(&[SampleLine::of(1_000)], 0, 0);
    let cancel = OrderCommand::RequestCancel { reason: None };
    let authorised = after(pending.clone(), &OrderCommand::Confirm { captured: euro(0) });
    let fulfilling = after(authorised.clone(), &OrderCommand::RequestFulfilment);
    let aborting = after(pending.clone(), &OrderCommand::AbortCheckout { reason: None });
    let of = pending.event_summary(OrderStatus::Confirmed);
    let fulfilled = OrderEvent::Fulfilled { of, at: at(6) };
    vec![
        ("confirmed", confirmed(pending.clone())),
        ("cancelling", after(confirmed(pending.clone()), &cancel)),
        ("shipped", Order::apply(Some(confirmed(pending.clone())), &fulfilled)),
        ("completed", completed(pending.clone())),
        ("cancelled", cancelled(pending.clone())),
        ("pending", pending),
        ("aborting", aborting),
        ("authorised", authorised),
        ("fulfilling", fulfilling),
    ]
}

/// Decisions of each state on the commands of the test below, in their order: the events, or the rejection.
const DECISIONS: &[(&str, [&str; 10])] = &[
    (
        "confirmed",
        [
            "",
            "",
            "Confirmed",
            "cancel_requested",
            "cancelled",
            "refund_reserved",
            "",
            "",
            "",
            "fulfilled completed",
        ],
    ),
    (
        "cancelling",
        [
            "",
            "",
            "Confirmed",
            "",
            "cancelled",
            "BeingCancelled",
            "BeingCancelled",
            "BeingCancelled",
            "",
            "BeingCancelled",
        ],
    ),
    (
        "shipped",
        [
            "",
            "",
            "Confirmed",
            "AlreadyShipped",
            "AlreadyShipped",
            "refund_reserved",
            "",
            "",
            "",
            "completed",
        ],
    ),
    (
        "completed",
        [
            "",
            "",
            "AlreadyShipped",
            "AlreadyShipped",
            "AlreadyShipped",
            "refund_reserved",
            "",
            "",
            "",
            "",
        ],
    ),
    (
        "cancelled",
        ["", "Cancelled", "", "", "", "Cancelled", "Cancelled", "Cancelled", "", "Cancelled"],
    ),
    (
        "pending",
        [
            "payment_waiting",
            "confirmed",
            "cancel_requested",
            "Pending",
            "cancelled",
            "Pending",
            "Pending",
            "Pending",
            "",
            "Pending",
        ],
    ),
    (
        "aborting",
        [
            "payment_waiting",
            "BeingCancelled",
            "",
            "Pending",
            "cancelled",
            "Pending",
            "Pending",
            "Pending",
            "",
            "Pending",
        ],
    ),
    (
        "authorised",
        [
            "",
            "",
            "Confirmed",
            "cancel_requested",
            "cancelled",
            "NotCaptured",
            "fulfilment_requested",
            "captured",
            "",
            "NotCaptured",
        ],
    ),
    (
        "fulfilling",
        [
            "",
            "",
            "Confirmed",
            "AlreadyShipped",
            "AlreadyShipped",
            "NotCaptured",
            "",
            "captured",
            "fulfilment_dropped",
            "NotCaptured",
        ],
    ),
];

#[test]
fn every_state_decides_on_every_command() {
    let reason = || "asked".to_owned();
    let payment = PendingPayment { reason: reason(), action_url: None };
    let refund = RefundRequest {
        id: refund_id(0),
        scope: RefundScope::Rest,
        restock: false,
        reason: reason(),
        reference: None,
    };
    let commands = [
        ("await payment", OrderCommand::AwaitPayment(payment)),
        ("confirm", OrderCommand::Confirm { captured: euro(1_000) }),
        ("abort", OrderCommand::AbortCheckout { reason: None }),
        ("request cancel", OrderCommand::RequestCancel { reason: None }),
        ("cancel", OrderCommand::Cancel { reason: reason() }),
        ("refund", OrderCommand::ReserveRefund(refund)),
        ("request fulfilment", OrderCommand::RequestFulfilment),
        ("record capture", OrderCommand::RecordCapture { captured: euro(1_000) }),
        ("drop fulfilment", OrderCommand::DropFulfilment { reason: reason() }),
        ("fulfil", OrderCommand::Fulfil),
    ];
    for (state, order) in orders_by_state() {
        let expected = DECISIONS.iter().find(|row| row.0 == state).unwrap().1;
        for ((name, command), expected) in commands.iter().zip(expected) {
            let decision = match decide(&order, command) {
                Ok(events) => events.join(" "),
                Err(rejection) => format!("{rejection:?}"),
            };
            assert_eq!(decision, expected, "{name} in state {state}");
        }
    }
}

#[test]
fn a_cancelled_order_remembers_whether_it_was_confirmed() {
    let pending = order_of(&[SampleLine::of(1_000)], 0, 0);
    for (order, confirmed) in [(pending.clone(), false), (confirmed(pending), true)] {
        let order = cancelled(order);
        assert_eq!(order.was_confirmed(), confirmed);
        let reason = "out_of_stock".to_owned();
        assert_eq!(order.state, OrderState::Cancelled { reason, was_confirmed: confirmed });
    }
}

#[test]
fn stored_events_stay_readable() {
    let first_version = r#"{"type":"confirmed","captured":{"amount":4090,"currency":"EUR"},"of":{"number":1000001,
        "total":{"amount":4090,"currency":"EUR"},"status":"confirmed"},"at":"2026-11-22T12:00:00Z"}"#;
    assert_eq!(serde_json::from_str::<OrderEvent>(first_version).unwrap().name(), "confirmed");
    let placed = OrderEvent::Placed(Arc::new(placed(&[SampleLine::of(1_000)], 0, 0)));
    let text = serde_json::to_string(&placed).unwrap();
    assert!(text.starts_with(r#"{"type":"placed","number":1000001,"#), "{text}");
    assert_eq!(serde_json::from_str::<OrderEvent>(&text).unwrap(), placed);
}

#[test]
fn an_order_weighs_what_its_lines_do() {
    let line = SampleLine::of(1_000);
    let bytes = |lines: usize| order_of(&vec![line; lines], 0, 0).bytes();
    let (none, one) = (bytes(0), bytes(1));
    assert!(one - none > size_of::<Line>(), "{none} {one}");
    assert_eq!(bytes(1_000) - none, (one - none) * 1_000);
    let order = order_of(&[line], 0, 0);
    let longer = after(order.clone(), &OrderCommand::Cancel { reason: "r".repeat(500) });
    assert!(longer.bytes() >= order.bytes() + 500, "{} {}", order.bytes(), longer.bytes());
}
