//! Listeners that speak TLS: the edges, the status listener and the registry, and the commands that use an edge.

use crate::{
    browser::{Browser, add_operator},
    program::{
        OPERATOR_TOKEN, assert_fails, icommerce, raw_exchange, start_listeners, start_shop,
        stop_shop,
    },
    tls_client::TlsClient,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command},
    time::Duration,
};
use tempfile::TempDir;
use test_servers::{CertifiedKey, TestAuthority};
use testkit::ReservedPort;
use tokio::time::Instant;

/// Longer than it takes until a changed file is noticed.
const NOTICED_WITHIN: Duration = Duration::from_mins(1);

/// Names of this machine.
const LOCAL: &str = "DNS:localhost,IP:127.0.0.1";

/// Registration of an instance, and header lines of the protocol in JSON.
const INSTANCE: &str = r#"{"instance":{"instanceId":"one","hostName":"one.example","app":"ORDERS","ipAddr":"10.0.0.7","status":"UP","port":{"$":8080,"@enabled":"true"},"dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"}}}"#;
const JSON: &str = "content-type: application/json\r\naccept: application/json\r\n";

/// A command with the files of TLS in a section.
pub(crate) fn with_certificate(command: &mut Command, section: &str, files: &CertifiedKey) {
    command.env(format!("ICOMMERCE_{section}__CERTIFICATE"), &files.certificate);
    command.env(format!("ICOMMERCE_{section}__KEY"), &files.key);
}

/// Certificate of a server of these names, whose key nobody else can read.
pub(crate) fn certify(authority: &TestAuthority, names: &str) -> CertifiedKey {
    let server = authority.certify_server_as(names).unwrap();
    fs::set_permissions(&server.key, fs::Permissions::from_mode(0o600)).unwrap();
    server
}

/// Operator's token as a header line.
pub(crate) fn operator() -> String {
    format!("authorization: Bearer {OPERATOR_TOKEN}\r\n")
}

fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether an exchange without TLS gets anything that is HTTP.
fn is_answered_plainly(address: &str) -> bool {
    std::panic::catch_unwind(|| raw_exchange(address, "GET", "/health/live", "", ""))
        .is_ok_and(|answer| answer.contains("HTTP"))
}

fn start_secured(data: &Path, server: &CertifiedKey) -> (Child, [String; 2]) {
    let mut command = icommerce(data);
    with_certificate(&mut command, "TLS", server);
    with_certificate(&mut command, "OPERATOR_TLS", server);
    start_shop(&mut command)
}

#[test]
fn both_edges_speak_tls_and_everything_about_them_is_https() {
    let (folder, authority) = (TempDir::new().unwrap(), TestAuthority::create().unwrap());
    let server = certify(&authority, LOCAL);
    let (child, [shop, operators]) = start_secured(&folder.path().join("data"), &server);
    let client = TlsClient::new(&authority, None);
    // The demonstration catalogue came in over the operator edge.
    let products = client.get(&shop, "/api/v1/products?limit=1").unwrap();
    assert_eq!(products.json()["items"].as_array().unwrap().len(), 1);
    for edge in [&shop, &operators] {
        assert_eq!(client.get(edge, "/health/live").unwrap().status, 200);
        assert!(!is_answered_plainly(edge));
    }
    let strangers = TestAuthority::create().unwrap();
    assert!(TlsClient::new(&strangers, None).get(&shop, "/").is_err());

    let metadata = client.get(&shop, "/auth/.well-known/openid-configuration").unwrap().json();
    let (_, port) = shop.rsplit_once(':').unwrap();
    assert_eq!(metadata["issuer"], format!("https://127.0.0.1:{port}/auth"));
    let sign_in = client.get(&shop, "/auth/sign-in").unwrap();
    for cookie in sign_in.text.lines().filter(|line| line.starts_with("set-cookie: ")) {
        assert!(cookie.contains("__Host-") && cookie.contains("Secure"), "{cookie}");
    }
    let products = client.get(&shop, "/api/v1/products?in_stock=true&limit=100").unwrap().json();
    let added = products["items"].as_array().unwrap().iter().find_map(|product| {
        let form = format!("product={}&quantity=1", product["slug"].as_str().unwrap());
        let added = client.post_form(&shop, "/cart/add", &form);
        // One with several variants wants to know which.
        added.text.contains("location: /cart").then_some(added)
    });
    let added = added.expect("a product of one variant");
    assert!(added.text.contains("set-cookie: __Host-cart="), "{}", added.text);
    assert!(added.text.contains("Secure"), "{}", added.text);
    stop_shop(child);
}

