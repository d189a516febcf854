//! The provider of accounts at a listener of its own: beside a shop, in a process of its own, and over TLS.

use crate::{
    browser::{Browser, add_operator},
    program::{
        assert_fails, get, icommerce, raw_exchange, shopper_get, start_listeners, status, stop_shop,
    },
    tls_client::TlsClient,
    tls_listeners::{certify, with_certificate},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{fs, path::Path, process::Command};
use tempfile::TempDir;
use test_servers::TestAuthority;
use testkit::ReservedPort;

const OWN: &str = "--auth-listen=127.0.0.1:0";
const METADATA: &str = "/.well-known/openid-configuration";

/// Services of the other process, where the provider has one of its own.
const OTHERS: &str = "audit-service,inventory-service,payment-service,product-service,\
    shopping-cart-service,order-service,notification-service,storefront,api-gateway";

/// Claims of a token.
fn claims(token: &str) -> Value {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

/// Metadata that a provider has at its listener; every address in it is below the issuer.
fn metadata(provider: &str) -> Value {
    let metadata: Value = serde_json::from_str(&shopper_get(provider, METADATA)).unwrap();
    let issuer = metadata["issuer"].as_str().unwrap();
    let endpoints = metadata
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    for (name, address) in endpoints {
        assert!(address.as_str().unwrap().starts_with(&format!("{issuer}/")), "{name}: {address}");
    }
    let by_oauth = shopper_get(provider, "/.well-known/oauth-authorization-server");
    assert_eq!(serde_json::from_str::<Value>(&by_oauth).unwrap(), metadata);
    metadata
}

/// Adds a client that acts for itself, to a shop that is stopped; its credentials.
fn add_client(command: &mut Command, id: &str, how: &[&str]) -> Value {
    command.args(["auth", "client", "add", id, "--grant", "client_credentials", "--json"]);
    let output = command.args(["--role", "viewer"]).args(how).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Access token for these credentials, from the token endpoint of a listener.
fn token(provider: &str, credentials: &Value) -> String {
    let [id, secret] = ["client_id", "client_secret"].map(|it| credentials[it].as_str().unwrap());
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let headers = "content-type: application/x-www-form-urlencoded\r\n";
    let answer = raw_exchange(provider, "POST", "/token", headers, &form);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}

fn orders(operator: &str, token: &str) -> u16 {
    let headers = format!("authorization: Bearer {token}\r\n");
    let answer = raw_exchange(operator, "GET", "/api/v1/orders", &headers, "");
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Link that a command prints for somebody who is to choose a password.
fn link_of(command: &mut Command, more: &[&str]) -> String {
    command.args(["auth", "user", "reset", "ada@example.com"]);
    let output = command.args(more).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().find(|word| word.contains("/set-up?link=")).unwrap().to_owned()
}

fn prepared(data: &Path) {
    stop_shop(start_listeners(icommerce(data).args(["--no-demo", OWN]), ["shop"]).0);
    add_operator(data);
}

#[test]
fn everybody_signs_in_at_the_listener_of_the_provider() {
    let folder = TempDir::new().unwrap();
    prepared(folder.path());
    let robot = add_client(&mut icommerce(folder.path()), "robot", &[]);
    let mut command = icommerce(folder.path());
    let (child, [shop, operator, provider]) =
        start_listeners(command.args(["--no-demo", OWN]), ["shop", "operator", "auth"]);
    let issuer = format!("http://{provider}");
    assert_eq!(metadata(&provider)["issuer"], issuer);

    let token = token(&provider, &robot);
    assert_eq!(claims(&token)["iss"], issuer);
    assert_eq!(orders(&operator, &token), 200);

    // An operator, and a customer in the same browser: each edge has a session of its own, and the provider one for both.
    let mut browser = Browser::default();
    let edge = format!("http://{operator}");
    let signed_in = browser.sign_in_at(&edge, "/api/v1/orders", &issuer);
    assert_eq!(signed_in.location, format!("{edge}/api/v1/orders"), "{}", signed_in.body);
    assert_eq!(browser.get(&signed_in.location).status, 200);
    let edge = format!("http://{shop}");
    let begun = browser.get(&format!("{edge}/sign-in?return_to=/account"));
    let answer = browser.get(&begun.location);
    assert!(answer.location.starts_with(&format!("{edge}/sign-in/callback?")), "{}", answer.body);
    assert_eq!(browser.get(&answer.location).location, format!("{edge}/account"));
    let account = browser.get(&format!("{edge}/account"));
    assert!(account.body.contains("action=\"/sign-out\""), "{}", account.body);
    // Its links to the provider lead there.
    assert!(account.body.contains("href=\"/auth/account\""), "{}", account.body);
    let profile = browser.get(&format!("{edge}/auth/account"));
    assert_eq!((profile.status, &*profile.location), (307, &*format!("{issuer}/account")));
    let profile = browser.get(&profile.location).body;
    assert!(profile.contains(&format!("href=\"{edge}\"")), "it leads back: {profile}");
    assert!(!profile.contains("\"/auth/"), "{profile}");

    let signing_out = browser.post(&format!("{edge}/sign-out"), "");
    assert_eq!(signing_out.status, 200, "no redirect from a form to another origin");
    assert!(signing_out.location.starts_with(&format!("{issuer}/logout?")));
    let signed_out = browser.get(&signing_out.location);
    assert_eq!(signed_out.location, format!("{edge}/account/signed-out"), "{}", signed_out.body);
    let again = browser.get(&format!("{edge}/sign-in?return_to=/account"));
    assert!(browser.get(&again.location).body.contains("name=\"password\""));

    let running = ["--operator", &format!("http://{operator}")];
    let reset = link_of(&mut icommerce(folder.path()), &running);
    assert!(reset.starts_with(&format!("{issuer}/set-up?link=")), "{reset}");
    assert!(browser.get(&reset).body.contains("action=\"/set-up\""));
    stop_shop(child);
    let reset = link_of(&mut icommerce(folder.path()), &[]);
    assert!(reset.starts_with(&format!("{issuer}/set-up?link=")), "where it was: {reset}");
}

#[test]
fn what_the_shop_edge_does_for_the_provider_its_own_listener_does() {
    let folder = TempDir::new().unwrap();
    let mut command = icommerce(folder.path());
    command.args(["--no-demo", OWN]).env("ICOMMERCE_API_GATEWAY__BODY_BYTES_MAX", "1024");
    let (child, [shop, _, provider]) = start_listeners(&mut command, ["shop", "operator", "auth"]);
    let answer = |method: &str, path: &str, headers: &str, body: &str| {
        raw_exchange(&provider, method, path, headers, body)
    };
    let page = answer("GET", "/account", "x-request-id: of-a-test\r\n", "");
    for header in
        ["x-request-id: of-a-test", "x-content-type-options: nosniff", "content-security-policy: "]
    {
        assert!(page.contains(header), "{header}: {page}");
    }
    assert!(page.contains("set-cookie: auth-browser="), "{page}");
    for (method, path, headers, body, expected) in [
        ("GET", "/health", "", "", 200),
        ("GET", "/health/live", "", "", 200),
        ("GET", "/health/ready", "", "", 200),
        ("GET", "/metrics", "", "", 404),
        ("GET", "/auth/account", "", "", 404),
        ("GET", "/api/v1/products", "", "", 404),
        ("POST", "/token", "", &*"a".repeat(1025), 413),
        // A proxy that is not trusted.
        ("GET", METADATA, "x-forwarded-for: 192.0.2.1\r\n", "", 403),
    ] {
        let answer = answer(method, path, headers, body);
        let status: u16 = answer.split(' ').nth(1).unwrap().parse().unwrap();
        assert_eq!(status, expected, "{method} {path} {headers}: {answer}");
    }
    // A page of a host that only looks like this machine.
    let mut rebound = Browser::default();
    assert_eq!(rebound.get_as("evil.example", &format!("http://{provider}{METADATA}")).status, 403);
    // At the shop edge there are pages that lead there, and nothing else.
    assert_eq!(status(&shop, "GET", "/auth/authorize?client_id=a", ""), 307);
    for (method, path) in [
        ("POST", "/auth/token"),
        ("POST", "/auth/sign-in"),
        ("GET", "/.well-known/oauth-authorization-server/auth"),
    ] {
        assert_eq!(status(&shop, method, path, ""), 404, "{method} {path}");
    }
    stop_shop(child);
}

#[test]
fn customers_sign_in_at_a_provider_in_a_process_of_its_own() {
    let (own, rest) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut alone = icommerce(own.path());
    alone.args(["--no-demo", "--services=auth-server", "--service-listen=127.0.0.1:0", OWN]);
    let (alone, [provider, services]) = start_listeners(&mut alone, ["auth", "services"]);
    let mut others = icommerce(rest.path());
    others.args(["--no-demo", &format!("--services={OTHERS}")]);
    others.arg(format!("--peers=auth-server=http://{services}"));
    let (others, [shop, operator]) = start_listeners(&mut others, ["shop", "operator"]);
    let issuer = format!("http://{provider}");
    assert_eq!(metadata(&provider)["issuer"], issuer);

    let mut add = icommerce(rest.path());
    add.args(["auth", "user", "add", "ada@example.com", "--role", "viewer", "--operator"]);
    let link = add.arg(format!("http://{operator}")).output().unwrap();
    assert!(link.status.success(), "{}", String::from_utf8_lossy(&link.stderr));
    let link = String::from_utf8(link.stdout).unwrap();
    let link = link.split_whitespace().find(|word| word.starts_with("http")).unwrap();
    let mut browser = Browser::default();
    browser.choose_password(link);

    let mut customer = Browser::default();
    let edge = format!("http://{shop}");
    let signed_in = customer.sign_in_at(&edge, "/account", &issuer);
    assert_eq!(signed_in.location, format!("{edge}/account"), "{}", signed_in.body);
    let account = customer.get(&signed_in.location);
    assert!(account.body.contains("action=\"/sign-out\""), "{}", account.body);
    let edge = format!("http://{operator}");
    let signed_in = Browser::default().sign_in_at(&edge, "/api/v1/orders", &issuer);
    assert_eq!(signed_in.location, format!("{edge}/api/v1/orders"), "{}", signed_in.body);
    assert_eq!(status(&shop, "GET", "/auth/account", ""), 307, "the gateway asked where it is");
    // Within the fleet its paths are the same as ever.
    assert!(get(&services, "/auth/.well-known/openid-configuration").contains(&issuer));
    stop_shop(others);
    stop_shop(alone);
}

#[test]
fn tokens_of_a_listener_with_tls_are_bound_to_certificates_and_its_files_are_read_again() {
    let (public, clients) = (TestAuthority::create().unwrap(), TestAuthority::create().unwrap());
    let (folder, data) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let names = "DNS:localhost,DNS:id.example,IP:127.0.0.1";
    let issued = certify(&public, names);
    let live = folder.path().join("live.pem");
    let write = |files: &test_servers::CertifiedKey| {
        let both = [&files.certificate, &files.key].map(|file| fs::read_to_string(file).unwrap());
        let next = folder.path().join("next.pem");
        fs::write(&next, both.concat()).unwrap();
        fs::rename(next, &live).unwrap();
    };
    write(&issued);
    let command = || {
        let mut command = icommerce(data.path());
        command.args(["--no-demo", OWN]);
        command.env("ICOMMERCE_AUTH_SERVER__TLS__CERTIFICATE", &live);
        with_certificate(&mut command, "OPERATOR_TLS", &issued);
        for section in ["AUTH_SERVER__TLS", "OPERATOR_TLS"] {
            command
                .env(format!("ICOMMERCE_{section}__CLIENT_CERTIFICATE_HOSTS"), "[\"localhost\"]");
        }
        command.env("ICOMMERCE_AUTH_SERVER__CLIENT_CA_FILE", clients.certificate());
        command.env("ICOMMERCE_API_GATEWAY__HOSTS", "[\"id.example\"]");
        command
    };
    stop_shop(start_listeners(&mut command(), ["shop"]).0);
    let how = ["--certificate", "subject_dn=CN=robot", "--certificate-bound"];
    add_client(&mut command(), "robot", &how);
    let (child, [_, operators, provider]) =
        start_listeners(&mut command(), ["shop", "operator", "auth"]);
    let robot = clients.certify_client("robot").unwrap();
    let [by_robot, nobody] = [Some(&robot), None].map(|shown| TlsClient::new(&public, shown));
    let metadata = nobody.get(&provider, METADATA).unwrap().json();
    let (_, port) = provider.rsplit_once(':').unwrap();
    assert_eq!(metadata["issuer"], format!("https://127.0.0.1:{port}"));
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
    let page = nobody.get(&provider, "/account").unwrap();
    assert!(page.text.contains("set-cookie: __Host-auth-browser="), "{}", page.text);
    assert!(!page.text.contains("strict-transport-security: "), "the names of this machine");
    let page = nobody.asking_for("id.example").get(&provider, "/account").unwrap();
    assert!(page.text.contains("strict-transport-security: max-age="), "{}", page.text);

    let form = "grant_type=client_credentials&client_id=robot";
    assert_eq!(nobody.post_form(&provider, "/token", form).status, 401);
    let bound = by_robot.post_form(&provider, "/token", form);
    assert_eq!(bound.status, 200, "{}", bound.text);
    let bound = bound.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&bound)["cnf"]["x5t#S256"].as_str().unwrap().len(), 43);
    let orders = |client: &TlsClient| {
        let headers = format!("authorization: Bearer {bound}\r\n");
        client.request(&operators, "GET /api/v1/orders", &headers, "").unwrap().status
    };
    assert_eq!((orders(&by_robot), orders(&nobody)), (200, 401));

    let shown = || nobody.get(&provider, "/health/live").unwrap().certificate;
    let before = shown();
    write(&certify(&public, names));
    let is_new = (0..100_000).any(|_| shown() != before);
    assert!(is_new, "the new certificate is shown in the end");
    stop_shop(child);
}

#[test]
fn what_does_not_go_together_is_refused_and_a_port_that_is_taken_is_said() {
    let folder = TempDir::new().unwrap();
    let command = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = icommerce(folder.path());
        command.arg("--no-demo").args(arguments);
        for (name, value) in variables {
            command.env(format!("ICOMMERCE_{name}"), value);
        }
        command
    };
    let issuer = ("AUTH_SERVER__ISSUER", "https://id.example");
    let (key, files) = (("AUTH_SERVER__TLS__KEY", "/a"), ("AUTH_SERVER__TLS__CERTIFICATE", "/a"));
    for (arguments, variables, words) in [
        (&["--auth-listen=nowhere"][..], &[][..], &["auth-server.listen", "127.0.0.1:9000"][..]),
        (&[], &[issuer], &["auth-server.issuer: ", "auth-server.listen"]),
        (&[], &[("AUTH_SERVER__ISSUER", "https://id.example/other")], &["auth-server.issuer"]),
        (&[OWN], &[key], &["auth-server.tls.key: it has no effect without"]),
        (
            &[],
            &[files],
            &["auth-server.tls.certificate: it has no effect without auth-server.listen"],
        ),
        (
            &[OWN],
            &[("STOREFRONT__URL", "https://shop.example")],
            &["--auth-listen: ", "https://shop.example/auth", "auth-server.issuer"],
        ),
    ] {
        let sentence = assert_fails(&mut command(arguments, variables), 2);
        for word in words {
            assert!(sentence.contains(word), "{word}: {sentence}");
        }
    }
    let missing = assert_fails(&mut command(&[OWN], &[files]), 3);
    assert!(missing.contains("auth-server.tls.certificate: /a: "), "{missing}");
    let port = ReservedPort::reserve().unwrap();
    let address = format!("127.0.0.1:{}", port.number());
    let _taken = std::net::TcpListener::bind(&address).unwrap();
    let taken = assert_fails(&mut command(&[&format!("--auth-listen={address}")], &[]), 3);
    assert!(taken.contains(&format!("--auth-listen: {address} is already in use")), "{taken}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was opened");
}

#[test]
fn a_provider_below_the_shop_may_have_a_listener_as_well() {
    let folder = TempDir::new().unwrap();
    let mut command = icommerce(folder.path());
    command
        .args(["--no-demo", OWN])
        .env("ICOMMERCE_AUTH_SERVER__ISSUER", "https://shop.example/auth");
    let (child, [shop, _, provider]) = start_listeners(&mut command, ["shop", "operator", "auth"]);
    for listener in [&shop, &provider] {
        let metadata = shopper_get(listener, "/auth/.well-known/openid-configuration");
        let metadata: Value = serde_json::from_str(&metadata).unwrap();
        assert_eq!(metadata["token_endpoint"], "https://shop.example/auth/token");
        assert_eq!(status(listener, "POST", "/auth/token", ""), 400);
    }
    assert_eq!(status(&provider, "GET", METADATA, ""), 404, "of another issuer");
    stop_shop(child);
}

#[test]
fn a_command_with_a_shop_of_its_own_leaves_the_listener_to_the_shop() {
    let folder = TempDir::new().unwrap();
    let products = folder.path().join("products.csv");
    fs::write(&products, "Handle,Title,Variant SKU,Variant Price\nmug,Mug,MUG,12.50\n").unwrap();
    let port = ReservedPort::reserve().unwrap();
    let address = format!("127.0.0.1:{}", port.number());
    let _shop = std::net::TcpListener::bind(&address).unwrap();
    let mut import = icommerce(&folder.path().join("data"));
    import.env("ICOMMERCE_AUTH_SERVER__LISTEN", &address).args(["import", "catalog"]);
    let output = import.arg(&products).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
