//! Read models of a running shop in MongoDB.

use super::with_mongodb;
use crate::program::{
    OPERATOR_TOKEN, icommerce, post, raw_exchange, shopper_get, shopper_post, start_shop, status,
    stop_shop,
};
use engine_mongodb::{MongoEngine, MongoOptions};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Output},
    time::Duration,
};
use storage::Collection;
use tempfile::TempDir;
use test_servers::{MongoDatabase, MongoServer, mongodb_libraries};
use tokio::time::Instant;

/// How long a read model may take to catch up.
const CATCH_UP_MAX: Duration = Duration::from_mins(3);

static EVENT_CHUNKS: Collection = Collection { name: "event_bundles", indexes: &[] };
static AVAILABILITY: Collection = Collection { name: "availability", indexes: &[] };
static INBOX: Collection = Collection { name: "inbox", indexes: &[] };

/// Shop in a data folder, with its read models in a database.
struct MongoShop<'a> {
    folder: &'a Path,
    url: &'a str,
    /// Its other settings.
    variables: &'a [(&'static str, String)],
}

impl MongoShop<'_> {
    fn command(&self) -> Command {
        let mut command = icommerce(self.folder);
        with_mongodb(&mut command, self.url);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    fn run<const N: usize>(&self, arguments: [&str; N]) -> String {
        let Output { status, stdout, stderr } = self.command().args(arguments).output().unwrap();
        assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// Runs the shop, and does something at its two edges.
    fn serve<T>(&self, work: impl FnOnce(&str, &str) -> T) -> T {
        let (child, [shop, operator]) = start_shop(self.command().arg("--no-demo"));
        let done = work(&shop, &operator);
        stop_shop(child);
        done
    }

    /// Number of the documents of a collection in the database.
    fn count(&self, service: &'static str, collection: &'static Collection) -> usize {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let options = MongoOptions::new(self.url).unwrap();
            let documents = MongoEngine::open(options).await.unwrap().documents(service);
            documents.scan(collection, None, 1_000).await.unwrap().len()
        })
    }
}

/// Creates a product with stock; returns its identifier.
fn create_product(operator: &str, name: &str) -> String {
    let price = json!({ "amount": 1_000, "currency": "EUR" });
    let variant = json!({ "sku": format!("SKU-{name}"), "price": price, "stock": 5 });
    let product = json!({ "name": name, "variants": [variant], "status": "active" });
    post(operator, "/api/v1/products", &product)["id"].as_str().unwrap().to_owned()
}

/// Waits until something holds.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < CATCH_UP_MAX, "{what}");
    }
}

