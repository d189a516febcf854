//! Keycloak as an issuer that the shop trusts: the groups of its users are roles at the operator edge.

use browser_tests::http;
use interop::{OutsideTokens, PASSWORD, assert_roles_decide, prerequisite, serve};
use serde_json::Value;
use std::{fs, path::Path};

const REALM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/keycloak/realm.json");
/// Environment of a small and short-lived server.
const ENVIRONMENT: [&str; 2] =
    ["JAVA_OPTS_KC_HEAP=-Xms64m -Xmx400m", "JAVA_OPTS_APPEND=-XX:TieredStopAtLevel=1"];
const ARGUMENTS: [&str; 7] = [
    "start-dev",
    "--import-realm",
    "--db=dev-mem",
    "--cache=local",
    "--features-disabled=ciba,par",
    "--http-host=127.0.0.1",
    "--http-port=0",
];
const LISTENING: &str = "Listening on: http://";

/// What the token endpoint answers to somebody with a password.
fn tokens(address: &str, client: &str, user: &str) -> Value {
    let password = PASSWORD.replace(' ', "+");
    let fields = format!(
        "grant_type=password&client_id={client}&username={user}&password={password}&scope=openid"
    );
    let response = http::post_form(address, "/realms/shop/protocol/openid-connect/token", &fields);
    assert_eq!(response.status, 200, "{}", response.text());
    serde_json::from_str(&response.text()).expect("tokens as JSON")
}

#[test]
fn a_group_of_keycloak_opens_the_operator_edge() {
    let script = prerequisite("TEST_KEYCLOAK");
    let home = Path::new(&script).ancestors().nth(2).expect("the folder of Keycloak");
    // Realms are imported from a folder of the installation alone.
    let import = home.join("data/import");
    fs::create_dir_all(&import).expect("the folder can be made");
    fs::copy(REALM, import.join("realm.json")).expect("the realm can be copied");
    let words = ENVIRONMENT.into_iter().chain([&*script]).chain(ARGUMENTS);
    let arguments: Vec<String> = words.map(ToOwned::to_owned).collect();
    let (_keycloak, address) = serve(Path::new("env"), &arguments, |line| {
        line.split_once(LISTENING).map(|(_, address)| address.trim().to_owned())
    });
    let admin = tokens(&address, "shop-tools", "ada");
    let token = |tokens: &Value, name: &str| tokens[name].as_str().expect("a token").to_owned();
    let access = |client, user| token(&tokens(&address, client, user), "access_token");
    let tokens = OutsideTokens {
        admin: token(&admin, "access_token"),
        guest: access("shop-tools", "grace"),
        foreign: access("warehouse-tools", "ada"),
        others: ["id_token", "refresh_token"].map(|name| token(&admin, name)).into(),
    };
    assert_roles_decide(&format!("http://{address}/realms/shop"), &tokens);
}
