//! Reconciliation of the facts of two services about the same order. Orders with a running saga are skipped: one side is
//! ahead of the other until the saga ends.

use contracts::{
    cart::CartStatus,
    facts::{CartFacts, HoldFacts, OrderFacts, PaymentFacts, PlacedFacts},
    inventory::HoldStatus,
    order::OrderStatus,
};
use journal::maintenance::Invariant;
use kernel::Timestamp;

/// Reconciler: collects the results of the cross-service invariants.
pub(super) struct Reconciler {
    now: Timestamp,
    money: Invariant,
    unused_money: Invariant,
    holds: Invariant,
    unused_holds: Invariant,
    carts: Invariant,
}

impl Reconciler {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            now,
            money: Invariant::new("orders and payments agree on the amounts"),
            unused_money: Invariant::new("no payment stays authorised for an order that has ended"),
            holds: Invariant::new("orders and stock agree on the units sold"),
            unused_holds: Invariant::new("no units stay held for an order that has ended"),
            carts: Invariant::new("an ordered cart and its order refer to each other"),
        }
    }

    /// Results, each with the kind of facts it needs beside orders.
    pub(super) fn invariants(self) -> [(&'static str, Invariant); 5] {
        [
            (PaymentFacts::KIND, self.money),
            (PaymentFacts::KIND, self.unused_money),
            (HoldFacts::KIND, self.holds),
            (HoldFacts::KIND, self.unused_holds),
            (CartFacts::KIND, self.carts),
        ]
    }

    /// Reconciles an order with its payment.
    pub(super) fn payment_of_order(
        &mut self,
        order: &OrderFacts,
        placed: &PlacedFacts,
        payment: Option<&PaymentFacts>,
    ) {
        if order.under_way || payment.is_some_and(|payment| payment.unsettled) {
            return self.money.waits();
        }
        let (captured, refunded) =
            payment.map_or((0, 0), |payment| (payment.captured, payment.refunded));
        let known = (placed.captured.amount, placed.refunded.amount);
        // A checkout undone after the capture refunds the payment without an event of the order.
        let is_same = match (placed.status, placed.was_confirmed) {
            (OrderStatus::Cancelled, false) => captured == refunded,
            (OrderStatus::Pending, _) => false,
            _ => known == (captured, refunded),
        };
        self.money.hold(is_same, || {
            let (taken, returned) = known;
            format!(
                "order {} ({:?}): captured {taken}, refunded {returned}; its payment: captured {captured}, refunded {refunded}",
                order.order_id, placed.status
            )
        });
    }

    /// Reconciles an order with the hold of its stock.
    pub(super) fn hold_of_order(
        &mut self,
        order: &OrderFacts,
        placed: &PlacedFacts,
        hold: Option<&HoldFacts>,
    ) {
        if order.under_way {
            return self.holds.waits();
        }
        let sold = hold.map(|hold| hold.sold.clone()).unwrap_or_default();
        self.holds.hold(sold == placed.units, || {
            let id = order.order_id;
            format!("order {id}: {:?} ordered, {sold:?} sold from stock", placed.units)
        });
    }

    /// Reconciles an order with the cart it was placed from.
    pub(super) fn cart_of_order(
        &mut self,
        order: &OrderFacts,
        placed: &PlacedFacts,
        cart: Option<&CartFacts>,
    ) {
        if order.under_way {
            return self.carts.waits();
        }
        let is_ordered = cart.is_some_and(|cart| {
            cart.status == CartStatus::Ordered && cart.order_id == Some(order.order_id)
        });
        let is_consistent = is_ordered == placed.has_its_cart;
        self.carts.hold(is_consistent, || {
            let status = cart.map(|cart| cart.status);
            format!("order {} is {:?}, its cart is {status:?}", order.order_id, placed.status)
        });
    }

    /// Reconciles a payment with its order.
    pub(super) fn payment(&mut self, payment: &PaymentFacts, order: Option<&OrderFacts>) {
        if payment.unsettled || order.is_some_and(|order| order.under_way) {
            return self.unused_money.waits();
        }
        let placed = order.and_then(|order| order.placed.as_ref());
        let is_placed = placed.is_some();
        // An authorisation awaiting fulfilment is expected.
        let expected = placed.map_or(0, |placed| placed.authorised.amount);
        let is_free =
            payment.outstanding == expected && (is_placed || payment.captured == payment.refunded);
        self.unused_money.hold(is_free, || {
            let PaymentFacts { payment_id, outstanding, captured, refunded, .. } = payment;
            format!(
                "payment {payment_id}: {outstanding} authorised, {captured} captured, {refunded} refunded"
            )
        });
    }

    /// Reconciles a hold with its order.
    pub(super) fn hold(&mut self, hold: &HoldFacts, order: Option<&OrderFacts>) {
        if order.is_some_and(|order| order.under_way) {
            return self.unused_holds.waits();
        }
        let is_expired = hold.expires_at <= self.now;
        let is_placed = order.is_some_and(|order| order.placed.is_some());
        let is_free =
            (hold.status != HoldStatus::Held || is_expired) && (is_placed || hold.sold.is_empty());
        self.unused_holds.hold(is_free, || {
            format!("hold {} is {:?}, sold {:?}", hold.hold_id, hold.status, hold.sold)
        });
    }

    /// Reconciles a cart in checkout, or an ordered one, with its order.
    pub(super) fn cart(&mut self, cart: &CartFacts, order: Option<&OrderFacts>) {
        if order.is_some_and(|order| order.under_way) {
            return self.carts.waits();
        }
        let placed = order.and_then(|order| order.placed.as_ref());
        let refers_back = placed
            .is_some_and(|placed| placed.has_its_cart && placed.cart_id == Some(cart.cart_id));
        self.carts.hold(cart.status == CartStatus::Ordered && refers_back, || {
            format!("cart {} is {:?} for an order that has ended", cart.cart_id, cart.status)
        });
    }
}
