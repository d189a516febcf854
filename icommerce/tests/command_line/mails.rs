//! Mails to customers by a mail server: what is refused, and a server that is down, hangs, or comes back.

use crate::program::{assert_fails, get, icommerce, post, start_shop, stop_shop};
use serde_json::{Value, json};
use std::{net::TcpListener, process::Command};
use tempfile::TempDir;
use test_servers::{SmtpServer, SmtpServerOptions, smtp_python};

/// Requests until a mail must have been delivered.
const TRIES_MAX: usize = 200_000;

#[test]
fn a_mail_server_that_cannot_be_used_is_told_by_its_setting() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let url = ("SMTP__URL", "smtp://shop@mail.example.com");
    for (settings, key) in [
        (&[("SMTP__URL", "mail.example.com")][..], "smtp.url"),
        (&[("SMTP__URL", "smtp://shop:the-password@mail.example.com")], "smtp.url"),
        (&[url], "smtp.password_file"),
        (&[url, ("SMTP__PASSWORD_FILE", "/nowhere/password")], "smtp.password_file"),
        (&[("FROM", "nobody")], "from"),
    ] {
        let mut command = icommerce(&data);
        let named = |name: &str| format!("ICOMMERCE_NOTIFICATION_SERVICE__{name}");
        command.envs(settings.iter().map(|(name, value)| (named(name), value)));
        let sentence = assert_fails(&mut command, 2);
        assert!(sentence.contains(&format!("`notification-service.{key}`")), "{sentence}");
        assert!(!sentence.contains("the-password"), "{sentence}");
    }
    assert!(!data.exists(), "nothing was opened");
}

fn shop_with(folder: &TempDir, address: &str) -> Command {
    let mut command = icommerce(&folder.path().join("data"));
    command.arg("--no-demo");
    command.env("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true");
    command.env("ICOMMERCE_NOTIFICATION_SERVICE__SMTP__URL", format!("smtp://{address}"));
    command.env("ICOMMERCE_NOTIFICATION_SERVICE__SMTP__TIMEOUT_SECONDS", "1");
    command
}

/// Places an order in this language; its number.
fn order(operator: &str, language: &str) -> String {
    let price = json!({"amount": 1_800, "currency": "EUR"});
    let variant = json!({"sku": format!("MUG-{language}"), "price": price, "stock": 5});
    let product = json!({"name": "Mug", "variants": [variant], "status": "active"});
    post(operator, "/api/v1/products", &product);
    let order = json!({
        "lines": [{"sku": format!("MUG-{language}"), "quantity": 1}],
        "email": "maren@example.com",
        "shipping_address": {
            "name": "Maren Lindqvist", "line1": "Hafenweg 4", "city": "Kiel", "postal_code": "24103", "country": "DE",
        },
        "payment": {"method": "test", "token": "success"},
        "language": language,
    });
    let placed = post(operator, "/api/v1/orders", &order);
    assert_eq!(placed["status"], "confirmed");
    placed["number"].as_str().unwrap().to_owned()
}

/// Waits until every notification fulfils a condition, of which there are so many.
fn wait_for(operator: &str, count: usize, condition: impl Fn(&Value) -> bool) {
    let mut last = String::new();
    for _ in 0..TRIES_MAX {
        last = get(operator, "/api/v1/notifications?limit=200");
        let page: Value = serde_json::from_str(&last).unwrap();
        let items = page["items"].as_array().unwrap();
        if items.len() == count && items.iter().all(&condition) {
            return;
        }
    }
    panic!("{last}");
}

#[test]
fn a_mail_server_that_was_down_gets_each_mail_once_when_it_is_back() {
    let folder = TempDir::new().unwrap();
    let options = SmtpServerOptions::default();
    let mut server = SmtpServer::start(&smtp_python().unwrap(), options).unwrap();
    server.stop().unwrap();
    let (child, [_, operator]) = start_shop(&mut shop_with(&folder, &server.address()));
    let numbers = [order(&operator, "en"), order(&operator, "de-AT")];
    wait_for(&operator, 2, |one| one["state"] == "pending" && one["attempts"] != 0);
    let all = get(&operator, "/api/v1/notifications");
    assert!(all.contains("Connection refused"), "{all}");
    // What waits survives the process.
    stop_shop(child);
    let (child, [_, operator]) = start_shop(&mut shop_with(&folder, &server.address()));
    server.run().unwrap();
    wait_for(&operator, 2, |one| one["state"] == "delivered");
    stop_shop(child);
    let accepted = server.accepted().unwrap();
    assert_eq!(accepted.len(), 2, "{accepted:?}");
    let all = accepted.join("\n");
    assert!(all.contains(&format!("Order {} is confirmed", numbers[0])), "{all}");
    assert!(all.contains(&format!("Bestellung {} ist best", numbers[1])), "{all}");
}

#[test]
fn a_mail_server_that_never_answers_costs_no_order() {
    let folder = TempDir::new().unwrap();
    // It takes connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let (child, [_, operator]) = start_shop(&mut shop_with(&folder, &address));
    order(&operator, "en");
    wait_for(&operator, 1, |one| one["log"].to_string().contains("did not answer in time"));
    order(&operator, "de");
    stop_shop(child);
}
