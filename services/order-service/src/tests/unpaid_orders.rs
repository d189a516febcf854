//! Limits of unpaid orders: per client, and as a share of a SKU.

use super::{
    domain::{SampleLine, order_of},
    test_world::{CART, ORDER, TestWorld, checkout},
};
use crate::application::unpaid_orders::{UnpaidLimits, UnpaidOrders};
use identifiers::OrderId;
use kernel::Uuid;

fn id(number: u128) -> OrderId {
    OrderId(Uuid::from_u128(number))
}

fn client(number: u128) -> Vec<Uuid> {
    vec![Uuid::from_u128(number)]
}

fn units(quantity: i64) -> crate::domain::order::Order {
    order_of(&[SampleLine { sku: "L1", quantity, paid: 1_000, tax: 0 }], 0, 0)
}

#[test]
fn a_client_has_so_many_unpaid_orders_and_others_are_not_affected() {
    let limits = UnpaidLimits { orders_max: 2, share_percent_max: 100, units_min: 0 };
    let unpaid = UnpaidOrders::new(limits);
    let admit = |number, who: &[Uuid]| unpaid.admit(id(number), who, &units(1), &[100]);
    for number in [1, 2] {
        admit(number, &client(7)).unwrap();
        admit(number, &client(7)).unwrap();
    }
    assert_eq!(admit(3, &client(7)).unwrap_err().code.as_str(), "unpaid_orders_limit");
    assert!(admit(3, &[client(8), client(7)].concat()).is_err(), "visitor and address both count");
    admit(4, &client(8)).unwrap();
    for number in 10..20 {
        admit(number, &[]).unwrap();
    }
    unpaid.remove(id(1));
    admit(3, &client(7)).unwrap();
}

#[test]
fn unpaid_orders_hold_no_more_than_their_share_of_a_sku() {
    let limits = UnpaidLimits { orders_max: 100, share_percent_max: 50, units_min: 10 };
    for (on_hand, quantities, admitted) in [
        // Few units: up to 10 of them whatever their share.
        (4, vec![4], 1),
        (12, vec![9, 1, 1], 2),
        // Many units: half of them.
        (1_000, vec![400, 100, 1], 2),
        (1_000, vec![501], 0),
        (100_000, vec![100_000], 0),
    ] {
        let unpaid = UnpaidOrders::new(limits);
        let mut count = 0;
        for (index, quantity) in quantities.iter().enumerate() {
            let number = index as u128;
            match unpaid.admit(id(number), &client(number), &units(*quantity), &[on_hand]) {
                Ok(()) => count += 1,
                Err(problem) => {
                    assert_eq!(problem.code.as_str(), "unpaid_share_limit");
                    assert_eq!(problem.subject.as_deref(), Some("L1"));
                }
            }
        }
        assert_eq!(count, admitted, "{on_hand} on hand, {quantities:?}");
    }
}

#[tokio::test]
async fn a_refused_order_leaves_nothing_behind_and_a_paid_one_makes_room() {
    let mut world = TestWorld::new();
    world.unpaid = UnpaidLimits { orders_max: 1, share_percent_max: 100, units_min: 0 };
    let process = world.start().await;
    let input = |order, token| {
        let mut input = checkout(&world, token);
        input.order_id = order;
        input.clients = client(7);
        input
    };
    let place = &process.use_cases.place;
    place.execute(input(ORDER, "slow")).await.unwrap();
    let lines = |order: OrderId| {
        let mut other = input(order, "act");
        other.source = crate::application::checkout_input::CheckoutSource::Lines {
            lines: vec![(super::test_world::sku("MUG"), 1)],
            currency: None,
        };
        other
    };
    let refused = place.execute(lines(id(2))).await.unwrap_err();
    assert_eq!(kernel::Problem::from(refused).code.as_str(), "unpaid_orders_limit");
    world.stock.lock().has_units(10, 2).unwrap();
    process
        .use_cases
        .receive
        .checkouts
        .wake_and_settle(crate::application::checkout_input::checkout_id(ORDER).into())
        .await;
    world.carts.lock().is_ordered(CART, ORDER).unwrap();
    place.execute(lines(id(3))).await.unwrap();
}
