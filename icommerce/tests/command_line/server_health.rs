//! Health of a running shop whose servers are killed, paused and started again.

use crate::program::{OPERATOR_TOKEN, get, icommerce, post, raw_exchange, start_shop, stop_shop};
use serde_json::{Value, json};
use std::{process::Command, time::Duration};
use tempfile::TempDir;
use test_servers::{
    AnyServer, Durability, KafkaServer, MongoServer, PostgresServer, RabbitServer, RedisServer,
    kafka_libraries, mongodb_libraries, postgres_programs, rabbitmq_program, redis_program,
};
use tokio::time::Instant;

/// How long the health may take to follow what happens to a server.
const FOLLOWED_WITHIN: Duration = Duration::from_mins(2);

/// Status of an answer, and its body.
fn ask(operator: &str, path: &str) -> (u16, Value) {
    let token = format!("authorization: Bearer {OPERATOR_TOKEN}\r\n");
    let answer = raw_exchange(operator, "GET", path, &token, "");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

/// Waits until the health is as it should be, and returns it.
fn wait_for(operator: &str, what: &str, is_reached: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let (_, health) = ask(operator, "/health");
        if is_reached(&health) {
            return health;
        }
        assert!(begun.elapsed() < FOLLOWED_WITHIN, "{what}: {health:#}");
    }
}

/// Shop whose health is looked at while its server is away.
struct ObservedShop {
    operator: String,
    /// Name of the server's component.
    component: &'static str,
    /// Answer of the readiness while it is away.
    ready: u16,
    /// Host and port of the server.
    server: String,
}

impl ObservedShop {
    fn wait(&self, status: &str) -> Value {
        let component = self.component;
        wait_for(&self.operator, &format!("{component} is {status}"), |health| {
            health["components"][component]["status"] == status
        })
    }

    fn assert_up(&self) {
        let health = self.wait("UP");
        assert_eq!(health["status"], "UP", "{health:#}");
        assert_eq!(ask(&self.operator, "/health/ready").0, 200);
    }

    fn assert_down(&self) {
        let health = self.wait("DOWN");
        let told = health["components"][self.component]["details"]["message"].as_str().unwrap();
        assert!(told.contains(&self.server), "{}: {told}", self.server);
        assert_eq!(ask(&self.operator, "/health/ready").0, self.ready, "{health:#}");
        assert_eq!(ask(&self.operator, "/health/live").0, 200, "a restart does not help");
    }

    /// Kills the server, and pauses it.
    fn assert_follows(&self, server: &mut dyn AnyServer) {
        self.assert_up();
        server.kill().unwrap();
        self.assert_down();
        server.run().unwrap();
        self.assert_up();
        server.pause().unwrap();
        self.assert_down();
        server.resume().unwrap();
        self.assert_up();
    }
}

