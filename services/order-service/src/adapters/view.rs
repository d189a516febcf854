//! Orders as the contract shows them.

use super::journal::status;
use crate::{
    application::orders::Found,
    domain::{
        events::{Address, Line, Refund},
        order::{Cancel, Order},
        payment_status::{FulfilmentStatus as Goods, PaymentStatus as Paid},
        refund::{Given, RefundState},
    },
};
use contracts::{
    cart::{QuotedLine, QuotedShipping},
    order::{
        FulfilmentStatus, HistoryEntry, Order as View, OrderLine, OrderPayment, OrderRefund,
        OrderSummary, PaymentStatus, RefundStatus, Saga, SagaState,
    },
    shared::{self, CartId, OrderId, PaymentId, Quantity, RefundId, SagaId, Totals},
};
use kernel::Money;
use std::collections::BTreeMap;

/// An order, whole.
pub(crate) fn order(found: &Found) -> View {
    let (order, placed) = (&*found.order, &*found.order.placed);
    let given = order.refunds.iter().filter(|given| given.state != RefundState::Dropped);
    View {
        id: OrderId(found.id),
        number: placed.number.to_string(),
        status: status(order.status),
        payment_status: payment_status(order),
        fulfilment_status: fulfilment_status(order),
        email: placed.email.clone(),
        currency: placed.currency,
        lines: placed.lines.iter().map(|line| order_line(order, line)).collect(),
        shipping: QuotedShipping {
            method: placed.shipping.method.clone(),
            label: placed.shipping.label.clone(),
            price: placed.shipping.price,
            tax: placed.shipping.tax,
        },
        totals: totals(order),
        shipping_address: address(&placed.shipping_address),
        billing_address: address(&placed.billing_address),
        payment: OrderPayment {
            id: PaymentId(placed.payment_id),
            method: placed.payment_method.clone(),
            authorised: order.authorised,
            captured: order.captured,
            refunded: Money::new(order.refunded(), placed.currency),
            action_url: order.waiting.as_ref().and_then(|waiting| waiting.action_url.clone()),
        },
        refunds: given.map(refund).collect(),
        cart_id: placed.cart_id.map(CartId),
        cancel_reason: match &order.cancel {
            Some(Cancel::Done { reason }) => Some(reason.clone()),
            _ => None,
        },
        placed_at: placed.at,
        history: order
            .history
            .iter()
            .map(|entry| HistoryEntry {
                at: entry.at,
                event: entry.event.to_owned(),
                text: entry.text.clone(),
                reason: entry.reason.clone(),
            })
            .collect(),
        version: found.version,
    }
}

/// An order in a list.
pub(crate) fn summary(id: OrderId, order: &Order) -> OrderSummary {
    let placed = &order.placed;
    OrderSummary {
        id,
        number: placed.number.to_string(),
        status: status(order.status),
        payment_status: payment_status(order),
        fulfilment_status: fulfilment_status(order),
        email: placed.email.clone(),
        name: placed.shipping_address.name.clone(),
        total: placed.totals.total,
        item_count: order.units(),
        placed_at: placed.at,
    }
}

/// A saga, for operators.
pub(crate) fn saga(listed: &saga::SagaSummary) -> Saga {
    let standing = &listed.status;
    Saga {
        id: SagaId(listed.id),
        name: listed.name.to_owned(),
        order_id: OrderId(listed.subject),
        state: saga_state(standing.state),
        step: standing.step.to_owned(),
        tries: standing.tries,
        error: standing.error.clone(),
        next_try_at: standing.next_try_at,
        started_at: listed.begun_at,
    }
}

/// The contract's word for where a saga stands.
pub(crate) fn saga_state(state: saga::SagaState) -> SagaState {
    match state {
        saga::SagaState::Running => SagaState::Running,
        saga::SagaState::Waiting => SagaState::Waiting,
        saga::SagaState::Undoing => SagaState::Undoing,
        saga::SagaState::Stuck => SagaState::Stuck,
        saga::SagaState::Done => SagaState::Done,
        saga::SagaState::Undone => SagaState::Undone,
    }
}

fn order_line(order: &Order, line: &Line) -> OrderLine {
    OrderLine {
        quoted: QuotedLine {
            sku: line.sku.clone(),
            product_id: shared::ProductId(line.product_id),
            name: line.name.clone(),
            options: line.options.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            total: line.total,
            tax: line.tax,
            tax_rate: line.tax_rate.clone(),
        },
        refunded_quantity: order.units_refunded(&line.sku),
    }
}

fn totals(order: &Order) -> Totals {
    let totals = &order.placed.totals;
    Totals {
        items: totals.items,
        discount: totals.discount,
        shipping: totals.shipping,
        tax: totals.tax,
        total: totals.total,
        tax_included: totals.tax_included,
    }
}

fn refund(given: &Given) -> OrderRefund {
    let Refund { id, amount, tax, units, restock, reason } = given.refund.clone();
    let mut lines: BTreeMap<String, i64> = BTreeMap::new();
    for units in units {
        *lines.entry(units.sku.clone()).or_default() += units.count();
    }
    OrderRefund {
        id: RefundId(id),
        amount,
        tax,
        status: match given.state {
            RefundState::Done => RefundStatus::Done,
            RefundState::Reserved | RefundState::Dropped => RefundStatus::Pending,
        },
        lines: lines.into_iter().map(|(sku, quantity)| Quantity { sku, quantity }).collect(),
        restocked: restock,
        reason,
        at: given.at,
    }
}

fn address(address: &Address) -> shared::Address {
    shared::Address {
        name: address.name.clone(),
        line1: address.line1.clone(),
        line2: address.line2.clone(),
        city: address.city.clone(),
        region: address.region.clone(),
        postal_code: address.postal_code.clone(),
        country: address.country.clone(),
    }
}

fn payment_status(order: &Order) -> PaymentStatus {
    match order.payment_status() {
        Paid::Pending => PaymentStatus::Pending,
        Paid::Waiting => PaymentStatus::Waiting,
        Paid::Authorised => PaymentStatus::Authorised,
        Paid::PartiallyPaid => PaymentStatus::PartiallyPaid,
        Paid::Paid => PaymentStatus::Paid,
        Paid::PartiallyRefunded => PaymentStatus::PartiallyRefunded,
        Paid::Refunded => PaymentStatus::Refunded,
        Paid::Voided => PaymentStatus::Voided,
        Paid::NotRequired => PaymentStatus::NotRequired,
    }
}

fn fulfilment_status(order: &Order) -> FulfilmentStatus {
    match order.fulfilment_status() {
        Goods::Unfulfilled => FulfilmentStatus::Unfulfilled,
        Goods::Fulfilled => FulfilmentStatus::Fulfilled,
        Goods::NotRequired => FulfilmentStatus::NotRequired,
    }
}
