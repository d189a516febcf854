//! Erasure beside what goes on meanwhile: checkouts under way, restored backups, repetitions, deferred and failing erasures.

use super::{
    customer_erasure::EMAIL,
    http::{HttpFixture, order_body},
    test_world::{ORDER, Process, TestWorld, checkout},
};
use crate::{
    adapters::customer_keys::CustomerKeys,
    application::{
        checkout_input::{CheckoutInput, checkout_id},
        erase_customer::ErasureOutcome,
    },
    domain::{
        events::{Customer, Placed},
        order::{Order, OrderCommand},
    },
    ports::{
        customers::{Customers, ErasureStage},
        order_index::{OrderFilter, OrderIndex, OrderPage},
    },
    wiring::wire,
};
use async_trait::async_trait;
use identifiers::{OrderId, SagaId};
use kernel::{Clock, Problem, Timestamp, Uuid};
use saga::failure_matrix::CrashPoints;
use serde_json::json;
use std::sync::Arc;
use storage::{StorageError, Write};

/// World with a checkout that has begun and waits for the carts.
async fn world_with_a_checkout_under_way() -> (TestWorld, Process) {
    let world = TestWorld::new();
    let process = world.start().await;
    world.carts.lock().is_down = true;
    let begun = process.use_cases.place.execute(checkout(&world, "success")).await;
    assert!(begun.is_err(), "it has not placed an order yet");
    (world, process)
}

#[tokio::test(start_paused = true)]
async fn a_checkout_that_is_under_way_or_resumed_does_not_survive_the_erasure() {
    for is_restarted in [false, true] {
        let (world, process) = world_with_a_checkout_under_way().await;
        assert_eq!(
            process.use_cases.erase.execute(EMAIL).await.unwrap(),
            ErasureOutcome::default()
        );
        assert_eq!(world.personal_fields().await, [""; 0]);
        let process = if is_restarted {
            process.kill();
            world.start().await
        } else {
            process
        };
        world.carts.lock().is_down = false;
        let id = checkout_id(ORDER).into();
        process.use_cases.place.checkouts.wake_and_settle(id).await;
        assert!(process.use_cases.read.now(ORDER).await.is_err(), "{is_restarted}");
        assert!(process.use_cases.list.sagas(None, None).is_empty(), "it has ended");
        assert_eq!(world.personal_fields().await, [""; 0]);
        world.is_clean().unwrap();
        // Who orders again is somebody else.
        let new =
            CheckoutInput { order_id: OrderId(Uuid::from_u128(9)), ..checkout(&world, "success") };
        let placed = process.use_cases.place.execute(new).await.unwrap();
        assert_eq!(placed.order.placed.email, EMAIL);
    }
}

#[tokio::test(start_paused = true)]
async fn a_checkout_does_not_survive_a_request_that_is_deferred_either() {
    let fixture = HttpFixture::open().await;
    let (_, open) = fixture.post("/api/v1/orders", "k1", order_body(1)).await;
    fixture.world.carts.lock().is_down = true;
    assert_eq!(fixture.checkout("k2", "success").await.0, 503);
    assert_eq!(fixture.erase().await.open, [1_000_001]);
    let fixture = fixture.reopened().await;
    fixture.world.carts.lock().is_down = false;
    for saga in fixture.process.use_cases.list.sagas(None, None) {
        let _ = fixture.process.use_cases.list.retry(SagaId(saga.id)).await;
    }
    let (_, page) = fixture.get("/api/v1/orders?email=ada@example.com").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "the open one alone");
    assert_eq!(page["items"][0]["id"], open["id"]);
}

#[tokio::test(start_paused = true)]
async fn an_order_from_before_the_encryption_is_erased_when_a_backup_brings_it_back() {
    let fixture = HttpFixture::open().await;
    let order = fixture.completed_order().await;
    let id = order["id"].as_str().unwrap().parse().unwrap();
    let placed = fixture.process.use_cases.read.now(id).await.unwrap().order.placed.clone();
    fixture.erase().await;
    // What an earlier release stored, in clear: with the pseudonyms came the encryption.
    let orders = Arc::clone(&fixture.process.use_cases.read.orders);
    let [ended, open] = [1, 2].map(|number| OrderId(Uuid::from_u128(number)));
    for (id, number) in [(ended, 71), (open, 72)] {
        let former =
            Placed { customer: None, number, sequence: Some(number), ..Placed::clone(&placed) };
        orders.create(id, &OrderCommand::Place(Arc::new(former))).await.unwrap();
    }
    let cancel = OrderCommand::Cancel { reason: "test".to_owned() };
    orders.execute(ended, &cancel).await.unwrap();
    let email = async |fixture: &HttpFixture, id: OrderId| {
        let found = fixture.process.use_cases.read.now(id).await.unwrap();
        (found.order.placed.email.clone(), found.version)
    };
    assert_eq!(email(&fixture, ended).await.0, EMAIL);

    let fixture = fixture.reopened().await;
    assert_eq!(email(&fixture, ended).await.0, "", "before anything is served");
    assert_eq!(email(&fixture, open).await.0, EMAIL, "it still needs them");
    fixture.process.use_cases.read.orders.execute(open, &cancel).await.unwrap();
    fixture.process.use_cases.erase.advance_all().await;
    let erased = email(&fixture, open).await;
    assert_eq!(erased.0, "");
    fixture.process.use_cases.erase.advance_all().await;
    assert_eq!(email(&fixture, open).await, erased, "once");
}

