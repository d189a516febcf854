//! Contract suite, run three ways: typed, over the wire in process on a bad day, and over the network.

use crate::{TestService, counts, hold_id, lines, new_hold};
use contracts::{
    inventory::{
        COUNTS_MAX, HOLD_LINES_MAX, HOLD_SECONDS_MAX, HoldStatus, Inventory, NewHold, Restock,
    },
    shared::Sku,
};
use serde_json::json;
use testkit::{code, problem};

fn restock(of: &[(&str, i64)]) -> Restock {
    Restock { lines: lines(of), reason: "did not fit".to_owned() }
}

async fn counts_and_holds(service: &TestService, inventory: &dyn Inventory) {
    let opening = counts(&[("A", 10), ("b", 10), ("c", 0)]);
    let stock = inventory.count(opening.clone()).await.unwrap();
    let stock: Vec<_> =
        stock.items.iter().map(|it| (it.sku.as_str(), it.on_hand, it.available)).collect();
    assert_eq!(stock, [("A", 10, 10), ("b", 10, 10), ("c", 0, 0)]);

    let place = async |number, of: &[(&str, i64)]| {
        inventory.hold(hold_id(number), new_hold(number, of)).await
    };
    let held = place(1, &[("a", 3), ("B", 2)]).await.unwrap();
    assert_eq!((held.id, held.status), (hold_id(1), HoldStatus::Held));
    assert_eq!(place(1, &[("B", 2), ("A", 3)]).await.unwrap(), held);
    assert_eq!(service.units("a").await, (10, 3, 7));
    assert_eq!(code(place(1, &[("a", 3)]).await), "id_reused");
    let short = problem(place(2, &[("b", 1), ("a", 8)]).await);
    assert_eq!((short.status, short.code.as_str()), (409, "out_of_stock"));
    assert_eq!((short.subject.as_deref(), &short.facts["available"]), (Some("a"), &json!(7)));
    assert_eq!(service.units("b").await, (10, 2, 8), "all lines or none");

    let skus: Vec<Sku> = ["B", "x", "a"].map(|sku| Sku::parse(sku).unwrap()).into();
    let stock = inventory.stock(skus.clone()).await.unwrap();
    let stock: Vec<_> =
        stock.items.iter().map(|it| (it.sku.as_str(), it.on_hand, it.held)).collect();
    assert_eq!(stock, [("b", 10, 2), ("x", 0, 0), ("A", 10, 3)], "in the order asked for");
    let many = vec![Sku::parse("a").unwrap(); HOLD_LINES_MAX + 1];
    let refused = problem(inventory.stock(many.clone()).await);
    assert_eq!(refused.errors[0].field, "skus");
}

async fn sells_and_returns(service: &TestService, inventory: &dyn Inventory) {
    for _ in 0..2 {
        let sold = inventory.commit(hold_id(1)).await.unwrap();
        assert_eq!(sold.status, HoldStatus::Committed);
    }
    assert_eq!(service.units("a").await, (7, 0, 7));
    let take_back = async |reference: &str, of: &[(&str, i64)]| {
        inventory.restock(hold_id(1), reference.to_owned(), restock(of)).await
    };
    take_back("return 1", &[("A", 2)]).await.unwrap();
    take_back("return 1", &[("a", 2)]).await.unwrap();
    assert_eq!(service.units("a").await, (9, 0, 9));
    let again = problem(take_back("return 2", &[("a", 2)]).await);
    assert_eq!((again.code.as_str(), &again.facts["returnable"]), ("not_sold", &json!(1)));
    assert_eq!(code(take_back("return 1", &[("a", 1)]).await), "id_reused");

    for _ in 0..2 {
        inventory.release(hold_id(1)).await.unwrap();
    }
    assert_eq!((service.units("a").await, service.units("b").await), ((10, 0, 10), (10, 0, 10)));
    let ended = new_hold(1, &[("a", 3), ("b", 2)]);
    let ended = problem(inventory.hold(hold_id(1), ended.clone()).await);
    assert_eq!(ended.code.as_str(), "hold_ended");
    // A hold released before it was placed cannot be placed.
    inventory.release(hold_id(3)).await.unwrap();
    let late = problem(inventory.hold(hold_id(3), new_hold(3, &[("a", 1)])).await);
    assert_eq!(late.code.as_str(), "hold_ended");
    let unknown = problem(inventory.commit(hold_id(9)).await);
    assert_eq!((unknown.status, unknown.code.as_str()), (404, "not_found"));
}

