//! The registry at its own listener: alone, without storage, and not beyond this machine without credentials.

use crate::program::{assert_fails, icommerce, start_listeners, start_shop, stop_shop};
use std::{
    io::{Read, Write},
    net::TcpStream,
};
use tempfile::TempDir;

/// Status and whole response of a request with these header lines.
fn exchange(address: &str, request: &str, headers: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nconnection: close\r\n{headers}\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    (response.split(' ').nth(1).unwrap().parse().unwrap(), response)
}

fn status(address: &str, request: &str, headers: &str) -> u16 {
    exchange(address, request, headers).0
}

const LOCAL: &str = "host: localhost\r\n";

#[test]
fn the_registry_alone_needs_neither_storage_nor_another_listener() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut command = icommerce(&data);
    command.args(["serve", "--services=registry-service", "--registry-listen=127.0.0.1:0"]);
    let (child, [registry]) = start_listeners(&mut command, ["registry"]);
    let (code, apps) = exchange(&registry, "GET /eureka/apps/", LOCAL);
    assert_eq!(code, 200);
    assert!(apps.ends_with("<applications><versions__delta>1</versions__delta><apps__hashcode></apps__hashcode></applications>"), "{apps}");
    let page = exchange(&registry, "GET /", LOCAL).1;
    assert!(page.contains("Self-preservation"), "{page}");
    for (request, headers, expected) in [
        ("GET /health/live", LOCAL, 200),
        ("GET /health/ready", LOCAL, 200),
        ("GET /metrics", LOCAL, 404),
        ("GET /api/v1/products", LOCAL, 404),
        ("GET /eureka/apps", "host: evil.example\r\n", 403),
        ("DELETE /eureka/apps/A/a", "host: localhost\r\norigin: http://evil.example\r\n", 403),
        ("DELETE /eureka/apps/A/a", LOCAL, 404),
    ] {
        assert_eq!(status(&registry, request, headers), expected, "{request} {headers}");
    }
    stop_shop(child);
    assert!(!data.exists(), "nothing is stored");
}

#[test]
fn beyond_loopback_the_registry_asks_for_credentials() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let password = folder.path().join("password");
    std::fs::write(&password, "secret\n").unwrap();
    let open = |environment: &[(&str, &str)]| {
        let mut command = icommerce(&data);
        command.args(["--services=registry-service", "--registry-listen=0.0.0.0:0"]);
        command.envs(environment.iter().copied());
        command
    };
    let refused = assert_fails(&mut open(&[]), 2);
    for word in ["--registry-listen", "0.0.0.0", "registry-service.password_file"] {
        assert!(refused.contains(word), "{refused}");
    }
    let user = ("ICOMMERCE_REGISTRY_SERVICE__USER", "shop");
    let refused = assert_fails(&mut open(&[user]), 2);
    assert!(refused.contains("registry-service.user"), "{refused}");
    let missing = ("ICOMMERCE_REGISTRY_SERVICE__PASSWORD_FILE", "/nothing/here");
    let refused = assert_fails(&mut open(&[user, missing]), 3);
    assert!(refused.contains("/nothing/here"), "{refused}");

    let file = ("ICOMMERCE_REGISTRY_SERVICE__PASSWORD_FILE", password.to_str().unwrap());
    let (child, [registry]) = start_listeners(&mut open(&[user, file]), ["registry"]);
    let (_, port) = registry.rsplit_once(':').unwrap();
    let registry = format!("127.0.0.1:{port}");
    let basic = "host: registry.example\r\nauthorization: Basic c2hvcDpzZWNyZXQ=\r\n";
    assert_eq!(status(&registry, "GET /eureka/apps", LOCAL), 401);
    assert_eq!(status(&registry, "GET /", LOCAL), 401);
    assert_eq!(status(&registry, "GET /eureka/apps", basic), 200);
    assert_eq!(status(&registry, "GET /health/live", LOCAL), 200);
    stop_shop(child);
    assert!(!data.exists(), "nothing is stored");
}

#[test]
fn what_the_registry_cannot_work_with_is_refused_with_its_key() {
    let folder = TempDir::new().unwrap();
    for (variable, value, key) in [
        ("REGISTRY_SERVICE__LEASE_SECONDS", "0", "registry-service.lease_seconds"),
        ("REGISTRY_SERVICE__EVICTION_MS", "1", "registry-service.eviction_ms"),
        ("REGISTRY_SERVICE__PEERS", "10.0.0.7:8761", "registry-service.peers"),
        ("REGISTRY_LISTEN", "nowhere", "registry_listen"),
    ] {
        let mut command = icommerce(folder.path());
        command.arg("--services=registry-service").env(format!("ICOMMERCE_{variable}"), value);
        let sentence = assert_fails(&mut command, 2);
        assert!(sentence.contains(key), "{variable}: {sentence}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was opened");
}

#[test]
fn a_shop_runs_the_registry_only_where_it_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let services = |arguments: &[&str]| {
        let output = icommerce(folder.path()).arg("services").args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(services(&[]).contains("registry-service (runs elsewhere)"));
    let asked = services(&["--registry-listen=127.0.0.1:0"]);
    assert!(!asked.contains("(runs elsewhere)"), "{asked}");
    let (child, [shop, _]) = start_shop(icommerce(folder.path()).arg("--no-demo"));
    assert_eq!(status(&shop, "GET /eureka/apps", LOCAL), 404);
    stop_shop(child);
    let mut command = icommerce(folder.path());
    command.args(["--no-demo", "--registry-listen=127.0.0.1:0"]);
    let (child, [shop, operator, registry]) =
        start_listeners(&mut command, ["shop", "operator", "registry"]);
    assert_eq!(status(&registry, "GET /eureka/apps", LOCAL), 200);
    for edge in [shop, operator] {
        assert_ne!(status(&edge, "GET /eureka/apps", LOCAL), 200, "no edge has it");
    }
    stop_shop(child);
}
