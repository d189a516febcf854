//! Checkout saga: create the order, hold stock, authorise the payment, confirm, close the cart. Steps that are free to
//! undo come first; the bank is not called before the stock is held.

use super::{
    checkout_input::CheckoutInput,
    saga_dependencies::SagaDependencies,
    steps::{
        authorise_payment::AuthorisePayment, close_cart::CloseCart, confirm_order::ConfirmOrder,
        create_order::CreateOrder, hold_stock::HoldStock, time_limit::TimeLimit,
    },
};
use saga::Saga;
use std::{sync::Arc, time::Duration};

/// Name of the saga, which is stored.
pub(crate) const NAME: &str = "checkout";

/// Saga of a checkout that waits for its payment, or for a service that does not respond, until its deadline: after
/// `wait_max` where it has none. Its stock is held for `hold`, or until the deadline of a prepayment.
pub(crate) fn checkout_saga(
    dependencies: &SagaDependencies,
    wait_max: Duration,
    hold: Duration,
) -> Saga<CheckoutInput> {
    let SagaDependencies { orders, carts, stock, payments, unpaid } = dependencies.clone();
    let create = CreateOrder { orders: Arc::clone(&orders), carts: Arc::clone(&carts) };
    let hold = HoldStock { orders: Arc::clone(&orders), stock: Arc::clone(&stock), lifetime: hold };
    let authorise = AuthorisePayment {
        orders: Arc::clone(&orders),
        carts: Arc::clone(&carts),
        stock: Arc::clone(&stock),
        payments: Arc::clone(&payments),
        unpaid: Arc::clone(&unpaid),
        wait_max,
    };
    let confirm = ConfirmOrder { orders: Arc::clone(&orders), stock, payments, unpaid };
    Saga::new(
        NAME,
        vec![
            Arc::new(TimeLimit {
                step: create,
                orders: Arc::clone(&orders),
                elapsed_max: wait_max,
            }),
            Arc::new(TimeLimit { step: hold, orders: Arc::clone(&orders), elapsed_max: wait_max }),
            Arc::new(TimeLimit { step: authorise, orders, elapsed_max: wait_max }),
            Arc::new(confirm),
            Arc::new(CloseCart { carts }),
        ],
    )
}
