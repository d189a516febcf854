//! Authlib against the provider of a shop: as relying party it signs in, refreshes, introspects, revokes and signs out; as resource
//! server it checks an access token.

use interop::{
    EMAIL, PASSWORD, ShopWithAccount, assert_passed, client, prerequisite, run, work_folder,
};
use serde_json::json;
use std::{path::Path, process::Command};

#[test]
fn authlib_finds_nothing_to_object_to() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let work = work_folder(env!("CARGO_TARGET_TMPDIR"), "python");
    let interpreter = prerequisite("TEST_AUTHLIB");
    let python = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(&interpreter);
        // Compiled modules would be left in the source tree.
        command.arg("-B").arg(source.join(program)).args(arguments).current_dir(&work);
        run(&mut command)
    };
    python("keys.py", &["private.json", "public.json"]);
    let public = work.join("public.json").display().to_string();
    let (back, bye) = ("https://app.example/back", "https://app.example/bye");
    let web = |id, algorithm| {
        let addresses = ["--redirect", back, "--post-logout", bye];
        let options = [&addresses[..], &["--id-token-algorithm", algorithm, "--json"]].concat();
        client(id, &options)
    };
    let robot = ["--grant", "client_credentials", "--scope", "orders.read", "--keys", &public];
    let shop = ShopWithAccount::after_commands(&[
        web("rs", "RS256"),
        web("es", "ES256"),
        web("ed", "EdDSA"),
        client("spa", &["--public", "--redirect", back]),
        client("robot", &robot),
    ]);
    let input = json!({
        "issuer": shop.shop.url("/auth"),
        "email": EMAIL,
        "password": PASSWORD,
        "secrets": { "rs": shop.secret(0), "es": shop.secret(1), "ed": shop.secret(2) },
        "key_file": "private.json",
        "link": shop.link,
    });
    assert_passed(&python("sign_in.py", &[&input.to_string()]), 7);
}