/// Status and headers of the audit trail's answer, and its body.
fn audit(operator: &str) -> (String, String) {
    let token = format!("authorization: Bearer {OPERATOR_TOKEN}\r\n");
    let path = "/api/v1/audit?action=product.created&limit=200";
    let answer = raw_exchange(operator, "GET", path, &token, "");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// Waits until the audit trail names these products once each, and no other.
fn assert_audited(operator: &str, products: &[String]) {
    let mut wanted: Vec<_> = products.iter().map(|id| format!("product:{id}")).collect();
    wanted.sort();
    eventually("the audit trail catches up", || {
        let (head, body) = audit(operator);
        if !head.starts_with("HTTP/1.1 200") {
            return false;
        }
        let page: Value = serde_json::from_str(&body).unwrap();
        let items = page["items"].as_array().unwrap().iter();
        let mut found: Vec<_> =
            items.map(|activity| activity["subject"].as_str().unwrap().to_owned()).collect();
        found.sort();
        found == wanted
    });
}

/// Waits until the list shows so many products that are in stock.
fn assert_in_stock(shop: &str, count: usize) {
    eventually("the list knows what is in stock", || {
        let page = shopper_get(shop, "/api/v1/products?in_stock=true");
        let page: Value = serde_json::from_str(&page).unwrap();
        page["total"] == count
    });
}

/// Orders one unit of a product.
fn order(shop: &str, name: &str) -> Value {
    let lines = json!({ "lines": [{ "sku": format!("SKU-{name}"), "quantity": 1 }] });
    let cart = shopper_post(shop, "/api/v1/carts", &lines);
    let address = json!({
        "name": "Ada Example", "line1": "1 Main Street", "city": "Berlin", "postal_code": "10115", "country": "DE"
    });
    let checkout = json!({
        "email": "ada@example.com", "shipping_address": address, "payment": { "method": "test", "token": "success" }
    });
    let path = format!("/api/v1/carts/{}/checkout", cart["id"].as_str().unwrap());
    shopper_post(shop, &path, &checkout)
}

#[test]
fn read_models_lie_in_the_database_are_emptied_by_a_rebuild_and_come_back() {
    let (folder, database) = (TempDir::new().unwrap(), MongoDatabase::create().unwrap());
    let shop = MongoShop { folder: folder.path(), url: database.url(), variables: &[] };
    let mut products = Vec::new();
    shop.serve(|_, operator| {
        products.extend(["A", "B"].map(|name| create_product(operator, name)));
        assert_audited(operator, &products);
    });
    assert!(shop.count("audit-service", &EVENT_CHUNKS) > 0);
    assert!(shop.count("product-service", &AVAILABILITY) > 0);
    assert_eq!(shop.count("product-service", &INBOX), 1, "the position");
    assert_eq!(shop.count("order-service", &INBOX), 0, "its effects are in its journal");
    // With the same folder, the other half of the shop: nothing is read twice or forgotten.
    shop.serve(|edge, operator| {
        assert_in_stock(edge, 2);
        products.push(create_product(operator, "C"));
        assert_audited(operator, &products);
    });
    shop.run(["check"]);

    let rebuilt = shop.run(["rebuild", "audit-service"]);
    assert!(rebuilt.contains("event_bundles") && rebuilt.contains("emptied"), "{rebuilt}");
    assert_eq!(shop.count("audit-service", &EVENT_CHUNKS), 0);
    assert_eq!(shop.count("audit-service", &INBOX), 0);
    let rebuilt = shop.run(["rebuild", "product-service"]);
    assert!(rebuilt.contains("listings") && rebuilt.contains("availability"), "{rebuilt}");
    assert_eq!(shop.count("product-service", &AVAILABILITY), 0);
    shop.run(["check"]);
    shop.serve(|edge, operator| {
        assert_audited(operator, &products);
        assert_in_stock(edge, 3);
    });
}

#[test]
fn a_shop_moves_its_read_models_into_a_database_and_back() {
    let (folder, database) = (TempDir::new().unwrap(), MongoDatabase::create().unwrap());
    let shop = MongoShop { folder: folder.path(), url: database.url(), variables: &[] };
    let beside = |work: &mut dyn FnMut(&str, &str)| {
        let (child, [edge, operator]) = start_shop(icommerce(folder.path()).arg("--no-demo"));
        work(&edge, &operator);
        stop_shop(child);
    };
    let mut products = Vec::new();
    beside(&mut |_, operator| {
        products.push(create_product(operator, "A"));
        assert_audited(operator, &products);
    });
    shop.serve(|edge, operator| {
        products.push(create_product(operator, "B"));
        assert_audited(operator, &products);
        assert_in_stock(edge, 2);
    });
    beside(&mut |edge, operator| {
        products.push(create_product(operator, "C"));
        assert_audited(operator, &products);
        assert_in_stock(edge, 3);
    });
}

#[test]
fn a_restore_rebuilds_them_and_leaves_nothing_of_what_is_no_more() {
    let (place, database) = (TempDir::new().unwrap(), MongoDatabase::create().unwrap());
    let [folder, backup, restored] =
        ["data", "backup", "restored"].map(|name| place.path().join(name));
    let shop = MongoShop { folder: &folder, url: database.url(), variables: &[] };
    let kept = shop.serve(|_, operator| {
        let kept = vec![create_product(operator, "A")];
        assert_audited(operator, &kept);
        kept
    });
    shop.run(["backup", backup.to_str().unwrap()]);
    shop.serve(|edge, operator| {
        let lost = ["B", "C"].map(|name| create_product(operator, name));
        assert_audited(operator, &[&kept[..], &lost[..]].concat());
        assert_in_stock(edge, 3);
    });
    let shop = MongoShop { folder: &restored, ..shop };
    let nobody = MongoShop { url: "mongodb://127.0.0.1:1/shop", ..shop };
    let arguments = ["restore", "--without-keys", backup.to_str().unwrap()];
    let refused = crate::program::assert_fails(nobody.command().args(arguments), 3);
    assert!(refused.contains("storage.documents.url"), "{refused}");
    assert!(!restored.exists(), "nothing is restored without its read models");
    shop.run(arguments);
    assert_eq!(shop.count("audit-service", &EVENT_CHUNKS), 0);
    shop.run(["check"]);
    shop.serve(|edge, operator| {
        assert_in_stock(edge, 1);
        let new = create_product(operator, "D");
        assert_audited(operator, &[&kept[..], &[new]].concat());
        assert_in_stock(edge, 2);
    });
}

#[cfg(feature = "postgres")]
#[test]
fn a_shop_in_a_database_is_restored_with_its_read_models_in_another() {
    let (place, database) = (TempDir::new().unwrap(), MongoDatabase::create().unwrap());
    let [folder, backup, restored] =
        ["data", "backup", "restored"].map(|name| place.path().join(name));
    let storages = [(); 2].map(|()| test_servers::PostgresDatabase::create().unwrap());
    let [before, after] = storages.each_ref().map(|storage| {
        let engine = ("ICOMMERCE_STORAGE__ENGINE", "postgres".to_owned());
        [engine, ("ICOMMERCE_STORAGE__URL", storage.url())]
    });
    let shop = MongoShop { folder: &folder, url: database.url(), variables: &before };
    shop.run(["migrate"]);
    let kept = shop.serve(|_, operator| {
        let kept = create_product(operator, "A");
        assert_audited(operator, std::slice::from_ref(&kept));
        kept
    });
    shop.run(["backup", backup.to_str().unwrap()]);
    shop.serve(|_, operator| {
        let lost = create_product(operator, "B");
        assert_audited(operator, &[kept.clone(), lost]);
    });
    let shop = MongoShop { folder: &restored, variables: &after, ..shop };
    shop.run(["migrate"]);
    shop.run(["restore", "--without-keys", backup.to_str().unwrap()]);
    assert_eq!(shop.count("audit-service", &EVENT_CHUNKS), 0);
    shop.run(["check"]);
    shop.serve(|edge, operator| {
        assert_in_stock(edge, 1);
        let new = create_product(operator, "C");
        assert_audited(operator, &[kept.clone(), new]);
    });
}

#[cfg(feature = "redis")]
#[test]
fn positions_in_partitions_of_a_bus_are_forgotten_by_a_rebuild_as_well() {
    let (folder, database) = (TempDir::new().unwrap(), MongoDatabase::create().unwrap());
    let bus = test_servers::RedisServer::start(&test_servers::redis_program().unwrap()).unwrap();
    let variables = [
        ("ICOMMERCE_BUS__ENGINE", "redis-streams".to_owned()),
        ("ICOMMERCE_BUS__URL", bus.url()),
        ("ICOMMERCE_BUS__PARTITIONS", "3".to_owned()),
    ];
    let shop = MongoShop { folder: folder.path(), url: database.url(), variables: &variables };
    let products = shop.serve(|_, operator| {
        let products = ["A", "B", "C", "D"].map(|name| create_product(operator, name));
        assert_audited(operator, &products);
        products
    });
    assert!(shop.count("audit-service", &INBOX) > 3, "positions of three partitions");
    shop.run(["rebuild", "audit-service"]);
    assert_eq!(shop.count("audit-service", &INBOX), 0);
    assert_eq!(shop.count("audit-service", &EVENT_CHUNKS), 0);
    shop.serve(|_, operator| assert_audited(operator, &products));
}

#[test]
fn a_shop_sells_without_the_server_and_its_read_models_catch_up_afterwards() {
    let folder = TempDir::new().unwrap();
    let mut server = MongoServer::start(&mongodb_libraries().unwrap()).unwrap();
    let url = format!("{}/shop", server.url());
    let shop = MongoShop { folder: folder.path(), url: &url, variables: &[] };
    let mut command = shop.command();
    command.env("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true");
    let (child, [edge, operator]) = start_shop(command.arg("--no-demo"));
    let mut products = vec![create_product(&operator, "A")];
    assert_audited(&operator, &products);
    assert_in_stock(&edge, 1);

    let mut sell_without_it = |name| {
        products.push(create_product(&operator, name));
        for name in ["A", name] {
            assert_eq!(order(&edge, name)["status"], "confirmed");
        }
        let (head, body) = audit(&operator);
        assert!(head.starts_with("HTTP/1.1 503"), "{head}");
        assert!(head.to_lowercase().contains("\r\nretry-after: "), "{head}");
        assert!(body.contains("\"unavailable\""), "{body}");
        let page = shopper_get(&edge, "/api/v1/products");
        let page: Value = serde_json::from_str(&page).unwrap();
        assert_eq!(page["total"], products.len(), "of the journal's engine: {page}");
        assert_eq!(status(&operator, "GET", "/health/ready", ""), 200);
        products.clone()
    };
    server.kill().unwrap();
    let products = sell_without_it("B");
    server.run().unwrap();
    assert_audited(&operator, &products);
    assert_in_stock(&edge, 2);

    server.pause().unwrap();
    let products = sell_without_it("C");
    server.resume().unwrap();
    assert_audited(&operator, &products);
    assert_in_stock(&edge, 3);
    let written = stop_shop(child);
    assert!(written.contains("a feed cannot be consumed"), "{written}");
}

#[test]
fn a_server_that_comes_back_without_its_data_is_filled_again_while_the_shop_runs() {
    let folder = TempDir::new().unwrap();
    let mut server = MongoServer::start(&mongodb_libraries().unwrap()).unwrap();
    let url = format!("{}/shop", server.url());
    let shop = MongoShop { folder: folder.path(), url: &url, variables: &[] };
    let mut products = Vec::new();
    shop.serve(|_, operator| {
        products.extend(["A", "B"].map(|name| create_product(operator, name)));
        assert_audited(operator, &products);
        server.restart_without_data().unwrap();
        // Nobody does anything meanwhile.
        assert_audited(operator, &products);
        server.restart_without_data().unwrap();
        products.push(create_product(operator, "C"));
        assert_audited(operator, &products);
        eventually("the position comes back", || shop.count("product-service", &INBOX) == 1);
    });
    // What is in stock is read from there at the start.
    shop.serve(|edge, operator| {
        assert_audited(operator, &products);
        assert_in_stock(edge, 3);
    });
}
