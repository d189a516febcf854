//! Who can reach what: listeners beyond this machine, and the status of the shop.

use crate::program::{
    self, OPERATOR_TOKEN, assert_fails, icommerce, start_listeners, start_shop, stop_shop,
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
};
use tempfile::TempDir;

/// Status and response of one request with these header lines.
fn exchange(address: &str, path: &str, headers: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let status = response.split(' ').nth(1).unwrap_or_else(|| panic!("{response:?}"));
    (status.parse().unwrap(), response)
}

fn status(address: &str, path: &str, headers: &str) -> u16 {
    exchange(address, path, headers).0
}

/// Address of a listener on any interface, as seen from this machine.
fn on_loopback(address: &str) -> String {
    let (_, port) = address.rsplit_once(':').unwrap();
    format!("127.0.0.1:{port}")
}

#[test]
fn test_payments_and_the_operator_edge_stay_on_this_machine_unless_it_is_said() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let start = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_icommerce"));
        command.arg("--data").arg(&data).args(arguments).envs(environment.iter().copied());
        command.env("ICOMMERCE_LOG_FILTER", "warn");
        command
    };
    let (local, open) = ("--operator-listen=127.0.0.1:0", "--operator-listen=0.0.0.0:0");
    for listen in ["--listen=0.0.0.0:0", "--listen=[::]:0"] {
        for environment in [&[][..], &[("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true")]] {
            let refused = assert_fails(&mut start(&[listen, local], environment), 2);
            for word in
                ["listen: ", "test payments", "--no-demo", "allow_test_payments_beyond_loopback"]
            {
                assert!(refused.contains(word), "{listen}: {refused}");
            }
        }
    }
    let on = [("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", "true")];
    let refused = assert_fails(&mut start(&["--no-demo", "--listen=0.0.0.0:0", local], &on), 2);
    assert!(refused.contains("test payments"), "{refused}");
    for demo in [&["--no-auth", open][..], &["--no-auth", "--no-demo", local]] {
        let refused = assert_fails(&mut start(&[demo, &["--listen=127.0.0.1:0"]].concat(), &[]), 2);
        assert!(refused.contains("only the demonstration on loopback"), "{refused}");
    }
    assert!(!data.exists(), "a start that is refused opens nothing");

    for (arguments, environment) in [
        (["--no-demo", "--listen=0.0.0.0:0", local], &[][..]),
        (["--no-demo", "--listen=127.0.0.1:0", open], &[]),
        (
            ["--no-demo", "--listen=0.0.0.0:0", local],
            &[on[0], ("ICOMMERCE_ALLOW_TEST_PAYMENTS_BEYOND_LOOPBACK", "true")],
        ),
    ] {
        let (child, addresses) = start_shop(&mut start(&arguments, environment));
        for address in addresses {
            assert_eq!(status(&on_loopback(&address), "/health/live", "host: localhost\r\n"), 200);
        }
        stop_shop(child);
    }
}

#[test]
fn an_operator_edge_asks_who_somebody_is_but_for_that_of_the_demonstration() {
    for listen in ["0.0.0.0:0", "127.0.0.1:0"] {
        asks_who_somebody_is(listen);
    }
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    command.arg("--data").arg(folder.path()).args(["--no-auth", "--listen=127.0.0.1:0"]);
    command.arg("--operator-listen=127.0.0.1:0").env("ICOMMERCE_LOG_FILTER", "warn");
    let (child, [_, operator]) = start_shop(&mut command);
    assert_eq!(status(&operator, "/api/v1/orders", "host: localhost\r\n"), 200);
    let (_, page) = exchange(&operator, "/", "host: localhost\r\n");
    assert!(page.contains("This is the demonstration: it asks nobody to sign in"), "{page}");
    stop_shop(child);
}

fn asks_who_somebody_is(listen: &str) {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    command.arg("--data").arg(folder.path()).args(["--no-demo", "--listen=127.0.0.1:0"]);
    command.arg(format!("--operator-listen={listen}")).env("ICOMMERCE_LOG_FILTER", "warn");
    let (child, [_, operator]) = start_shop(&mut command);
    let operator = on_loopback(&operator);
    let host = "host: localhost\r\n";
    for path in ["/api/v1/orders", "/api/v1/products", "/metrics", "/maintenance/backups"] {
        let (status, response) = exchange(&operator, path, host);
        assert_eq!(status, 401, "{path}: {response}");
        assert!(response.to_lowercase().contains("www-authenticate: bearer realm="), "{response}");
        let wrong = format!("{host}authorization: Bearer a.b.c\r\n");
        assert!(exchange(&operator, path, &wrong).1.contains("invalid_token"), "{path}");
    }
    let wrong = format!("{host}authorization: Bearer a.b.c\r\n");
    for path in ["/health", "/health/live", "/health/ready"] {
        for headers in [host, &wrong] {
            let (status, response) = exchange(&operator, path, headers);
            assert_eq!(status, 200, "{path} for probes: {response}");
            assert!(response.ends_with("\r\n\r\n"), "without details: {response}");
        }
    }
    let (status, page) = exchange(&operator, "/", host);
    assert!(status == 200 && page.contains("Bearer") && !page.contains("State of this process"));
    assert_eq!(page.contains("href=\"/sign-in\""), listen.starts_with("127."), "{listen}");
    stop_shop(child);
}

