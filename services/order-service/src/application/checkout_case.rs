//! What a checkout is about, as the log of its saga keeps it: the request, and every id its steps use.

use crate::{domain::events::Address, ports::carts::Delivery};
use kernel::{Currency, Ids, Money, Timestamp, Uuid};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};

/// A checkout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckoutCase {
    pub(crate) order_id: Uuid,
    pub(crate) source: Source,
    pub(crate) email: String,
    pub(crate) shipping_address: Address,
    pub(crate) billing_address: Option<Address>,
    pub(crate) shipping_method: Option<String>,
    pub(crate) payment_method: String,
    /// What the processor knows the means of payment by; never a card number.
    pub(crate) payment_token: String,
    pub(crate) expected_total: Option<Money>,
    pub(crate) begun_at: Timestamp,
    /// As it was set when the checkout began.
    #[serde(default, skip_serializing_if = "CapturePolicy::is_default")]
    pub(crate) capture: CapturePolicy,
    #[serde(skip)]
    pub(crate) untouched: Untouched,
}

/// When the money of an order is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CapturePolicy {
    /// With the confirmation of the order.
    #[default]
    AtConfirmation,
    /// When the goods leave; until then it is only set aside.
    AtFulfilment,
}

impl CapturePolicy {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Whether no step can have run yet: known only to the process that begins a saga, and only until its first step
/// runs. It spares the happy checkout from asking whether its order is there already.
#[derive(Debug, Default)]
pub(crate) struct Untouched(AtomicBool);

impl Untouched {
    /// A case nobody has begun.
    pub(crate) fn yes() -> Self {
        Self(true.into())
    }

    /// Says whether it was, and that it no longer is.
    pub(crate) fn touch(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Clone for Untouched {
    /// Only one of the two can be begun; the other only finds it.
    fn clone(&self) -> Self {
        Self(self.0.load(Ordering::Relaxed).into())
    }
}

impl PartialEq for Untouched {
    /// It is no part of what was asked for.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Untouched {}

/// Where the lines come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Source {
    Cart { cart_id: Uuid },
    Lines { lines: Vec<(String, i64)>, currency: Option<Currency> },
}

impl CheckoutCase {
    pub(crate) fn hold_id(&self) -> Uuid {
        hold_id(self.order_id)
    }

    pub(crate) fn payment_id(&self) -> Uuid {
        payment_id(self.order_id)
    }

    pub(crate) fn cart_id(&self) -> Option<Uuid> {
        match self.source {
            Source::Cart { cart_id } => Some(cart_id),
            Source::Lines { .. } => None,
        }
    }

    pub(crate) fn delivery(&self) -> Delivery<'_> {
        Delivery { address: &self.shipping_address, method: self.shipping_method.as_deref() }
    }
}

impl saga::SagaInput for CheckoutCase {
    fn subject(&self) -> Uuid {
        self.order_id
    }

    fn repeats(&self, earlier: &Self) -> bool {
        *self == Self { begun_at: self.begun_at, capture: self.capture, ..earlier.clone() }
    }
}

/// The hold of an order. Like everything derived here: the same whenever it is asked for.
pub(crate) fn hold_id(order: Uuid) -> Uuid {
    derived(order, "hold")
}

/// The payment of an order.
pub(crate) fn payment_id(order: Uuid) -> Uuid {
    derived(order, "payment")
}

/// The checkout of an order.
pub(crate) fn checkout_id(order: Uuid) -> Uuid {
    derived(order, "checkout")
}

/// The cancellation of an order.
pub(crate) fn cancellation_id(order: Uuid) -> Uuid {
    derived(order, "cancellation")
}

/// The try to fulfil an order that comes after so many that were dropped.
pub(crate) fn fulfilment_id(order: Uuid, dropped: usize) -> Uuid {
    derived(order, &format!("fulfilment/{dropped}"))
}

fn derived(order: Uuid, what: &str) -> Uuid {
    let id: contracts::shared::SagaId = Ids::derived(order, what);
    id.into()
}
