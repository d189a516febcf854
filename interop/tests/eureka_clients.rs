//! Java at the registry: the clients of Spring and Netflix, every codec of theirs, and a Eureka server as a peer.

use interop::{assert_passed, prerequisite, run, serve, work_folder};
use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command},
};

/// Checks that the program makes.
const CHECKS: usize = 88;

/// Starts a registry on a free port, with these settings, and finds its address.
fn registry(folder: &Path, name: &str, settings: &str) -> (Child, String) {
    let file = folder.join(format!("{name}.toml"));
    std::fs::write(&file, settings).expect("the folder is writable");
    let arguments = [
        "serve".to_owned(),
        "--services=registry-service".to_owned(),
        "--registry-listen=127.0.0.1:0".to_owned(),
        format!("--config={}", file.display()),
    ];
    serve(Path::new(&prerequisite("TEST_PRODUCT")), &arguments, |line| {
        line.strip_prefix("registry").map(|address| address.trim().to_owned())
    })
}

#[test]
fn java_clients_and_a_java_peer_understand_the_registry() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("eureka");
    let work = work_folder(env!("CARGO_TARGET_TMPDIR"), "eureka");
    // The peer's address is a setting of the registry, which starts first. Another program may take the port in between; then it says so.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let port = port.expect("a free port").port();
    let (_alone, alone) = registry(&work, "alone", "");
    let settings = format!(
        "[registry-service]\npeers = [\"http://127.0.0.1:{port}/eureka\"]\nself_preservation = false\neviction_ms = 1000\n"
    );
    let (_paired, paired) = registry(&work, "paired", &settings);
    let output = run(Command::new(prerequisite("TEST_MAVEN"))
        .args(["--quiet", "--batch-mode", "--file"])
        .arg(source.join("pom.xml"))
        .arg(format!("-DbuildDirectory={}", work.display()))
        .args(["compile", "exec:java"])
        .arg(format!("-Dexec.args={alone} {paired} {port}"))
        .current_dir(&work));
    assert_passed(&output, CHECKS);
}