#[test]
fn an_operator_signs_in_over_tls_and_keeps_cookies_that_nothing_else_can_set() {
    let (folder, authority) = (TempDir::new().unwrap(), TestAuthority::create().unwrap());
    let (data, server) = (folder.path().join("data"), certify(&authority, LOCAL));
    stop_shop(start_shop(icommerce(&data).arg("--no-demo")).0);
    add_operator(&data);
    let mut command = icommerce(&data);
    command.arg("--no-demo");
    with_certificate(&mut command, "TLS", &server);
    with_certificate(&mut command, "OPERATOR_TLS", &server);
    let (child, [shop, operators]) = start_shop(&mut command);
    let tls = Some(TlsClient::new(&authority, None).asking_for("127.0.0.1"));
    let mut browser = Browser { tls, ..Browser::default() };
    let orders = format!("https://{operators}/api/v1/orders");
    assert_eq!(browser.get(&orders).status, 401);
    let signed_in = browser.sign_in(&operators, &shop);
    assert_eq!((signed_in.status, &*signed_in.location), (303, &*orders), "{}", signed_in.body);
    assert_eq!(browser.get(&orders).status, 200);
    let signing_out = browser.post(&format!("https://{operators}/sign-out"), "");
    assert!(signing_out.location.starts_with(&format!("https://{shop}/auth/logout?")));
    let signed_out = browser.get(&signing_out.location);
    assert_eq!(signed_out.location, format!("https://{operators}/"));
    assert_eq!(browser.get(&orders).status, 401);
    stop_shop(child);
}

#[test]
fn commands_use_an_edge_that_speaks_tls() {
    let (folder, authority) = (TempDir::new().unwrap(), TestAuthority::create().unwrap());
    let data = folder.path().join("data");
    // A name that is not the one by which the command reaches it.
    let server = certify(&authority, "DNS:ops.example");
    let local = certify(&authority, LOCAL);
    let (child, [_, operators]) = start_secured(&data, &server);
    let mut add = icommerce(&data);
    add.args(["auth", "user", "add", "ada@example.com"])
        .env("ICOMMERCE_OPERATOR_LISTEN", &operators);
    with_certificate(&mut add, "OPERATOR_TLS", &server);
    add.arg(format!("--operator-listen={operators}"));
    // The test's own arguments name port 0 before.
    let mut add = without_ports(&add);
    succeeds(&mut add);
    stop_shop(child);

    let (child, [shop, operators]) = start_secured(&data, &local);
    let url = format!("https://{operators}");
    let backup = |name: &str, authority: Option<&Path>| {
        let mut command = icommerce(&data);
        command.arg("backup").arg(folder.path().join(name)).args(["--operator", &url]);
        if let Some(authority) = authority {
            command.arg("--authority").arg(authority);
        }
        command
    };
    let sentence = assert_fails(&mut backup("untrusted", None), 3);
    assert!(sentence.contains("certificate"), "{sentence}");
    let strangers = TestAuthority::create().unwrap().certificate();
    assert_fails(&mut backup("strangers", Some(&strangers)), 3);
    let sentence = assert_fails(&mut backup("none", Some(Path::new("/nothing/here.pem"))), 3);
    assert!(sentence.starts_with("icommerce: --authority: /nothing/here.pem"), "{sentence}");
    succeeds(&mut backup("trusted", Some(&authority.certificate())));
    let products = folder.path().join("products.csv");
    fs::write(&products, "Handle,Title,Variant SKU,Variant Price\nmug,Mug,MUG,12.50\n").unwrap();
    let mut import = icommerce(&data);
    import.args(["import", "catalog"]).arg(&products).args(["--operator", &url, "--shop"]);
    import.arg(format!("https://{shop}")).arg("--authority").arg(authority.certificate());
    succeeds(&mut import);
    stop_shop(child);

    // A shop of the command's own is nobody's but its own, and needs no certificate.
    let mut import = icommerce(&folder.path().join("another"));
    import.args(["import", "catalog"]).arg(&products);
    import.env("ICOMMERCE_TLS__CERTIFICATE", "/nothing/here.pem");
    with_certificate(&mut import, "OPERATOR_TLS", &server);
    succeeds(&mut import);
}

