//! End-to-end system tests: the shop as processes, through its HTTP API. Each behaviour runs with all services in one process, on the embedded engine and
//! on PostgreSQL, and in a process each; some with read models in MongoDB and with each message bus. With the feature `all-topologies`, all of them run in
//! every topology. The invariants are checked after each.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue should say where")]

mod behaviours;
mod client;
mod fixtures;
#[cfg(feature = "postgres")]
mod instances;
mod invariants;
#[cfg(feature = "postgres")]
mod logins;
mod servers;
mod shop;

use shop::{TestShop, Topology};

/// Tests of the behaviour of a module in topologies, where the program has their engines.
macro_rules! topologies {
    ($($test:ident: $topology:ident if $condition:meta),* $(,)?) => { $(
        #[cfg($condition)]
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            run_behaviour(Topology::$topology).await;
        }
    )* };
}

/// Runs each behaviour in every topology that is tested on each change, or in all.
macro_rules! in_every_topology {
    ($($module:ident :: $behaviour:ident $(with $name:literal = $value:literal)?),* $(,)?) => { $(
        mod $behaviour {
            use super::*;

            topologies! {
                single_process: SingleProcess if all(),
                process_per_service: ProcessPerService if all(),
                single_process_on_postgres: SingleProcessOnPostgres if feature = "postgres",
                two_processes: TwoProcesses if feature = "all-topologies",
                process_per_service_on_postgres: ProcessPerServiceOnPostgres if feature = "all-topologies",
                two_per_service_on_postgres: TwoPerServiceOnPostgres if feature = "all-topologies",
            }

            #[cfg(feature = "all-topologies")]
            mod beside_servers {
                use super::*;

                beside_each_server!();
            }

            async fn run_behaviour(topology: Topology) {
                let shop = TestShop::start(topology, &[$(($name, $value))?]).await;
                behaviours::$module::$behaviour(&shop).await;
                invariants::check(&shop).await;
                shop.stop().await;
            }
        }
    )* };
}

/// Tests with each server that a shop in one process may have beside it.
#[cfg(any(feature = "kafka", feature = "mongodb", feature = "rabbitmq", feature = "redis"))]
macro_rules! beside_each_server {
    () => {
        topologies! {
            single_process_with_kafka: SingleProcessWithKafka if feature = "kafka",
            single_process_with_mongo: SingleProcessWithMongo if feature = "mongodb",
            single_process_with_rabbitmq: SingleProcessWithRabbitMq if feature = "rabbitmq",
            single_process_with_redis_streams: SingleProcessWithRedisStreams if feature = "redis",
        }
    };
}

/// Runs each behaviour with each of these servers: those that a bus or read models elsewhere may change.
#[cfg(all(
    not(feature = "all-topologies"),
    any(feature = "kafka", feature = "mongodb", feature = "rabbitmq", feature = "redis")
))]
mod beside_servers {
    use super::{TestShop, Topology, behaviours, invariants};

    macro_rules! behaviours {
        ($($module:ident :: $behaviour:ident),* $(,)?) => { $(
            mod $behaviour {
                use super::*;

                beside_each_server!();

                async fn run_behaviour(topology: Topology) {
                    let shop = TestShop::start(topology, &[]).await;
                    behaviours::$module::$behaviour(&shop).await;
                    invariants::check(&shop).await;
                    shop.stop().await;
                }
            }
        )* };
    }

    behaviours! {
        buying::a_guest_buys_two_products,
        stock::fifty_units_make_fifty_orders_of_two_hundred_buyers,
        payments::webhooks_and_responses_in_any_sequence_make_one_order,
        mails::an_order_has_one_mail_of_each_kind,
        erasing::a_person_is_exported_and_erased_and_stays_so_after_a_kill,
        catalogue::an_archived_product_leaves_carts_and_orders_readable,
        operators::parked_messages_of_every_consumer_are_reachable,
        operators::the_audit_trail_names_who_changed_something,
        crashes::acknowledged_orders_exist_exactly_once_after_a_kill,
    }
}

in_every_topology! {
    buying::a_guest_buys_two_products,
    buying::a_declined_card_leaves_the_cart_open_and_no_stock_held,
    buying::an_order_without_a_cart_is_placed_at_current_prices,
    buying::a_changed_total_is_rejected_and_nothing_is_charged,
    buying::a_thousand_lines_are_one_order,
    stock::the_last_unit_is_sold_once,
    stock::fifty_units_make_fifty_orders_of_two_hundred_buyers,
    payments::webhooks_and_responses_in_any_sequence_make_one_order,
    payments::a_payment_that_requires_customer_action_stays_pending,
    refunds::concurrent_refunds_never_exceed_the_captured_amount,
    refunds::a_refunded_order_can_be_cancelled_with_correct_stock,
    fulfilling::payment_is_captured_at_fulfilment with "ORDER_SERVICE__CAPTURE" = "at_fulfilment",
    mails::an_order_has_one_mail_of_each_kind,
    erasing::a_person_is_exported_and_erased_and_stays_so_after_a_kill,
    repeats::a_repeated_key_gets_the_same_bytes,
    repeats::twenty_checkouts_with_one_key_are_one_order,
    catalogue::an_archived_product_leaves_carts_and_orders_readable,
    catalogue::two_thousand_variants_are_one_product,
    pages::pages_are_reachable_through_the_gateway,
    pages::an_uploaded_picture_is_shown_on_the_page_of_its_product,
    operators::parked_messages_of_every_consumer_are_reachable,
    operators::the_audit_trail_names_who_changed_something,
    operators::a_stranger_cannot_call_a_service_of_a_fleet,
    input::invalid_input_is_rejected_with_a_problem,
    crashes::acknowledged_orders_exist_exactly_once_after_a_kill,
    crashes::any_single_service_may_be_killed_at_any_time,
}

/// Where the record of a mail is in another engine or another process; the bus carries what requests a mail, and is as in the behaviour above.
mod an_order_has_one_confirmation_whenever_the_process_is_killed {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn single_process() {
        run_behaviour(Topology::SingleProcess).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn process_per_service() {
        run_behaviour(Topology::ProcessPerService).await;
    }

    #[cfg(feature = "postgres")]
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn single_process_on_postgres() {
        run_behaviour(Topology::SingleProcessOnPostgres).await;
    }

    async fn run_behaviour(topology: Topology) {
        let shop = TestShop::start(topology, &[]).await;
        behaviours::mails::an_order_has_one_confirmation_whenever_the_process_is_killed(&shop)
            .await;
        invariants::check(&shop).await;
        shop.stop().await;
    }
}
