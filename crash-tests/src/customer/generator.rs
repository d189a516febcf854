//! Operation generator: the random choice of what a customer does next.

use super::{Catalogue, Customer};
use crate::operation::{Lines, Operation, RefundTarget};
use rand::Rng;

/// Payment tokens, each as likely as it is frequent here.
const TOKENS: [&str; 20] = [
    "success",
    "success",
    "success",
    "success",
    "success",
    "success",
    "success",
    "success",
    "success",
    "success",
    "success",
    "success",
    "success",
    "decline",
    "insufficient_funds",
    "slow",
    "unknown_outcome",
    "requires_action",
    "requires_action",
    "late_webhook",
];
/// Limits of the carts and orders generated.
const LINES_MAX: usize = 4;
const QUANTITY_MAX: i64 = 3;

impl Customer {
    pub(super) fn next_operation(&mut self, catalogue: &Catalogue) -> Operation {
        let waiting = self.orders.iter().find(|order| order.payment_action.is_some());
        if let Some((order, payment)) =
            waiting.and_then(|order| Some((order.id.clone(), order.payment_action.clone()?)))
            && self.random.random_bool(0.3)
        {
            let outcome = if self.random.random_bool(0.7) { "approve" } else { "decline" };
            return Operation::ResolvePaymentAction { order, payment, outcome };
        }
        match self.random.random_range(0..100) {
            0..6 => self.receive_stock(catalogue),
            6..16 => self.place_order(catalogue),
            16..28 if !self.orders.is_empty() => self.refund(),
            28..34 if !self.orders.is_empty() => self.cancel_order(),
            _ => self.change_cart(catalogue),
        }
    }

    fn change_cart(&mut self, catalogue: &Catalogue) -> Operation {
        let Some(cart) = self.cart.clone() else {
            return Operation::CreateCart { lines: self.random_lines(catalogue, 2) };
        };
        let skus = cart.lines.keys().cloned().collect::<Vec<_>>();
        let choice = self.random.random_range(0..10);
        if skus.is_empty() || (choice < 3 && skus.len() < LINES_MAX) {
            let quantity = self.random.random_range(1..=QUANTITY_MAX);
            return Operation::AddLine { cart: cart.id, sku: self.random_sku(catalogue), quantity };
        }
        match choice {
            3 => {
                let quantity = self.random.random_range(1..=QUANTITY_MAX);
                Operation::UpdateLine { cart: cart.id, sku: self.choose(&skus).clone(), quantity }
            }
            4 if skus.len() > 1 => {
                Operation::RemoveLine { cart: cart.id, sku: self.choose(&skus).clone() }
            }
            _ => {
                let (email, token) = (self.unique_email(), *self.choose(&TOKENS));
                Operation::Checkout { cart: cart.id, lines: cart.lines, email, token }
            }
        }
    }

    fn place_order(&mut self, catalogue: &Catalogue) -> Operation {
        let (email, token) = (self.unique_email(), *self.choose(&TOKENS));
        Operation::PlaceOrder { lines: self.random_lines(catalogue, LINES_MAX), email, token }
    }

    fn refund(&mut self) -> Operation {
        let index = self.random.random_range(0..self.orders.len());
        let (order, skus) = {
            let order = &self.orders[index];
            (order.id.clone(), order.lines.keys().cloned().collect::<Vec<_>>())
        };
        let target = if self.random.random_bool(0.5) {
            RefundTarget::Amount(self.random.random_range(1..=900))
        } else {
            RefundTarget::Unit(self.choose(&skus).clone())
        };
        Operation::Refund { order, reason: self.unique_name("refund"), target }
    }

    fn cancel_order(&mut self) -> Operation {
        let index = self.random.random_range(0..self.orders.len());
        Operation::CancelOrder {
            order: self.orders[index].id.clone(),
            reason: self.unique_name("cancel"),
        }
    }

    fn receive_stock(&mut self, catalogue: &Catalogue) -> Operation {
        let (sku, quantity) =
            (self.choose(&catalogue.scarce).clone(), self.random.random_range(1..=8));
        Operation::ReceiveStock { sku, quantity, reason: self.unique_name("receipt") }
    }

    fn random_lines(&mut self, catalogue: &Catalogue, lines_max: usize) -> Lines {
        let count = self.random.random_range(1..=lines_max);
        let line = |customer: &mut Self| {
            (customer.random_sku(catalogue), customer.random.random_range(1..=QUANTITY_MAX))
        };
        (0..count).map(|_| line(self)).collect()
    }

    fn random_sku(&mut self, catalogue: &Catalogue) -> String {
        let skus =
            if self.random.random_bool(0.2) { &catalogue.scarce } else { &catalogue.plentiful };
        self.choose(skus).clone()
    }

    fn unique_email(&mut self) -> String {
        format!("{}@example.com", self.unique_name("buyer"))
    }
}
