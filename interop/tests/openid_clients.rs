//! Certified relying parties against the provider of a shop: they sign in, refresh, introspect, revoke and sign out, and check every
//! answer to the letter.

use browser_tests::Shop;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const EMAIL: &str = "ada@example.com";

/// Folder of the installed packages, as `cargo xtask test` passes it on.
#[expect(
    clippy::disallowed_methods,
    reason = "the test runner passes paths through the environment, and no settings are involved"
)]
fn modules() -> PathBuf {
    let client = std::env::var("TEST_OPENID_CLIENTS").unwrap_or_else(|_| {
        panic!("TEST_OPENID_CLIENTS is not set: run `cargo xtask test --only interop`")
    });
    Path::new(&client).ancestors().nth(3).expect("the client lies in a package").to_owned()
}

/// Folder with the programs, beside the packages that they use.
fn programs() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("openid");
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openid");
    if work.exists() {
        fs::remove_dir_all(&work).expect("the folder of the last run can be removed");
    }
    fs::create_dir_all(&work).expect("the folder can be made");
    for file in ["package.json", "browser.mjs", "keys.mjs", "sign-in.mjs", "extensions.mjs"] {
        fs::copy(source.join(file), work.join(file)).expect("the program is there");
    }
    std::os::unix::fs::symlink(modules(), work.join("node_modules")).expect("a link can be made");
    work
}

/// What a program prints.
fn node(work: &Path, arguments: &[&str]) -> String {
    let output = Command::new("node").args(arguments).current_dir(work).output();
    let output = output.unwrap_or_else(|error| panic!("node {arguments:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn certified_clients_find_nothing_to_object_to() {
    let work = programs();
    node(&work, &["keys.mjs", "private.json", "public.json"]);
    let public = work.join("public.json").display().to_string();
    let (back, bye) = ("https://app.example/back", "https://app.example/bye");
    let app: &[&str] =
        &["auth", "client", "add", "app", "--redirect", back, "--post-logout", bye, "--json"];
    let spa: &[&str] = &["auth", "client", "add", "spa", "--public", "--redirect", back];
    let robot: &[&str] = &[
        "auth",
        "client",
        "add",
        "robot",
        "--grant",
        "client_credentials",
        "--scope",
        "orders.read",
        "--keys",
        &public,
    ];
    let fapi: &[&str] =
        &["auth", "client", "add", "bank", "--fapi", "--keys", &public, "--redirect", back];
    let television: &[&str] = &["auth", "client", "add", "tv", "--public", "--grant", "device"];
    let user: &[&str] = &["auth", "user", "add", EMAIL];
    let commands = [app, spa, robot, fapi, television, user].map(|command| (command, ""));
    let (shop, printed) = Shop::after_commands(&commands);
    let app: Value = serde_json::from_str(&printed[0]).expect("the client as JSON");
    let link = printed[5].trim();
    let (_, path) = link.split_once("/auth/").expect("an address of the provider");
    let input = json!({
        "issuer": shop.url("/auth"),
        "email": EMAIL,
        "password": "correct horse battery staple",
        "secret": app["client_secret"],
        "keyFile": "private.json",
        "link": shop.url(&format!("/auth/{path}")),
    });
    let said = node(&work, &["sign-in.mjs", &input.to_string()]);
    let said: Value = serde_json::from_str(said.trim()).expect("the program prints JSON");
    assert_eq!(said["passed"].as_array().map(Vec::len), Some(5), "{said}");
    let said = node(&work, &["extensions.mjs", &input.to_string()]);
    let said: Value = serde_json::from_str(said.trim()).expect("the program prints JSON");
    assert_eq!(said["passed"].as_array().map(Vec::len), Some(5), "{said}");
}