#[tokio::test(start_paused = true)]
async fn whoever_has_left_nothing_costs_no_key_and_an_attempt_without_an_order_is_something() {
    let fixture = HttpFixture::open().await;
    let keys = fixture.world.storage().subject_keys;
    assert_eq!(fixture.erase().await, ErasureOutcome::default());
    assert!(keys.erasures().is_empty(), "nobody knew them");
    let mut body = order_body(1);
    body["expected_total"] = json!({"amount": 1, "currency": "EUR"});
    assert_eq!(fixture.post("/api/v1/orders", "k1", body).await.1["code"], "price_changed");
    assert_ne!(fixture.world.personal_fields().await, [""; 0], "the checkout is in the journal");
    let fixture = fixture.reopened().await;
    for _ in 0..2 {
        fixture.erase().await;
        assert_eq!(keys.erasures().len(), 1);
    }
    assert_eq!(fixture.world.personal_fields().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_list_by_e_mail_has_the_orders_of_a_deferred_erasure_page_by_page() {
    let fixture = HttpFixture::open().await;
    for key in ["k1", "k2"] {
        fixture.post("/api/v1/orders", key, order_body(1)).await;
    }
    assert_eq!(fixture.erase().await.open, [1_000_002, 1_000_001]);
    for key in ["k3", "k4"] {
        assert_eq!(fixture.post("/api/v1/orders", key, order_body(1)).await.0, 201);
    }
    for limit in 1..=4 {
        let (mut numbers, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/orders?email=ada@example.com&limit={limit}{cursor}");
            let (status, page) = fixture.get(&path).await;
            assert_eq!(status, 200, "{page}");
            let items = page["items"].as_array().unwrap().iter();
            numbers.extend(items.map(|item| item["number"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(numbers, ["1000004", "1000003", "1000002", "1000001"], "{limit}");
    }
    assert_eq!(fixture.get("/api/v1/orders?email=ada@example.com&cursor=x").await.0, 400);
}

/// Index that cannot be read for one customer.
struct DamagedIndex {
    index: Arc<dyn OrderIndex>,
    damaged: Customer,
}

#[async_trait]
impl OrderIndex for DamagedIndex {
    fn writes(&self, id: OrderId, order: &Order) -> Vec<Write> {
        self.index.writes(id, order)
    }

    async fn page(&self, filter: OrderFilter) -> Result<OrderPage, Problem> {
        if filter.customers.contains(&self.damaged) {
            return Err(Problem::internal());
        }
        self.index.page(filter).await
    }

    async fn highest_sequence(&self) -> Result<u64, StorageError> {
        self.index.highest_sequence().await
    }
}

#[tokio::test(start_paused = true)]
async fn an_erasure_that_fails_keeps_no_other_waiting() {
    let world = TestWorld::new();
    let customers = CustomerKeys::of(&world.storage());
    let [one, other, due] = ["ada", "grace", "eve"].map(|name| customers.current(name));
    for damaged in [one, other] {
        let world = TestWorld::new();
        let mut dependencies =
            world.dependencies(world.storage().journal, &CrashPoints::never(), Arc::new(drop));
        let index = Arc::clone(&dependencies.order_index);
        dependencies.order_index = Arc::new(DamagedIndex { index, damaged });
        for customer in [one, other] {
            dependencies.customers.request(customer).await.unwrap();
        }
        let until = ErasureStage::RetainedUntil(Timestamp::UNIX_EPOCH);
        dependencies.customers.advance(due, until).await.unwrap();
        let customers = Arc::clone(&dependencies.customers);
        wire(dependencies).await.unwrap();
        assert_eq!(customers.requested(), [damaged]);
        assert!(customers.due(world.clock.now()).is_empty());
    }
}
