//! The checkout: place, hold, authorise, confirm, close the cart. What costs nothing to undo comes first; nothing is
//! asked of a bank before the goods are set aside.

use super::{
    checkout_case::CheckoutCase,
    orders::Orders,
    steps::{
        authorise::Authorise, close_cart::CloseCart, confirm::Confirm, hold::Hold, in_time::InTime,
        place::Place,
    },
};
use crate::ports::{carts::Carts, payments::Payments, stock::Stock};
use saga::Saga;
use std::{sync::Arc, time::Duration};

/// Whom the sagas over orders talk to.
#[derive(Clone)]
pub(crate) struct Others {
    pub(crate) orders: Arc<Orders>,
    pub(crate) carts: Arc<dyn Carts>,
    pub(crate) stock: Arc<dyn Stock>,
    pub(crate) payments: Arc<dyn Payments>,
}

/// The steps of a checkout that waits for its payment, or for somebody's answer, no longer than `wait_max`.
pub(crate) fn checkout_saga(others: &Others, wait_max: Duration) -> Saga<CheckoutCase> {
    let Others { orders, carts, stock, payments } = others.clone();
    let place = Place { orders: Arc::clone(&orders), carts: Arc::clone(&carts) };
    let hold = Hold { orders: Arc::clone(&orders), stock: Arc::clone(&stock) };
    let authorise =
        Authorise { orders: Arc::clone(&orders), payments: Arc::clone(&payments), wait_max };
    let confirm = Confirm { orders: Arc::clone(&orders), stock, payments };
    Saga::new(
        "checkout",
        vec![
            Arc::new(InTime { step: place, orders: Arc::clone(&orders), tried_max: wait_max }),
            Arc::new(InTime { step: hold, orders: Arc::clone(&orders), tried_max: wait_max }),
            Arc::new(InTime { step: authorise, orders, tried_max: wait_max }),
            Arc::new(confirm),
            Arc::new(CloseCart { carts }),
        ],
    )
}
