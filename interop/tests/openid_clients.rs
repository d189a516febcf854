//! Certified relying parties against the provider of a shop: they sign in, refresh, introspect, revoke and sign out, and check every
//! answer to the letter.

use interop::{
    EMAIL, PASSWORD, ShopWithAccount, assert_passed, client, node_modules, run, work_folder,
};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use test_servers::{CertifiedKey, TestAuthority};

const PROGRAMS: [&str; 7] = [
    "package.json",
    "browser.mjs",
    "keys.mjs",
    "certificate-key.mjs",
    "sign-in.mjs",
    "extensions.mjs",
    "mutual-tls.mjs",
];

/// Folder with the programs, beside the packages that they use.
fn programs(name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("openid");
    let work = work_folder(env!("CARGO_TARGET_TMPDIR"), name);
    for file in PROGRAMS {
        fs::copy(source.join(file), work.join(file)).expect("the program is there");
    }
    let modules = node_modules("TEST_OPENID_CLIENTS");
    std::os::unix::fs::symlink(modules, work.join("node_modules")).expect("a link can be made");
    work
}

#[test]
fn certified_clients_find_nothing_to_object_to() {
    object_to_nothing("openid", "");
}

#[test]
fn nor_at_a_listener_of_the_providers_own() {
    object_to_nothing("openid-own-listener", "[auth-server]\nlisten = \"127.0.0.1:0\"\n");
}

/// Has the clients use a shop with these settings, and check every answer.
fn object_to_nothing(name: &str, settings: &str) {
    let work = programs(name);
    let node = |arguments: &[&str]| run(Command::new("node").args(arguments).current_dir(&work));
    node(&["keys.mjs", "private.json", "public.json"]);
    let public = work.join("public.json").display().to_string();
    let (back, bye) = ("https://app.example/back", "https://app.example/bye");
    let robot = ["--grant", "client_credentials", "--scope", "orders.read", "--keys", &public];
    let commands = [
        client("app", &["--redirect", back, "--post-logout", bye, "--json"]),
        client("spa", &["--public", "--redirect", back]),
        client("robot", &robot),
        client("bank", &["--fapi", "--keys", &public, "--redirect", back]),
        client("tv", &["--public", "--grant", "device"]),
    ];
    let shop = ShopWithAccount::with_settings(settings, &commands);
    let input = json!({
        "issuer": shop.issuer,
        "email": EMAIL,
        "password": PASSWORD,
        "secret": shop.secret(0),
        "keyFile": "private.json",
        "link": shop.link,
    });
    let input = input.to_string();
    assert_passed(&node(&["sign-in.mjs", &input]), 5);
    assert_passed(&node(&["extensions.mjs", &input]), 5);
}

fn authority() -> TestAuthority {
    TestAuthority::create().expect("openssl makes certificates")
}

#[test]
fn certified_clients_with_certificates_get_tokens_that_are_bound_to_them() {
    let work = programs("openid-mutual-tls");
    let (public, clients) = (authority(), authority());
    let server = public.certify_server().expect("a certificate");
    let [robot, app, bank] =
        ["robot", "app", "bank"].map(|name| clients.certify_client(name).expect("a certificate"));
    let own = clients.self_signed("own").expect("a certificate");
    let node = |arguments: &[&str]| {
        let mut node = Command::new("node");
        node.args(arguments).current_dir(&work).env("NODE_EXTRA_CA_CERTS", public.certificate());
        run(&mut node)
    };
    node(&[
        "certificate-key.mjs",
        own.certificate.to_str().expect("a path in Unicode"),
        "own.json",
    ]);
    let keys = work.join("own.json").display().to_string();
    let settings = format!(
        "[tls]\ncertificate = {:?}\nkey = {:?}\nclient_certificate_hosts = [\"*\"]\n[auth-server]\nclient_ca_file = {:?}\n",
        server.certificate,
        server.key,
        clients.certificate()
    );
    let machine = ["--grant", "client_credentials", "--certificate-bound", "--scope"];
    let named = ["orders.read", "--scope", "introspect", "--certificate", "subject_dn=CN=robot"];
    let by_key = ["orders.read", "--self-signed-certificate", "--keys", &keys];
    let person = ["--redirect", "https://app.example/back", "--certificate-bound"];
    let shop = ShopWithAccount::with_settings(
        &settings,
        &[
            client("robot", &[&machine[..], &named[..]].concat()),
            client("own", &[&machine[..], &by_key[..]].concat()),
            client("app", &[&person[..], &["--certificate", "subject_dn=CN=app"]].concat()),
            client(
                "bank",
                &[&person[..], &["--fapi", "--certificate", "subject_dn=CN=bank"]].concat(),
            ),
        ],
    );
    let shown = |files: &CertifiedKey| json!({"certificate": files.certificate, "key": files.key});
    let input = json!({
        "issuer": shop.shop.url("/auth"),
        "email": EMAIL,
        "password": PASSWORD,
        "link": shop.link,
        "authority": public.certificate(),
        "certificates": {
            "robot": shown(&robot), "app": shown(&app), "bank": shown(&bank), "own": shown(&own),
        },
    });
    assert_passed(&node(&["mutual-tls.mjs", &input.to_string()]), 5);
}
