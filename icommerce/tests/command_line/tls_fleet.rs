//! Mutual TLS between the processes of a fleet.

use crate::{
    program::{assert_fails, icommerce, raw_exchange, start_listeners, stop_shop},
    tls_client::TlsClient,
    tls_listeners::{operator, with_certificate},
};
use serde_json::{Value, json};
use std::{path::Path, process::Command};
use tempfile::TempDir;
use test_servers::{CertifiedKey, TestAuthority};
use testkit::ReservedPort;

/// Services of the process behind.
const BEHIND: &str = "product-service,inventory-service,payment-service,audit-service";
/// Services of the process with the edges.
const FRONT: &str =
    "shopping-cart-service,order-service,notification-service,auth-server,storefront,api-gateway";

fn member(data: &Path, authority: &TestAuthority, files: &CertifiedKey) -> Command {
    let mut command = icommerce(data);
    command.arg("--no-demo").env("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true");
    with_certificate(&mut command, "FLEET__TLS", files);
    command.env("ICOMMERCE_FLEET__TLS__AUTHORITY", authority.certificate());
    command
}

/// Peers at this address.
fn peers(services: &str, scheme: &str, port: u16) -> String {
    let named = services.split(',').map(|name| format!("{name}={scheme}://127.0.0.1:{port}"));
    format!("--peers={}", named.collect::<Vec<_>>().join(","))
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1)
        .unwrap_or_else(|error| panic!("{error}: {answer}"))
}

