//! Conversion of orders and sagas into the types of the contract.

use super::journal::status;
use crate::{
    application::orders::VersionedOrder,
    domain::{
        events::{Address, Line, Refund},
        order::Order,
        order_state::OrderState,
        payment_status,
        refund::{RefundRecord, RefundState},
    },
    ports::payments::MethodOffer,
};
use contracts::{
    cart::{QuotedLine, QuotedShipping},
    order::{
        FulfilmentStatus, HistoryEntry, Order as OrderView, OrderLine, OrderPayment, OrderRefund,
        OrderSummary, PaymentStatus, RefundStatus, Saga, SagaState,
    },
    payment::OfferedMethod,
    shared::{self, OrderId, Quantity, SagaId, Sku, Totals},
};
use kernel::Money;
use std::collections::BTreeMap;

/// Full view of an order.
pub(crate) fn order(found: &VersionedOrder) -> OrderView {
    let (order, placed) = (&*found.order, &*found.order.placed);
    let refunds = order.refunds.iter().filter(|record| record.state != RefundState::Dropped);
    OrderView {
        id: found.id,
        number: placed.number.to_string(),
        status: status(order.status()),
        payment_status: payment_status(order),
        fulfilment_status: fulfilment_status(order),
        email: placed.email.clone(),
        language: placed.language.clone(),
        customer_erased: placed.is_erased(),
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
            id: placed.payment_id,
            method: placed.payment_method.clone(),
            authorised: order.set_aside(),
            captured: order.captured,
            refunded: Money::new(order.refunded(), placed.currency),
            action_url: order
                .state
                .pending_payment()
                .and_then(|payment| payment.action_url.clone()),
            bank_details: placed.terms.transfer().map(|(details, _)| details.to_owned()),
            pay_by: placed.terms.transfer().map(|(_, pay_by)| pay_by),
        },
        refunds: refunds.map(refund).collect(),
        cart_id: placed.cart_id,
        cancel_reason: match &order.state {
            OrderState::Cancelled { reason, .. } => Some(reason.clone()),
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

/// Summary of an order in a list, without the contact details.
pub(crate) fn summary(id: OrderId, order: &Order) -> OrderSummary {
    let placed = &order.placed;
    OrderSummary {
        id,
        number: placed.number.to_string(),
        status: status(order.status()),
        payment_status: payment_status(order),
        fulfilment_status: fulfilment_status(order),
        email: String::new(),
        name: String::new(),
        total: placed.totals.total,
        item_count: order.units(),
        attempt: order.is_attempt(),
        placed_at: placed.at,
    }
}

/// Payment method that is offered.
pub(crate) fn offered_method(offer: MethodOffer) -> OfferedMethod {
    let MethodOffer { method, needs_token, bank_details, days_to_pay } = offer;
    OfferedMethod { method, needs_token, bank_details, days_to_pay }
}

/// View of a saga, for operators.
pub(crate) fn saga(listed: &saga::SagaSummary) -> Saga {
    let status = &listed.status;
    Saga {
        id: SagaId(listed.id),
        name: listed.name.to_owned(),
        order_id: OrderId(listed.subject),
        state: saga_state(status.state),
        step: status.step.to_owned(),
        tries: status.attempts,
        error: status.error.clone(),
        next_try_at: status.next_attempt_at,
        started_at: listed.started_at,
    }
}

/// State of a saga in terms of the contract.
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
            product_id: line.product_id,
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

fn refund(record: &RefundRecord) -> OrderRefund {
    let Refund { id, amount, tax, units, restock, reason, reference } = record.refund.clone();
    let mut lines: BTreeMap<Sku, i64> = BTreeMap::new();
    for units in units {
        *lines.entry(units.sku.clone()).or_default() += units.count();
    }
    OrderRefund {
        id,
        amount,
        tax,
        status: match record.state {
            RefundState::Done => RefundStatus::Done,
            RefundState::Reserved | RefundState::Dropped => RefundStatus::Pending,
        },
        lines: lines.into_iter().map(|(sku, quantity)| Quantity { sku, quantity }).collect(),
        restocked: restock,
        reason,
        reference,
        at: record.at,
    }
}

pub(crate) fn address(address: &Address) -> shared::Address {
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
        payment_status::PaymentStatus::Pending => PaymentStatus::Pending,
        payment_status::PaymentStatus::Waiting => PaymentStatus::Waiting,
        payment_status::PaymentStatus::Authorised => PaymentStatus::Authorised,
        payment_status::PaymentStatus::PartiallyPaid => PaymentStatus::PartiallyPaid,
        payment_status::PaymentStatus::Paid => PaymentStatus::Paid,
        payment_status::PaymentStatus::PartiallyRefunded => PaymentStatus::PartiallyRefunded,
        payment_status::PaymentStatus::Refunded => PaymentStatus::Refunded,
        payment_status::PaymentStatus::Voided => PaymentStatus::Voided,
        payment_status::PaymentStatus::NotRequired => PaymentStatus::NotRequired,
    }
}

fn fulfilment_status(order: &Order) -> FulfilmentStatus {
    match order.fulfilment_status() {
        payment_status::FulfilmentStatus::Unfulfilled => FulfilmentStatus::Unfulfilled,
        payment_status::FulfilmentStatus::Fulfilled => FulfilmentStatus::Fulfilled,
        payment_status::FulfilmentStatus::NotRequired => FulfilmentStatus::NotRequired,
    }
}
