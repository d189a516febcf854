//! Clients that prove themselves by certificates over the shop's own TLS, and the tokens that are bound to these (RFC 8705).

use crate::{
    program::{assert_fails, icommerce, start_shop, stop_shop},
    tls_client::{TlsAnswer, TlsClient},
    tls_listeners::{certify, with_certificate, without_ports},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;
use test_servers::{CertifiedKey, TestAuthority};
use testkit::ReservedPort;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

/// Server name at which certificates are asked for, and that at which they are not.
const ASKED: &str = "localhost";
const UNASKED: &str = "shop.localhost";

/// Shop with a certificate of its own, and an authority for those of clients.
struct World {
    folder: TempDir,
    /// That of the shop.
    public: TestAuthority,
    /// That of the clients.
    clients: TestAuthority,
    server: CertifiedKey,
}

impl World {
    fn new() -> Self {
        let (public, clients) =
            (TestAuthority::create().unwrap(), TestAuthority::create().unwrap());
        let server = certify(&public, "DNS:localhost,DNS:shop.localhost");
        let world = Self { folder: TempDir::new().unwrap(), public, clients, server };
        // The first start makes the folder, to which clients are added.
        stop_shop(start_shop(&mut world.command()).0);
        world
    }

    fn command(&self) -> Command {
        let mut command = icommerce(&self.folder.path().join("data"));
        command.arg("--no-demo");
        for section in ["TLS", "OPERATOR_TLS"] {
            with_certificate(&mut command, section, &self.server);
            let hosts = format!("ICOMMERCE_{section}__CLIENT_CERTIFICATE_HOSTS");
            command.env(hosts, format!("[\"{ASKED}\"]"));
        }
        command.env("ICOMMERCE_AUTH_SERVER__CLIENT_CA_FILE", self.clients.certificate());
        command
    }

    /// Adds a client that reads what operators do.
    fn add_client(&self, id: &str, how: &[&str]) {
        let mut add = self.command();
        add.args(["auth", "client", "add", id, "--grant", "client_credentials"]);
        let Output { status, stderr, .. } =
            add.args(["--role", "viewer"]).args(how).output().unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    }

    fn client(&self, shown: Option<&CertifiedKey>) -> TlsClient {
        TlsClient::new(&self.public, shown).asking_for(ASKED)
    }
}

fn token(client: &TlsClient, shop: &str, id: &str) -> TlsAnswer {
    client.post_form(shop, "/auth/token", &format!("grant_type=client_credentials&client_id={id}"))
}

/// Token that a client gets.
fn issued(client: &TlsClient, shop: &str, id: &str) -> String {
    let answer = token(client, shop, id);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

fn is_refused(answer: &TlsAnswer) {
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(answer.json()["error"], "invalid_client");
}

/// Claims of a token.
fn claims(token: &str) -> Value {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

/// Status of a request for the orders, at the operator edge.
fn orders(client: &TlsClient, operators: &str, token: &str, headers: &str) -> u16 {
    let headers = format!("authorization: Bearer {token}\r\n{headers}");
    client.request(operators, "GET /api/v1/orders", &headers, "").unwrap().status
}

/// Header in which a proxy would pass a certificate on.
fn as_header(files: &CertifiedKey) -> String {
    let der = CertificateDer::from_pem_file(&files.certificate).unwrap();
    format!("client-cert: :{}:\r\n", base64::prelude::BASE64_STANDARD.encode(der))
}

#[test]
fn a_certificate_proves_a_client_and_its_tokens_count_with_it_alone() {
    let world = World::new();
    let [robot, other] = ["robot", "other"].map(|name| world.clients.certify_client(name).unwrap());
    world.add_client("robot", &["--certificate", "subject_dn=CN=robot", "--certificate-bound"]);
    let (child, [shop, operators]) = start_shop(&mut world.command());
    let [by_robot, by_other] = [&robot, &other].map(|shown| world.client(Some(shown)));
    let nobody = world.client(None);

    let metadata = nobody.get(&shop, "/auth/.well-known/openid-configuration").unwrap().json();
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
    let methods = metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(methods.contains(&"tls_client_auth".into()), "{methods:?}");

    let bound = issued(&by_robot, &shop, "robot");
    assert_eq!(claims(&bound)["cnf"]["x5t#S256"].as_str().unwrap().len(), 43);
    assert_eq!(orders(&by_robot, &operators, &bound, ""), 200);
    assert_eq!(orders(&by_other, &operators, &bound, ""), 401);
    assert_eq!(orders(&nobody, &operators, &bound, ""), 401);
    assert_eq!(orders(&by_robot.asking_for(UNASKED), &operators, &bound, ""), 401);

    is_refused(&token(&by_other, &shop, "robot"));
    is_refused(&token(&nobody, &shop, "robot"));
    is_refused(&token(&by_robot.asking_for(UNASKED), &shop, "robot"));
    let strangers = TestAuthority::create().unwrap();
    let forged = strangers.certify_client("robot").unwrap();
    is_refused(&token(&world.client(Some(&forged)), &shop, "robot"));
    is_refused(&token(
        &world.client(Some(&world.clients.self_signed("robot").unwrap())),
        &shop,
        "robot",
    ));
    stop_shop(child);
}

#[test]
fn clients_are_asked_at_the_addresses_that_the_metadata_names_for_them() {
    let world = World::new();
    let robot = world.clients.certify_client("robot").unwrap();
    world.add_client("robot", &["--certificate", "subject_dn=CN=robot"]);
    let port = ReservedPort::reserve().unwrap();
    let mut command = without_ports(&world.command());
    command
        .arg(format!("--listen=127.0.0.1:{}", port.number()))
        .arg("--operator-listen=127.0.0.1:0");
    let origin = format!("https://{ASKED}:{}", port.number());
    command.env("ICOMMERCE_AUTH_SERVER__MTLS_ORIGIN", &origin);
    let (child, [shop, _]) = start_shop(&mut command);
    let client = world.client(Some(&robot));
    let metadata = client.asking_for(UNASKED).get(&shop, "/auth/.well-known/openid-configuration");
    let metadata = metadata.unwrap().json();
    let alias = metadata["mtls_endpoint_aliases"]["token_endpoint"].as_str().unwrap();
    assert_eq!(alias, format!("{origin}/auth/token"));
    assert_ne!(metadata["token_endpoint"], alias);
    issued(&client, &shop, "robot");
    is_refused(&token(&client.asking_for(UNASKED), &shop, "robot"));
    stop_shop(child);
}

#[test]
fn a_header_of_a_client_is_never_its_certificate() {
    let world = World::new();
    let robot = world.clients.certify_client("robot").unwrap();
    world.add_client("robot", &["--certificate", "subject_dn=CN=robot", "--certificate-bound"]);
    let mut command = world.command();
    command.env("ICOMMERCE_API_GATEWAY__CLIENT_CERTIFICATE_HEADER", "client-cert");
    command.env("ICOMMERCE_API_GATEWAY__TRUSTED_PROXIES", "[\"192.0.2.9\"]");
    let (child, [shop, operators]) = start_shop(&mut command);
    let bound = issued(&world.client(Some(&robot)), &shop, "robot");
    let nobody = world.client(None);
    let headers =
        format!("{}content-type: application/x-www-form-urlencoded\r\n", as_header(&robot));
    let form = "grant_type=client_credentials&client_id=robot";
    let forged = nobody.request(&shop, "POST /auth/token", &headers, form).unwrap();
    assert_ne!(forged.status, 200, "{}", forged.text);
    assert_ne!(orders(&nobody, &operators, &bound, &as_header(&robot)), 200);
    let internal = as_header(&robot).replace("client-cert", "icommerce-client-certificate");
    assert_ne!(orders(&nobody, &operators, &bound, &internal), 200);
    stop_shop(child);
}

#[test]
fn a_self_signed_certificate_proves_a_client_by_its_registered_key() {
    let world = World::new();
    let [own, other] = [(); 2].map(|()| world.clients.self_signed("robot").unwrap());
    let keys = world.folder.path().join("keys.json");
    fs::write(&keys, public_key(&own).to_string()).unwrap();
    let keys = keys.to_str().unwrap();
    world
        .add_client("robot", &["--self-signed-certificate", "--keys", keys, "--certificate-bound"]);
    let (child, [shop, operators]) = start_shop(&mut world.command());
    let bound = issued(&world.client(Some(&own)), &shop, "robot");
    assert_eq!(orders(&world.client(Some(&own)), &operators, &bound, ""), 200);
    assert_eq!(orders(&world.client(Some(&other)), &operators, &bound, ""), 401);
    is_refused(&token(&world.client(Some(&other)), &shop, "robot"));
    stop_shop(child);
}

/// Set of the public key of a certificate (JWK), which is on the curve P-256.
fn public_key(files: &CertifiedKey) -> Value {
    let mut openssl = Command::new("openssl");
    openssl.args(["x509", "-noout", "-pubkey", "-in"]).arg(&files.certificate);
    let output = openssl.output().unwrap();
    let der: String = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter(|it| !it.starts_with('-'))
        .collect();
    let der = base64::prelude::BASE64_STANDARD.decode(der).unwrap();
    // The point is at the end, uncompressed.
    let [x, y] = [64, 32].map(|end| &der[der.len() - end..][..32]);
    let [x, y] = [x, y].map(|it| BASE64_URL_SAFE_NO_PAD.encode(it));
    serde_json::json!({"keys": [{"kty": "EC", "crv": "P-256", "x": x, "y": y}]})
}

#[test]
fn a_certificate_that_its_authority_revokes_is_refused_from_then_on() {
    let world = World::new();
    let robot = world.clients.certify_client("robot").unwrap();
    world.add_client("robot", &["--certificate", "subject_dn=CN=robot"]);
    let file = world.folder.path().join("revoked.pem");
    let replace = |list: PathBuf| {
        let next = world.folder.path().join("next");
        fs::copy(list, &next).unwrap();
        fs::rename(next, &file).unwrap();
    };
    let command = |file: &Path| {
        let mut command = world.command();
        command.env("ICOMMERCE_AUTH_SERVER__CLIENT_CRL_FILE", file);
        command
    };
    let missing = assert_fails(&mut command(&file), 3);
    assert!(missing.contains("auth-server.client_crl_file: "), "{missing}");
    let wrong = assert_fails(&mut command(&world.clients.certificate()), 3);
    assert!(wrong.contains("there is no revocation list in it"), "{wrong}");
    let mut without = command(&file);
    without.env("ICOMMERCE_AUTH_SERVER__CLIENT_CA_FILE", "");
    assert!(assert_fails(&mut without, 2).contains("auth-server.client_crl_file"));

    replace(world.clients.revoke(&[], true).unwrap());
    let (child, [shop, _]) = start_shop(&mut command(&file));
    let client = world.client(Some(&robot));
    issued(&client, &shop, "robot");
    replace(world.clients.revoke(&[&robot], true).unwrap());
    let refused = (0..100_000).any(|_| token(&client, &shop, "robot").status == 401);
    assert!(refused, "the list is read in the end");
    stop_shop(child);
    replace(world.clients.revoke(&[], false).unwrap());
    let (child, [shop, _]) = start_shop(&mut command(&file));
    is_refused(&token(&client, &shop, "robot"));
    let log = stop_shop(child);
    assert_eq!(log.matches("no current list of its authority").count(), 1, "{log}");
}