/// The same command without the addresses that every command of these tests has.
pub(crate) fn without_ports(command: &Command) -> Command {
    let mut same = Command::new(command.get_program());
    let own = ["--listen=127.0.0.1:0", "--operator-listen=127.0.0.1:0"];
    same.args(command.get_args().filter(|it| !own.iter().any(|own| it == own)));
    same.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    same
}

#[test]
fn what_cannot_be_used_is_refused_by_its_setting() {
    let (folder, authority) = (TempDir::new().unwrap(), TestAuthority::create().unwrap());
    let data = folder.path().join("data");
    let [one, other] = [(); 2].map(|()| certify(&authority, LOCAL));
    let (missing, key, certificate) =
        ("/nothing/here.pem", one.key.to_str().unwrap(), one.certificate.to_str().unwrap());
    let other = other.key.to_str().unwrap();
    for (section, setting) in
        [("TLS", "tls"), ("OPERATOR_TLS", "operator_tls"), ("STATUS_TLS", "status_tls")]
    {
        for (files, code, told) in [
            ([missing, key], 3, format!("{setting}.certificate: {missing}: ")),
            ([certificate, missing], 3, format!("{setting}.key: {missing}: ")),
            ([key, key], 3, format!("{setting}.certificate: {key}: there is no certificate")),
            ([certificate, other], 3, format!("{setting}.key: {other}: this is not the key")),
            (["", key], 2, format!("{setting}.key: it has no effect without")),
        ] {
            let mut command = icommerce(&data);
            command.arg("--no-demo").env("ICOMMERCE_STATUS_LISTEN", "127.0.0.1:0");
            for (name, file) in ["CERTIFICATE", "KEY"].iter().zip(files) {
                command.env(format!("ICOMMERCE_{section}__{name}"), file);
            }
            let sentence = assert_fails(&mut command, code);
            assert!(sentence.starts_with(&format!("icommerce: {told}")), "{told}: {sentence}");
        }
    }
    assert!(!data.exists(), "nothing is made for a shop that cannot start");
}

#[test]
fn the_status_listener_speaks_tls() {
    let (folder, authority) = (TempDir::new().unwrap(), TestAuthority::create().unwrap());
    let mut command = icommerce(&folder.path().join("data"));
    command.arg("--no-demo").env("ICOMMERCE_STATUS_LISTEN", "127.0.0.1:0");
    with_certificate(&mut command, "STATUS_TLS", &certify(&authority, LOCAL));
    let (child, [shop, _, status]) = start_listeners(&mut command, ["shop", "operator", "status"]);
    let client = TlsClient::new(&authority, None);
    assert!(client.get(&status, "/metrics").unwrap().body().contains("# TYPE"));
    assert!(!is_answered_plainly(&status));
    assert!(is_answered_plainly(&shop), "each listener has settings of its own");
    stop_shop(child);
}

#[test]
fn a_changed_certificate_is_taken_and_a_wrong_one_changes_nothing() {
    let (folder, authority) = (TempDir::new().unwrap(), TestAuthority::create().unwrap());
    let [first, second] = [(); 2].map(|()| certify(&authority, LOCAL));
    let file = |name: &str| folder.path().join(name);
    let live = CertifiedKey { certificate: file("live.pem"), key: file("live-key.pem") };
    let replace = |from: &CertifiedKey| {
        for (from, to) in [(&from.key, &live.key), (&from.certificate, &live.certificate)] {
            fs::copy(from, file("next")).unwrap();
            fs::rename(file("next"), to).unwrap();
        }
    };
    replace(&first);
    let (child, [shop, _]) = start_secured(&folder.path().join("data"), &live);
    let client = TlsClient::new(&authority, None);
    let shown = || client.get(&shop, "/health/live").unwrap().certificate;
    let before = shown();
    fs::write(&live.certificate, "no certificate").unwrap();
    let began = Instant::now();
    // Nothing shows from outside when a file was looked at, but for the time.
    while began.elapsed() < 2 * Duration::from_secs(6) {
        assert_eq!(shown(), before);
        std::thread::yield_now();
    }
    replace(&second);
    let began = Instant::now();
    while shown() == before {
        assert!(began.elapsed() < NOTICED_WITHIN, "the new certificate is never shown");
    }
    let log = stop_shop(child);
    let told = log.lines().filter(|line| line.contains("stays in force")).collect::<Vec<_>>();
    // Both edges have these files.
    assert!((1..=2).contains(&told.len()), "{log}");
    assert!(told[0].contains("live.pem") && told[0].contains("no certificate"), "{log}");
}