#[test]
fn test_payments_are_announced_in_the_log_and_on_every_page() {
    let folder = TempDir::new().unwrap();
    for (test_payments, is_announced) in [("true", true), ("false", false)] {
        let mut command = icommerce(folder.path());
        command.arg("--no-demo").env("ICOMMERCE_PAYMENT_SERVICE__TEST_PAYMENTS", test_payments);
        let (mut child, [shop, _]) = start_shop(&mut command);
        for path in ["/", "/cart", "/products", "/no-such-page"] {
            let (_, page) = exchange(&shop, path, "host: localhost\r\n");
            assert!(page.contains("</html>"), "{path}");
            assert_eq!(page.contains("Test shop: payments are simulated"), is_announced, "{path}");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let mut log = String::new();
        child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert_eq!(log.contains("test payments are accepted"), is_announced, "{log}");
    }
}

#[test]
fn the_status_of_the_shop_is_for_operators() {
    let folder = TempDir::new().unwrap();
    let mut command = icommerce(folder.path());
    command.arg("--no-demo").env("ICOMMERCE_STATUS_LISTEN", "127.0.0.1:0");
    let (child, [shop, operator, metrics]) =
        start_listeners(&mut command, ["shop", "operator", "status"]);
    let host = "host: localhost\r\n";
    assert_eq!(status(&operator, "/metrics", host), 401, "not for every program of this machine");
    let host = &format!("{host}authorization: Bearer {OPERATOR_TOKEN}\r\n");
    for path in ["/metrics", "/health", "/health/ready"] {
        let (status_of_shop, response) = exchange(&shop, path, host);
        assert_eq!(status_of_shop, 404, "{path}");
        assert!(!response.contains("components") && !response.contains("_total"), "{response}");
        assert_eq!(status(&operator, path, host), 200, "{path}");
        assert_eq!(status(&operator, path, "host: evil.example\r\n"), 403, "{path}");
    }
    let (alive, response) = exchange(&shop, "/health/live", host);
    assert!(alive == 200 && response.ends_with("\r\n\r\n"), "liveness has no details: {response}");
    assert!(exchange(&operator, "/health/live", host).1.contains("components"));
    assert!(exchange(&operator, "/metrics", host).1.contains("http_server_requests"));
    for address in [&shop, &operator] {
        for path in ["/", "/api/v1/products", "/health/live"] {
            for headers in ["", "host: localhost\r\nhost: localhost\r\n", "host: \r\n"] {
                assert_eq!(status(address, path, headers), 400, "{path} with {headers:?}");
            }
        }
        let forwarded = "host: localhost\r\nx-forwarded-for: 198.51.100.1\r\n";
        let (refused, response) = exchange(address, "/api/v1/products", forwarded);
        assert!(refused == 403 && response.contains("trusted_proxies"), "{response}");
    }
    for (path, expected) in [("/metrics", 200), ("/health", 200), ("/api/v1/products", 404)] {
        assert_eq!(status(&metrics, path, host), expected, "{path}");
    }
    stop_shop(child);
}

#[test]
fn what_the_process_does_not_serve_is_not_found_also_for_an_admin() {
    let folder = TempDir::new().unwrap();
    let (child, [_, operator]) = start_shop(icommerce(folder.path()).arg("--no-demo"));
    for (method, path) in [
        ("GET", "/metrics/x"),
        ("GET", "/maintenance"),
        ("GET", "/maintenance/x"),
        ("POST", "/maintenance/person/erase"),
        ("DELETE", "/maintenance/backups/7/8"),
    ] {
        assert_eq!(program::status(&operator, method, path, ""), 404, "{method} {path}");
    }
    let token = format!("authorization: Bearer {OPERATOR_TOKEN}\r\n");
    for headers in ["", &token] {
        let headers = format!("host: localhost\r\n{headers}");
        assert_eq!(status(&operator, "/health/x", &headers), 404);
    }
    stop_shop(child);
}

#[test]
fn a_page_in_a_browser_of_this_machine_is_no_member_of_the_fleet() {
    let folder = TempDir::new().unwrap();
    let mut command = icommerce(folder.path());
    command.args(["--no-demo", "--service-listen=127.0.0.1:0"]);
    let (child, [_, _, services]) = start_listeners(&mut command, ["shop", "operator", "services"]);
    let (orders, host) = ("/api/v1/orders", "host: localhost\r\n");
    assert_eq!(status(&services, orders, host), 200);
    // Of another process that forwards a browser's request from its edge.
    let forwarded = "icommerce-edge: operator\r\norigin: http://shop.example\r\n";
    assert_eq!(status(&services, orders, &format!("{host}{forwarded}")), 200);
    for headers in [
        "host: evil.example\r\n",
        "host: evil.example\r\nicommerce-edge: operator\r\n",
        "host: localhost\r\norigin: http://evil.example\r\n",
        "host: localhost\r\norigin: null\r\n",
        "host: localhost\r\nsec-fetch-site: cross-site\r\n",
        "host: localhost\r\nsec-fetch-site: same-site\r\n",
    ] {
        for path in [orders, "/internal/v1/order-service/pull", "/"] {
            let (status, response) = exchange(&services, path, headers);
            assert!(
                status == 403 && response.contains("forbidden"),
                "{path} {headers}: {response}"
            );
        }
    }
    stop_shop(child);
}
