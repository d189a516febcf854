//! The whole shop, as processes, through its HTTP API: each behaviour in three topologies, the invariants checked
//! after each.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod behaviours;
mod client;
mod goods;
mod invariants;
mod shop;

use shop::{Shop, Topology};

/// Runs each behaviour with all services in one process, in two, and in one process each.
macro_rules! in_every_topology {
    ($($module:ident :: $behaviour:ident $(with $name:literal = $value:literal)?),* $(,)?) => { $(
        mod $behaviour {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn together() {
                behaves(Topology::Together).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_halves() {
                behaves(Topology::Halves).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn one_process_each() {
                behaves(Topology::Each).await;
            }

            async fn behaves(topology: Topology) {
                let shop = Shop::start(topology, &[$(($name, $value))?]).await;
                behaviours::$module::$behaviour(&shop).await;
                invariants::hold(&shop).await;
                shop.stop().await;
            }
        }
    )* };
}

in_every_topology! {
    buying::a_guest_buys_two_articles,
    buying::a_declined_card_leaves_the_cart_open_and_nothing_held,
    buying::an_order_of_one_request_is_placed_at_todays_prices,
    buying::a_changed_total_is_refused_and_nothing_is_charged,
    buying::a_thousand_lines_are_one_order,
    stock::the_last_unit_is_sold_once,
    stock::fifty_units_make_fifty_orders_of_two_hundred_buyers,
    payments::webhooks_and_answers_in_every_order_make_one_order,
    payments::a_payment_that_waits_for_the_customer_is_a_state,
    refunds::concurrent_refunds_never_exceed_what_was_captured,
    refunds::a_refunded_order_can_be_cancelled_with_correct_stock,
    fulfilling::money_is_taken_when_the_goods_leave with "ORDER_SERVICE__CAPTURE" = "at_fulfilment",
    repeats::a_repeated_key_gets_the_same_bytes,
    repeats::twenty_checkouts_with_one_key_are_one_order,
    catalogue::an_archived_product_leaves_carts_and_orders_readable,
    catalogue::two_thousand_variants_are_one_product,
    pages::pages_are_reached_through_the_gateway,
    operators::parked_messages_of_every_consumer_are_in_reach,
    input::bad_input_is_refused_by_name,
    crashes::what_was_acknowledged_is_there_once_after_a_kill,
    crashes::any_one_service_may_die_at_any_time,
}