/// Answer to a request without TLS, with a key of its own.
fn send(address: &str, method: &str, path: &str, headers: &str, content: &Value) -> Value {
    let headers = format!(
        "{headers}content-type: application/json\r\nidempotency-key: {}\r\n",
        path.replace('/', "-")
    );
    let answer = raw_exchange(address, method, path, &headers, &content.to_string());
    assert!(answer.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
    body(&answer)
}

/// Sells one mug.
fn order_a_mug(shop: &str, operators: &str) -> Value {
    let product = json!({"slug": "mug", "name": "Mug", "description": "A mug.", "categories": ["mugs"],
        "variants": [{"sku": "MUG", "price": {"amount": 1250, "currency": "EUR"}, "stock": 5}],
        "status": "active"});
    send(operators, "POST", "/api/v1/products", &operator(), &product);
    let stock = json!({"on_hand": 5, "reason": "delivery"});
    send(operators, "PUT", "/api/v1/stock/MUG", &operator(), &stock);
    let cart =
        send(shop, "POST", "/api/v1/carts", "", &json!({"lines": [{"sku": "MUG", "quantity": 1}]}));
    let checkout = json!({"email": "ada@example.com",
        "shipping_address": {"name": "Ada", "line1": "Main Street 1", "city": "Berlin", "postal_code": "10115", "country": "DE"},
        "payment": {"method": "test", "token": "success"}});
    let path = format!("/api/v1/carts/{}/checkout", cart["id"].as_str().unwrap());
    send(shop, "POST", &path, "", &checkout)
}

#[test]
fn an_order_crosses_processes_over_mutual_tls_and_nobody_else_is_let_in() {
    let (folder, authority) = (TempDir::new().unwrap(), TestAuthority::create().unwrap());
    let [one, other] = [(); 2].map(|()| authority.certify_member().unwrap());
    let ports = [(); 2].map(|()| ReservedPort::reserve().unwrap());
    let [behind_port, front_port] = [0, 1].map(|index: usize| ports[index].number());
    let mut behind = member(&folder.path().join("behind"), &authority, &one);
    behind.args(["--services", BEHIND, &peers(FRONT, "https", front_port)]);
    behind.arg(format!("--service-listen=127.0.0.1:{behind_port}"));
    let (behind, [services]) = start_listeners(&mut behind, ["services"]);
    let mut front = member(&folder.path().join("front"), &authority, &other);
    front.args(["--services", FRONT, &peers(BEHIND, "https", behind_port)]);
    front.arg("--auth-listen=127.0.0.1:0");
    front.arg(format!("--service-listen=127.0.0.1:{front_port}"));
    let (front, [shop, operators, _, _]) =
        start_listeners(&mut front, ["shop", "operator", "auth", "services"]);

    let order = order_a_mug(&shop, &operators);
    assert_eq!(order["status"], "confirmed", "{order}");

    let path = "/api/v1/products/mug";
    let get = |shown: Option<&CertifiedKey>| TlsClient::new(&authority, shown).get(&services, path);
    assert_eq!(get(Some(&one)).unwrap().json()["slug"], "mug", "a member is answered");
    assert!(get(None).is_err(), "nobody without a certificate");
    let strangers = TestAuthority::create().unwrap();
    assert!(get(Some(&strangers.certify_member().unwrap())).is_err());
    assert!(get(Some(&authority.self_signed("member of a test").unwrap())).is_err());
    assert!(TlsClient::new(&strangers, Some(&one)).get(&services, path).is_err());
    let plain = std::panic::catch_unwind(|| raw_exchange(&services, "GET", path, "", ""));
    assert!(plain.is_err() || !plain.unwrap().contains("HTTP"), "plain http is no way in");
    stop_shop(front);
    stop_shop(behind);
}

#[test]
fn a_process_with_a_certificate_of_another_authority_gets_nothing() {
    let folder = TempDir::new().unwrap();
    let (authority, other) = (TestAuthority::create().unwrap(), TestAuthority::create().unwrap());
    let ports = [(); 2].map(|()| ReservedPort::reserve().unwrap());
    let [behind_port, front_port] = [0, 1].map(|index: usize| ports[index].number());
    let one = authority.certify_member().unwrap();
    let mut behind = member(&folder.path().join("behind"), &authority, &one);
    behind.args(["--services", BEHIND, &peers(FRONT, "https", front_port)]);
    behind.arg(format!("--service-listen=127.0.0.1:{behind_port}"));
    let (behind, [_]) = start_listeners(&mut behind, ["services"]);
    // It trusts the authority of the fleet, and is none of it.
    let stranger = other.certify_member().unwrap();
    let mut front = member(&folder.path().join("front"), &authority, &stranger);
    front.args(["--services", FRONT, &peers(BEHIND, "https", behind_port)]);
    front.arg("--auth-listen=127.0.0.1:0");
    front.arg(format!("--service-listen=127.0.0.1:{front_port}"));
    let (front, [shop, _, _, _]) =
        start_listeners(&mut front, ["shop", "operator", "auth", "services"]);
    let answer = raw_exchange(&shop, "GET", "/api/v1/products", "", "");
    assert!(answer.starts_with("HTTP/1.1 50"), "{answer}");
    stop_shop(front);
    stop_shop(behind);
}

#[test]
fn a_fleet_without_members_is_no_way_out_of_this_machine() {
    let (folder, authority) = (TempDir::new().unwrap(), TestAuthority::create().unwrap());
    let data = folder.path().join("data");
    let files = authority.certify_member().unwrap();
    let process = |listen: &str| {
        let mut command = icommerce(&data);
        command.args(["--services", BEHIND]).arg(format!("--service-listen={listen}"));
        command
    };
    let refused = assert_fails(&mut process("0.0.0.0:0"), 2);
    assert!(refused.contains("fleet.secret_file or fleet.tls"), "{refused}");

    let mut plain = member(&data, &authority, &files);
    plain.args(["--services", FRONT, &peers(BEHIND, "http", 9)]);
    let sentence = assert_fails(&mut plain, 2);
    assert!(sentence.contains("--peers: ") && sentence.contains("https"), "{sentence}");
    let mut without = icommerce(&data);
    without.args(["--services", FRONT, &peers(BEHIND, "https", 9)]);
    let sentence = assert_fails(&mut without, 2);
    assert!(sentence.contains("--peers: ") && sentence.contains("fleet.tls"), "{sentence}");
    let mut missing = member(&data, &authority, &files);
    missing.env("ICOMMERCE_FLEET__TLS__AUTHORITY", "/nothing/here.pem");
    let sentence = assert_fails(missing.args(["--services", BEHIND]), 3);
    assert!(
        sentence.starts_with("icommerce: fleet.tls.authority: /nothing/here.pem"),
        "{sentence}"
    );
    let mut half = member(&data, &authority, &files);
    half.env("ICOMMERCE_FLEET__TLS__CERTIFICATE", "");
    let sentence = assert_fails(half.args(["--services", BEHIND]), 2);
    assert!(sentence.contains("fleet.tls.key: it has no effect without"), "{sentence}");
    assert!(!data.exists(), "nothing is made for a process that cannot start");

    let mut open = member(&data, &authority, &files);
    open.args(["--services", BEHIND, "--service-listen=0.0.0.0:0"]);
    let (child, [services]) = start_listeners(&mut open, ["services"]);
    let client = TlsClient::new(&authority, Some(&files));
    assert_eq!(client.get(&services, "/health/live").unwrap().status, 200);
    stop_shop(child);
}
