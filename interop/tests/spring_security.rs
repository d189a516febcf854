//! Spring Security against the provider of a shop: a web application signs somebody in and out, and a resource server takes access
//! tokens.

use interop::{
    EMAIL, PASSWORD, ShopWithAccount, assert_passed, client, prerequisite, run, work_folder,
};
use serde_json::json;
use std::{fs, net::TcpListener, path::Path, process::Command};

/// Logout tokens are posted to this machine.
const SETTINGS: &str = "[auth-server]\nfetch_private_addresses = true\n";

#[test]
fn spring_security_signs_people_in_and_takes_their_tokens() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("spring");
    let work = work_folder(env!("CARGO_TARGET_TMPDIR"), "spring");
    // The address is registered before the application starts. Another program may take the port in between; then it says so.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let port = port.expect("a free port").port();
    let origin = format!("http://127.0.0.1:{port}");
    let address = |path| format!("{origin}{path}");
    let app = client(
        "app",
        &[
            "--redirect",
            &address("/login/oauth2/code/app"),
            "--post-logout",
            &address("/bye"),
            "--back-channel-logout",
            &address("/logout/connect/back-channel/app"),
            "--json",
        ],
    );
    let machine = ["--grant", "client_credentials", "--scope", "orders.read", "--json"];
    let shop = ShopWithAccount::with_settings(SETTINGS, &[app, client("robot", &machine)]);
    let input = json!({
        "issuer": shop.shop.url("/auth"),
        "audience": shop.shop.url(""),
        "email": EMAIL,
        "password": PASSWORD,
        "secret": shop.secret(0),
        "robotSecret": shop.secret(1),
        "link": shop.link,
        "port": port,
    });
    fs::write(work.join("input.json"), input.to_string()).expect("the folder is writable");
    let output = run(Command::new(prerequisite("TEST_MAVEN"))
        .args(["--quiet", "--batch-mode", "--file"])
        .arg(source.join("pom.xml"))
        .arg(format!("-DbuildDirectory={}", work.display()))
        .args(["compile", "exec:java"])
        .arg(format!("-Dexec.args={}", work.join("input.json").display()))
        .current_dir(&work));
    assert_passed(&output, 13);
}
