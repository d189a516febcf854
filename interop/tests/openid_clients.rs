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

/// Folder with the programs, beside the packages that they use.
fn programs() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("openid");
    let work = work_folder(env!("CARGO_TARGET_TMPDIR"), "openid");
    for file in ["package.json", "browser.mjs", "keys.mjs", "sign-in.mjs", "extensions.mjs"] {
        fs::copy(source.join(file), work.join(file)).expect("the program is there");
    }
    let modules = node_modules("TEST_OPENID_CLIENTS");
    std::os::unix::fs::symlink(modules, work.join("node_modules")).expect("a link can be made");
    work
}

#[test]
fn certified_clients_find_nothing_to_object_to() {
    let work = programs();
    let node = |arguments: &[&str]| run(Command::new("node").args(arguments).current_dir(&work));
    node(&["keys.mjs", "private.json", "public.json"]);
    let public = work.join("public.json").display().to_string();
    let (back, bye) = ("https://app.example/back", "https://app.example/bye");
    let robot = ["--grant", "client_credentials", "--scope", "orders.read", "--keys", &public];
    let shop = ShopWithAccount::after_commands(&[
        client("app", &["--redirect", back, "--post-logout", bye, "--json"]),
        client("spa", &["--public", "--redirect", back]),
        client("robot", &robot),
        client("bank", &["--fapi", "--keys", &public, "--redirect", back]),
        client("tv", &["--public", "--grant", "device"]),
    ]);
    let input = json!({
        "issuer": shop.shop.url("/auth"),
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
