//! Signing in at the operator edge as a browser does, with the account that the shop itself has, and signing out.

use crate::{
    browser::{Browser, add_operator},
    program::{assert_fails, icommerce, start_shop, stop_shop},
};
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn an_operator_signs_in_and_out_in_the_browser() {
    let folder = TempDir::new().unwrap();
    stop_shop(start_shop(icommerce(folder.path()).arg("--no-demo")).0);
    add_operator(folder.path());
    let (child, [shop, operator]) = start_shop(icommerce(folder.path()).arg("--no-demo"));
    let orders = format!("http://{operator}/api/v1/orders");

    let mut browser = Browser::default();
    assert_eq!(browser.get(&orders).status, 401);
    let signed_in = browser.sign_in(&operator, &shop);
    assert_eq!((signed_in.status, &*signed_in.location), (303, &*orders), "{}", signed_in.body);
    assert_eq!(browser.get(&orders).status, 200);
    assert!(browser.get(&format!("http://{operator}/")).body.contains("the role: viewer"));
    let refused = browser.post(&format!("http://{operator}/api/v1/products"), "{}");
    assert!(refused.status == 403 && refused.body.contains("merchandiser"), "{}", refused.body);
    assert_eq!(Browser::default().get(&orders).status, 401, "another browser");

    // Whoever is signed out elsewhere is so with the next request.
    let mut end = icommerce(folder.path());
    end.args(["auth", "session", "end", "ada@example.com", "--operator"]);
    let ended = end.arg(format!("http://{operator}")).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert_eq!(browser.get(&orders).status, 401, "at once");
    assert_eq!(browser.sign_in(&operator, &shop).status, 303);
    assert_eq!(browser.get(&orders).status, 200);

    let kept = browser.cookies.clone();
    let signing_out = browser.post(&format!("http://{operator}/sign-out"), "");
    assert!(
        signing_out.location.starts_with(&format!("http://{shop}/auth/logout?")),
        "{}",
        signing_out.location
    );
    assert!(!signing_out.location.contains("id_token"), "no token is in an address");
    let signed_out = browser.get(&signing_out.location);
    assert_eq!(
        (signed_out.status, &*signed_out.location),
        (303, &*format!("http://{operator}/")),
        "{}",
        signed_out.body
    );
    assert_eq!(browser.get(&orders).status, 401);
    assert_eq!(
        Browser { cookies: kept, tls: None }.get(&orders).status,
        401,
        "also for who kept the cookies"
    );
    let again = browser.get(&format!("http://{operator}/sign-in"));
    assert!(
        browser.get(&again.location).body.contains("name=\"password\""),
        "at the provider as well"
    );
    stop_shop(child);
}

#[test]
fn a_program_uses_the_operator_edge_with_the_credentials_of_a_client() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    stop_shop(start_shop(icommerce(&data).arg("--no-demo")).0);
    let client = |id: &str, role: &str| {
        let mut add = icommerce(&data);
        add.args(["auth", "client", "add", id, "--grant", "client_credentials", "--json"]);
        let output = add.args(["--role", role]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let (mut admin, mut viewer) =
        (client("admin-robot", "admin"), client("viewer-robot", "viewer"));
    assert!(admin["token_endpoint"].as_str().unwrap().ends_with("/auth/token"));
    let (child, [shop, operator]) = start_shop(icommerce(&data).arg("--no-demo"));
    let backup = |credentials: &mut Value, name: &str| {
        // The port of this shop was free by chance.
        credentials["token_endpoint"] = format!("http://{shop}/auth/token").into();
        let file = folder.path().join(format!("{name}.json"));
        std::fs::write(&file, credentials.to_string()).unwrap();
        let mut command = icommerce(&data);
        command.env_remove("ICOMMERCE_TOKEN").arg("backup").arg(folder.path().join(name));
        command.arg("--operator").arg(format!("http://{operator}"));
        command.arg("--token-file").arg(file);
        command
    };
    let refused = assert_fails(&mut backup(&mut viewer, "by-viewer"), 3);
    assert!(refused.contains("one of the roles admin"), "{refused}");
    let mut stranger = icommerce(&data);
    stranger.env_remove("ICOMMERCE_TOKEN").arg("backup").arg(folder.path().join("by-stranger"));
    stranger.arg("--operator").arg(format!("http://{operator}"));
    let refused = assert_fails(&mut stranger, 3);
    assert!(refused.contains("takes the token of an operator"), "{refused}");
    assert!(!refused.contains("no shop gives"), "{refused}");
    let output = backup(&mut admin, "by-admin").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    admin["client_secret"] = "wrong".into();
    let refused = assert_fails(&mut backup(&mut admin, "by-thief"), 2);
    assert!(refused.contains("it answered 401"), "{refused}");
    stop_shop(child);
}
