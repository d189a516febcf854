//! What a customer wants next.

use super::{Customer, Goods};
use crate::wish::{Lines, Refunded, Wish};
use rand::Rng;

/// What payments come to, each as often as it stands here.
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
/// More than that nobody puts into a cart.
const LINES_MAX: usize = 4;
const QUANTITY_MAX: i64 = 3;

impl Customer {
    pub(super) fn next_wish(&mut self, goods: &Goods) -> Wish {
        let waiting = self.orders.iter().find(|order| order.action.is_some());
        if let Some((order, payment)) =
            waiting.and_then(|order| Some((order.id.clone(), order.action.clone()?)))
            && self.random.random_bool(0.3)
        {
            let outcome = if self.random.random_bool(0.7) { "approve" } else { "decline" };
            return Wish::Act { order, payment, outcome };
        }
        match self.random.random_range(0..100) {
            0..6 => self.receipt(goods),
            6..16 => self.order_at_once(goods),
            16..28 if !self.orders.is_empty() => self.refund(),
            28..34 if !self.orders.is_empty() => self.cancellation(),
            _ => self.shopping(goods),
        }
    }

    fn shopping(&mut self, goods: &Goods) -> Wish {
        let Some(cart) = self.cart.clone() else {
            return Wish::NewCart { lines: self.some_lines(goods, 2) };
        };
        let there = cart.lines.keys().cloned().collect::<Vec<_>>();
        let change = self.random.random_range(0..10);
        if there.is_empty() || (change < 3 && there.len() < LINES_MAX) {
            let quantity = self.random.random_range(1..=QUANTITY_MAX);
            return Wish::AddLine { cart: cart.id, sku: self.article(goods), quantity };
        }
        match change {
            3 => {
                let quantity = self.random.random_range(1..=QUANTITY_MAX);
                Wish::ChangeLine { cart: cart.id, sku: self.one_of(&there).clone(), quantity }
            }
            4 if there.len() > 1 => {
                Wish::RemoveLine { cart: cart.id, sku: self.one_of(&there).clone() }
            }
            _ => {
                let (email, token) = (self.email(), *self.one_of(&TOKENS));
                Wish::Checkout { cart: cart.id, lines: cart.lines, email, token }
            }
        }
    }

    fn order_at_once(&mut self, goods: &Goods) -> Wish {
        let (email, token) = (self.email(), *self.one_of(&TOKENS));
        Wish::OrderAtOnce { lines: self.some_lines(goods, LINES_MAX), email, token }
    }

    fn refund(&mut self) -> Wish {
        let at = self.random.random_range(0..self.orders.len());
        let (order, skus) = {
            let order = &self.orders[at];
            (order.id.clone(), order.lines.keys().cloned().collect::<Vec<_>>())
        };
        let what = if self.random.random_bool(0.5) {
            Refunded::Sum(self.random.random_range(1..=900))
        } else {
            Refunded::Unit(self.one_of(&skus).clone())
        };
        Wish::Refund { order, reason: self.fresh_word("refund"), what }
    }

    fn cancellation(&mut self) -> Wish {
        let at = self.random.random_range(0..self.orders.len());
        Wish::Cancel { order: self.orders[at].id.clone(), reason: self.fresh_word("cancel") }
    }

    fn receipt(&mut self, goods: &Goods) -> Wish {
        let (sku, quantity) = (self.one_of(&goods.scarce).clone(), self.random.random_range(1..=8));
        Wish::Receive { sku, quantity, reason: self.fresh_word("receipt") }
    }

    fn some_lines(&mut self, goods: &Goods, most: usize) -> Lines {
        let count = self.random.random_range(1..=most);
        let line = |customer: &mut Self| {
            (customer.article(goods), customer.random.random_range(1..=QUANTITY_MAX))
        };
        (0..count).map(|_| line(self)).collect()
    }

    fn article(&mut self, goods: &Goods) -> String {
        let articles = if self.random.random_bool(0.2) { &goods.scarce } else { &goods.plenty };
        self.one_of(articles).clone()
    }

    fn email(&mut self) -> String {
        format!("{}@example.com", self.fresh_word("buyer"))
    }
}
