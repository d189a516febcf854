//! Input of the checkout saga: the request, and the ids that its steps derive from it.

use crate::{
    domain::events::{Address, Customer, PaymentTerms},
    ports::{carts::Delivery, customers::key_of},
};
use identifiers::{AccountId, CartId, HoldId, OrderId, PaymentId, SagaId, Sku};
use journal::Personal;
use kernel::{Currency, Ids, Money, Timestamp, TypedId, Uuid};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// Input of a checkout, as it is stored in the saga log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub(crate) struct CheckoutInput {
    #[n(0)]
    pub(crate) order_id: OrderId,
    #[n(1)]
    pub(crate) source: CheckoutSource,
    #[n(2)]
    pub(crate) email: String,
    #[n(3)]
    pub(crate) shipping_address: Address,
    #[n(8)]
    pub(crate) billing_address: Option<Address>,
    #[n(9)]
    pub(crate) shipping_method: Option<String>,
    #[n(4)]
    pub(crate) payment_method: String,
    /// The processor's token for the means of payment; never a card number.
    #[n(5)]
    pub(crate) payment_token: String,
    #[n(10)]
    pub(crate) expected_total: Option<Money>,
    #[cbor(n(6), with = "kernel::cbor")]
    pub(crate) begun_at: Timestamp,
    /// Policy that was configured when the checkout began.
    #[serde(default, skip_serializing_if = "CapturePolicy::is_default")]
    #[cbor(n(12), with = "kernel::cbor::known_variant", skip_if = "CapturePolicy::is_default")]
    pub(crate) capture: CapturePolicy,
    /// When an order that is not paid is cancelled; the wait that is configured now for a checkout that did not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cbor(n(11), with = "kernel::cbor", has_nil)]
    pub(crate) pay_by: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "PaymentTerms::is_processor")]
    #[cbor(n(13), with = "kernel::cbor::known_variant", skip_if = "PaymentTerms::is_processor")]
    pub(crate) terms: PaymentTerms,
    /// Keyed hashes of visitor and address, by which unpaid orders are counted; none for an operator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cbor(n(7), with = "kernel::cbor", skip_if = "Vec::is_empty")]
    pub(crate) clients: Vec<Uuid>,
    /// Whose checkout it is; unknown of those that began before there were pseudonyms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(14)]
    pub(crate) customer: Option<Customer>,
    /// Account of the customer who is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(15)]
    pub(crate) account: Option<AccountId>,
    /// Tag of the language of messages about the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[n(16)]
    pub(crate) language: Option<String>,
    #[serde(skip)]
    #[cbor(skip)]
    pub(crate) first_attempt: FirstAttempt,
}

/// Time at which the payment of an order is captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub(crate) enum CapturePolicy {
    /// With the confirmation of the order.
    #[default]
    #[n(0)]
    AtConfirmation,
    /// When the order is fulfilled; until then the payment is only authorised.
    #[n(1)]
    AtFulfilment,
}

impl CapturePolicy {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Flag that no step of the saga can have run yet. Only the process that begins the saga knows, and only until the first
/// step runs. It spares the common checkout a lookup of an order that cannot exist yet.
#[derive(Debug, Default)]
pub(crate) struct FirstAttempt(AtomicBool);

impl FirstAttempt {
    /// Flag of a saga that has not begun.
    pub(crate) fn pending() -> Self {
        Self(true.into())
    }

    /// Returns the flag and clears it.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Clone for FirstAttempt {
    /// Copy of the flag; only one of the two inputs begins the saga, the other finds it running.
    fn clone(&self) -> Self {
        Self(self.0.load(Ordering::Relaxed).into())
    }
}

impl PartialEq for FirstAttempt {
    /// Always equal: the flag is no part of the request.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for FirstAttempt {}

/// Source of the order's lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cbor(flat)]
pub(crate) enum CheckoutSource {
    #[n(0)]
    Cart {
        #[n(0)]
        cart_id: CartId,
    },
    #[n(1)]
    Lines {
        #[n(0)]
        lines: Vec<(Sku, i64)>,
        #[n(1)]
        currency: Option<Currency>,
    },
}

impl CheckoutInput {
    pub(crate) fn hold_id(&self) -> HoldId {
        hold_id(self.order_id)
    }

    pub(crate) fn payment_id(&self) -> PaymentId {
        payment_id(self.order_id)
    }

    /// The request without the contact details.
    pub(crate) fn without_contact(&self) -> Self {
        let billing_address = self.billing_address.as_ref().map(Address::country_alone);
        Self {
            email: String::new(),
            shipping_address: self.shipping_address.country_alone(),
            billing_address,
            account: None,
            language: None,
            ..self.clone()
        }
    }

    /// Whether the contact details were erased.
    pub(crate) fn is_erased(&self) -> bool {
        self.email.is_empty()
    }

    pub(crate) fn cart_id(&self) -> Option<CartId> {
        match self.source {
            CheckoutSource::Cart { cart_id } => Some(cart_id),
            CheckoutSource::Lines { .. } => None,
        }
    }

    /// Time until which the checkout waits for its payment.
    pub(crate) fn deadline(&self, wait_max: Duration) -> Option<Timestamp> {
        self.pay_by.or_else(|| self.begun_at.checked_add(wait_max).ok())
    }

    pub(crate) fn delivery(&self) -> Delivery<'_> {
        Delivery { address: &self.shipping_address, method: self.shipping_method.as_deref() }
    }
}

impl saga::SagaInput for CheckoutInput {
    fn subject(&self) -> Uuid {
        self.order_id.into()
    }

    fn repeats(&self, earlier: &Self) -> bool {
        // What the shop added to the request may have been configured otherwise.
        let Self { begun_at, capture, pay_by, terms, clients, customer, account, .. } =
            self.clone();
        let added = Self {
            begun_at,
            capture,
            pay_by,
            terms,
            clients,
            customer,
            account,
            ..earlier.clone()
        };
        *self == added
    }

    fn personal(&self) -> Option<Personal<Self>> {
        Some(Personal { key: key_of(self.customer?), erased: self.without_contact() })
    }
}

/// Id of the hold of an order, derived from the order's id like the ids below.
pub(crate) fn hold_id(order: OrderId) -> HoldId {
    derived(order, "hold")
}

/// Id of the payment of an order.
pub(crate) fn payment_id(order: OrderId) -> PaymentId {
    derived(order, "payment")
}

/// Id of the checkout saga of an order.
pub(crate) fn checkout_id(order: OrderId) -> SagaId {
    derived(order, "checkout")
}

/// Id of the cancellation saga of an order.
pub(crate) fn cancellation_id(order: OrderId) -> SagaId {
    derived(order, "cancellation")
}

/// Id of the fulfilment saga of an order, after so many attempts that were dropped.
pub(crate) fn fulfilment_id(order: OrderId, dropped: usize) -> SagaId {
    derived(order, &format!("fulfilment/{dropped}"))
}

fn derived<I: TypedId>(order: OrderId, what: &str) -> I {
    Ids::derived(order.into(), what)
}