#[test]
fn the_registry_speaks_tls_and_may_ask_for_certificates() {
    let (folder, authority) = (TempDir::new().unwrap(), TestAuthority::create().unwrap());
    let server = certify(&authority, LOCAL);
    let start = |listen: &str| {
        let mut command = icommerce(&folder.path().join("data"));
        command.args(["serve", "--services=registry-service"]);
        command.arg(format!("--registry-listen={listen}"));
        with_certificate(&mut command, "REGISTRY_SERVICE__TLS", &server);
        command
    };
    let client = TlsClient::new(&authority, None);
    let (child, [registry]) = start_listeners(&mut start("127.0.0.1:0"), ["registry"]);
    let registered = client.request(&registry, "POST /eureka/apps/ORDERS", JSON, INSTANCE).unwrap();
    assert_eq!(registered.status, 204, "{}", registered.text);
    let apps = client.request(&registry, "GET /eureka/apps/ORDERS", JSON, "").unwrap();
    assert_eq!(apps.json()["application"]["instance"][0]["hostName"], "one.example");
    assert!(TlsClient::new(&TestAuthority::create().unwrap(), None).get(&registry, "/").is_err());
    assert!(!is_answered_plainly(&registry));
    stop_shop(child);

    // TLS alone tells nobody from anybody.
    let refused = assert_fails(&mut start("0.0.0.0:0"), 2);
    assert!(refused.contains("registry-service.tls.authority"), "{refused}");
    let mut members = start("0.0.0.0:0");
    members.env("ICOMMERCE_REGISTRY_SERVICE__TLS__AUTHORITY", authority.certificate());
    let (child, [registry]) = start_listeners(&mut members, ["registry"]);
    assert!(client.get(&registry, "/eureka/apps").is_err());
    let member = authority.certify_client("orders").unwrap();
    let member = TlsClient::new(&authority, Some(&member));
    assert_eq!(member.get(&registry, "/eureka/apps").unwrap().status, 200);
    stop_shop(child);

    let mut vain = icommerce(&folder.path().join("data"));
    vain.args(["--services=registry-service", "--registry-listen=127.0.0.1:0"]);
    vain.env("ICOMMERCE_REGISTRY_SERVICE__TLS__AUTHORITY", authority.certificate());
    let sentence = assert_fails(&mut vain, 2);
    assert!(sentence.contains("registry-service.tls.authority: it has no effect"), "{sentence}");
}

#[test]
fn registries_replicate_over_mutual_tls() {
    let (folder, authority) = (TempDir::new().unwrap(), TestAuthority::create().unwrap());
    let ports = [(); 2].map(|()| ReservedPort::reserve().unwrap());
    let [first, second] = [0, 1].map(|index: usize| ports[index].number());
    let peers =
        format!("[\"https://127.0.0.1:{first}/eureka\", \"https://127.0.0.1:{second}/eureka\"]");
    let start = |port: u16| {
        let mut command = icommerce(&folder.path().join("data"));
        command.arg("--services=registry-service");
        command.arg(format!("--registry-listen=127.0.0.1:{port}"));
        command.env("ICOMMERCE_REGISTRY_SERVICE__PEERS", &peers);
        let member = authority.certify_member().unwrap();
        with_certificate(&mut command, "REGISTRY_SERVICE__TLS", &member);
        command.env("ICOMMERCE_REGISTRY_SERVICE__TLS__AUTHORITY", authority.certificate());
        start_listeners(&mut command, ["registry"])
    };
    let (one, [to_one]) = start(first);
    let (other, [to_other]) = start(second);
    let client = TlsClient::new(&authority, Some(&authority.certify_client("orders").unwrap()));
    let registered = client.request(&to_one, "POST /eureka/apps/ORDERS", JSON, INSTANCE).unwrap();
    assert_eq!(registered.status, 204, "{}", registered.text);
    let began = Instant::now();
    while client.get(&to_other, "/eureka/apps/ORDERS").unwrap().status != 200 {
        assert!(began.elapsed() < NOTICED_WITHIN, "the other one never learns of it");
    }
    stop_shop(one);
    stop_shop(other);
}