async fn refuses_invalid_arguments(service: &TestService, inventory: &dyn Inventory) {
    let many: Vec<String> = (0..=COUNTS_MAX).map(|number| format!("sku-{number}")).collect();
    let many: Vec<(&str, i64)> = many.iter().map(|name| (name.as_str(), 1)).collect();
    let for_seconds = |seconds| NewHold { expires_in_seconds: seconds, ..new_hold(4, &[("a", 1)]) };
    for (new, field) in [
        (new_hold(4, &[]), "lines"),
        (new_hold(4, &many[..=HOLD_LINES_MAX]), "lines"),
        (new_hold(4, &[("", 1)]), "lines[0].sku"),
        (new_hold(4, &[("a", 1), (" b", 1)]), "lines[1].sku"),
        (new_hold(4, &[("a", 1), ("A", 1)]), "lines[1].sku"),
        (new_hold(4, &[("a", 0)]), "lines[0].quantity"),
        (new_hold(4, &[("a", -1)]), "lines[0].quantity"),
        (new_hold(4, &[("a", i64::MAX)]), "lines[0].quantity"),
        (for_seconds(0), "expires_in_seconds"),
        (for_seconds(HOLD_SECONDS_MAX + 1), "expires_in_seconds"),
    ] {
        let refused = problem(inventory.hold(hold_id(4), new.clone()).await);
        assert_eq!((refused.status, &*refused.errors[0].field), (422, field));
    }
    for (counted, field) in [
        (counts(&many), "counts"),
        (counts(&[("a", 1), ("b", -1)]), "counts[1].on_hand"),
        (counts(&[("a", 1), ("\t", 1)]), "counts[1].sku"),
    ] {
        let refused = problem(inventory.count(counted.clone()).await);
        assert_eq!((refused.status, &*refused.errors[0].field), (422, field));
    }
    let wordy = Restock { reason: "x".repeat(501), ..restock(&[("a", 1)]) };
    let long = "r".repeat(201);
    for (reference, back, field) in [
        ("", restock(&[("a", 1)]), "reference"),
        (&*long, restock(&[("a", 1)]), "reference"),
        ("r", restock(&[]), "lines"),
        ("r", wordy, "reason"),
    ] {
        let refused = inventory.restock(hold_id(1), reference.to_owned(), back).await;
        let refused = problem(refused);
        assert_eq!((refused.status, &*refused.errors[0].field), (422, field));
    }
    assert_eq!((service.units("a").await, service.units("b").await), ((10, 0, 10), (10, 0, 10)));
}

/// What the inventory promises, whichever way it is called.
async fn keeps_its_contract(service: &TestService, inventory: &dyn Inventory) {
    counts_and_holds(service, inventory).await;
    sells_and_returns(service, inventory).await;
    refuses_invalid_arguments(service, inventory).await;
}

#[tokio::test]
async fn typed() {
    let service = TestService::start().await;
    keeps_its_contract(&service, &*service.inventory).await;
}

#[tokio::test]
async fn over_the_wire_in_process_on_a_bad_day() {
    for seed in 0..6 {
        let service = TestService::start().await;
        let inventory = service.over_lossy_wire::<dyn Inventory>(seed);
        keeps_its_contract(&service, &*inventory).await;
    }
}

#[tokio::test]
async fn over_the_network() {
    let service = TestService::start().await;
    keeps_its_contract(&service, &*service.over_network::<dyn Inventory>().await).await;
}
