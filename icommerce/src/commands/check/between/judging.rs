//! Whether what two services say of the same thing goes together. A thing that a saga is about is not judged: one
//! side is ahead of the other until the saga ends.

use contracts::{
    cart::CartStatus,
    facts::{CartFacts, HoldFacts, OrderFacts, PaymentFacts, PlacedFacts},
    inventory::HoldStatus,
    order::OrderStatus,
};
use journal::maintenance::Invariant;
use kernel::Timestamp;

/// Judges what it is shown.
pub(super) struct Judge {
    now: Timestamp,
    money: Invariant,
    free_money: Invariant,
    goods: Invariant,
    free_goods: Invariant,
    carts: Invariant,
}

impl Judge {
    pub(super) fn at(now: Timestamp) -> Self {
        Self {
            now,
            money: Invariant::new("orders and payments know the same money"),
            free_money: Invariant::new("no money is left authorised for an order that has ended"),
            goods: Invariant::new("orders and stock know the same goods"),
            free_goods: Invariant::new("no goods are left held for an order that has ended"),
            carts: Invariant::new("a cart has become one order, which came from it"),
        }
    }

    /// What came of it: with whose facts, and what.
    pub(super) fn invariants(self) -> [(&'static str, Invariant); 5] {
        [
            (PaymentFacts::KIND, self.money),
            (PaymentFacts::KIND, self.free_money),
            (HoldFacts::KIND, self.goods),
            (HoldFacts::KIND, self.free_goods),
            (CartFacts::KIND, self.carts),
        ]
    }

    /// An order, beside its payment.
    pub(super) fn money_of(
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
        // A checkout that was taken back after the money was taken has given it back without the order knowing.
        let is_same = match (placed.status, placed.was_confirmed) {
            (OrderStatus::Cancelled, false) => captured == refunded,
            (OrderStatus::Pending, _) => false,
            _ => known == (captured, refunded),
        };
        self.money.hold(is_same, || {
            let (taken, back) = known;
            format!(
                "order {} ({:?}) took {taken} and gave back {back}, its payment {captured} and {refunded}",
                order.order_id, placed.status
            )
        });
    }

    /// An order, beside the hold of its goods.
    pub(super) fn goods_of(
        &mut self,
        order: &OrderFacts,
        placed: &PlacedFacts,
        hold: Option<&HoldFacts>,
    ) {
        if order.under_way {
            return self.goods.waits();
        }
        let sold = hold.map(|hold| hold.sold.clone()).unwrap_or_default();
        self.goods.hold(sold == placed.units, || {
            let id = order.order_id;
            format!("order {id} took {:?}, the stock gave {sold:?}", placed.units)
        });
    }

    /// An order, beside the cart it came from.
    pub(super) fn cart_of(
        &mut self,
        order: &OrderFacts,
        placed: &PlacedFacts,
        cart: Option<&CartFacts>,
    ) {
        if order.under_way {
            return self.carts.waits();
        }
        let has_become = cart.is_some_and(|cart| {
            cart.status == CartStatus::Ordered && cart.order_id == Some(order.order_id)
        });
        let is_right = has_become == placed.was_confirmed;
        self.carts.hold(is_right, || {
            let status = cart.map(|cart| cart.status);
            format!("order {} is {:?}, its cart {status:?}", order.order_id, placed.status)
        });
    }

    /// A payment, beside the order it is for.
    pub(super) fn payment(&mut self, payment: &PaymentFacts, order: Option<&OrderFacts>) {
        if payment.unsettled || order.is_some_and(|order| order.under_way) {
            return self.free_money.waits();
        }
        let placed = order.and_then(|order| order.placed.as_ref());
        let is_placed = placed.is_some();
        // What an order waits with until its goods leave is not left over.
        let awaited = placed.map_or(0, |placed| placed.authorised.amount);
        let is_free =
            payment.outstanding == awaited && (is_placed || payment.captured == payment.refunded);
        self.free_money.hold(is_free, || {
            let PaymentFacts { payment_id, outstanding, captured, refunded, .. } = payment;
            format!(
                "payment {payment_id}: {outstanding} set aside, {captured} taken, {refunded} given back"
            )
        });
    }

    /// A hold, beside the order it is for.
    pub(super) fn hold(&mut self, hold: &HoldFacts, order: Option<&OrderFacts>) {
        if order.is_some_and(|order| order.under_way) {
            return self.free_goods.waits();
        }
        let is_over = hold.expires_at <= self.now;
        let is_placed = order.is_some_and(|order| order.placed.is_some());
        let is_free =
            (hold.status != HoldStatus::Held || is_over) && (is_placed || hold.sold.is_empty());
        self.free_goods.hold(is_free, || {
            format!("hold {} is {:?}, sold {:?}", hold.hold_id, hold.status, hold.sold)
        });
    }

    /// A cart that is becoming an order or has become one, beside that order.
    pub(super) fn cart(&mut self, cart: &CartFacts, order: Option<&OrderFacts>) {
        if order.is_some_and(|order| order.under_way) {
            return self.carts.waits();
        }
        let placed = order.and_then(|order| order.placed.as_ref());
        let came_from_it = placed
            .is_some_and(|placed| placed.was_confirmed && placed.cart_id == Some(cart.cart_id));
        self.carts.hold(cart.status == CartStatus::Ordered && came_from_it, || {
            format!("cart {} is {:?} for an order that has ended", cart.cart_id, cart.status)
        });
    }
}
