//! oidc-provider as an issuer that the shop trusts: it marks its access tokens as such (`at+jwt`), and signs them by ES256.

use interop::{OutsideTokens, assert_roles_decide, node_modules, serve, work_folder};
use serde_json::Value;
use std::{fs, path::Path};

#[test]
fn a_group_of_oidc_provider_opens_the_operator_edge() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("oidc-provider");
    let work = work_folder(env!("CARGO_TARGET_TMPDIR"), "oidc-provider");
    fs::copy(source.join("issuer.mjs"), work.join("issuer.mjs")).expect("the program is there");
    let modules = node_modules("TEST_OIDC_PROVIDER");
    std::os::unix::fs::symlink(modules, work.join("node_modules")).expect("a link can be made");
    let program = work.join("issuer.mjs").display().to_string();
    let (_server, said): (_, Value) =
        serve(Path::new("node"), &[program], |line| serde_json::from_str(line).ok());
    let text = |name: &str| said[name].as_str().expect("a text").to_owned();
    let tokens = OutsideTokens {
        admin: text("admin"),
        guest: text("guest"),
        foreign: text("foreign"),
        others: Vec::new(),
    };
    assert_roles_decide(&text("issuer"), &tokens);
}