fn observed(
    command: &mut Command,
    (component, ready): (&'static str, u16),
    url: &str,
    server: &mut dyn AnyServer,
) {
    let (child, [_, operator]) = start_shop(command.arg("--no-demo"));
    let server_of_url = url.rsplit(['/', '@']).next().unwrap().to_owned();
    ObservedShop { operator, component, ready, server: server_of_url }.assert_follows(server);
    stop_shop(child);
}

#[test]
fn a_shop_without_its_database_is_alive_and_not_ready() {
    let folder = TempDir::new().unwrap();
    let mut server =
        PostgresServer::start(&postgres_programs().unwrap(), Durability::Full).unwrap();
    server.query("postgres", "CREATE DATABASE shop").unwrap();
    let storage = format!("--storage={}/shop", server.url());
    assert!(icommerce(folder.path()).args(["migrate", &storage]).status().unwrap().success());
    let mut command = icommerce(folder.path());
    let url = server.url();
    observed(command.args(["serve", &storage]), ("database", 503), &url, &mut server);
}

#[test]
fn a_shop_without_the_server_of_losable_values_is_ready() {
    let folder = TempDir::new().unwrap();
    let mut server = RedisServer::start(&redis_program().unwrap()).unwrap();
    let mut command = icommerce(folder.path());
    command.env("ICOMMERCE_STORAGE__KEY_VALUE__ENGINE", "redis");
    command.env("ICOMMERCE_STORAGE__KEY_VALUE__URL", server.url());
    observed(&mut command, ("key_value", 200), &server.url(), &mut server);
}

#[test]
fn a_shop_without_the_server_of_read_models_is_ready() {
    let folder = TempDir::new().unwrap();
    let mut server = MongoServer::start(&mongodb_libraries().unwrap()).unwrap();
    let mut command = icommerce(folder.path());
    command.env("ICOMMERCE_STORAGE__DOCUMENTS__ENGINE", "mongodb");
    command.env("ICOMMERCE_STORAGE__DOCUMENTS__URL", format!("{}/shop", server.url()));
    observed(&mut command, ("documents", 200), &server.url(), &mut server);
}

/// Waits until the audit trail, which consumes the feeds of others, has what happens now.
fn assert_consumed(operator: &str, name: &str) {
    let price = json!({ "amount": 1_000, "currency": "EUR" });
    let variant = json!({ "sku": format!("SKU-{name}"), "price": price, "stock": 5 });
    let product = json!({ "name": name, "variants": [variant], "status": "active" });
    let product = post(operator, "/api/v1/products", &product);
    let (id, begun) = (product["id"].as_str().unwrap(), Instant::now());
    while !get(operator, "/api/v1/audit?action=product.created&limit=200").contains(id) {
        assert!(begun.elapsed() < FOLLOWED_WITHIN, "{name} is not in the audit trail");
    }
}

/// Kills the broker of an idle shop: all that it has on the bus is down until it is back.
fn assert_bus_is_followed(url: &str, server: &mut dyn AnyServer) {
    let folder = TempDir::new().unwrap();
    let mut command = icommerce(folder.path());
    command.args(["serve", "--no-demo", "--bus", url]).env("ICOMMERCE_BUS__PARTITIONS", "2");
    let (child, [_, operator]) = start_shop(&mut command);
    let all = |status: &'static str| {
        wait_for(&operator, &format!("everything on the bus is {status}"), |health| {
            let components = health["components"].as_object().unwrap();
            let mut of_bus = components.iter().filter(|(name, _)| name.starts_with("bus"));
            of_bus.all(|(_, component)| component["status"] == status)
        })
    };
    let health = all("UP");
    let names: Vec<_> = health["components"].as_object().unwrap().keys().cloned().collect();
    for expected in ["bus", "bus relay ", "bus group "] {
        assert!(names.iter().any(|name| name.starts_with(expected)), "{expected}: {names:?}");
    }
    // Its consumers have their partitions from now on.
    assert_consumed(&operator, "Before");
    server.stop().unwrap();
    let health = all("DOWN");
    assert_eq!(health["status"], "UP", "sales depend on no bus: {health:#}");
    assert_eq!(ask(&operator, "/health/ready").0, 200);
    assert_consumed(&operator, "Away");
    server.run().unwrap();
    all("UP");
    assert_consumed(&operator, "Back");
    server.pause().unwrap();
    all("DOWN");
    server.resume().unwrap();
    all("UP");
    stop_shop(child);
}

#[test]
fn what_is_on_kafka_is_down_with_it() {
    let mut server = KafkaServer::start(&kafka_libraries().unwrap()).unwrap();
    assert_bus_is_followed(&server.url(), &mut server);
}

#[test]
fn what_is_on_rabbitmq_is_down_with_it() {
    let mut server = RabbitServer::start(&rabbitmq_program().unwrap()).unwrap();
    assert_bus_is_followed(&server.url(), &mut server);
}

#[test]
fn what_is_on_redis_streams_is_down_with_it() {
    let mut server = RedisServer::start(&redis_program().unwrap()).unwrap();
    assert_bus_is_followed(&server.url(), &mut server);
}
