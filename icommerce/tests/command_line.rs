//! The command line: every way to use it wrongly is one sentence, an exit code, and no damage.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
};
use tempfile::TempDir;

fn icommerce(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    command.arg("--data").arg(data).args(["--listen=127.0.0.1:0", "--operator-listen=127.0.0.1:0"]);
    command.env("ICOMMERCE_LOG_FILTER", "warn");
    command
}

/// Runs it to its end; it has to say one sentence and exit with this code.
fn fails(command: &mut Command, code: i32) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(code), "{said}");
    assert!(stdout.is_empty(), "{}", String::from_utf8_lossy(&stdout));
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(said.starts_with("icommerce: "), "{said}");
    said
}

/// Starts it and waits until it serves; returns the addresses of the two edges.
fn serves(command: &mut Command) -> (Child, [String; 2]) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut address = |name: &str| {
        let line = lines.next().unwrap_or_else(|| panic!("it says where {name} is")).unwrap();
        let address = line.strip_prefix(name).unwrap_or_else(|| panic!("{line}")).trim();
        address.strip_prefix("http://").unwrap().to_owned()
    };
    let addresses = [address("shop"), address("operator")];
    (child, addresses)
}

fn stops(mut child: Child) {
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    let status = child.wait().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(status.success(), "{status} {said}");
}

#[test]
fn a_wrong_option_is_named() {
    let folder = TempDir::new().unwrap();
    assert!(fails(icommerce(folder.path()).arg("--lisen=1"), 2).contains("--listen"));
    assert!(
        fails(icommerce(folder.path()).arg("--services=cart"), 2).contains("shopping-cart-service")
    );
    assert!(fails(icommerce(folder.path()).arg("--service-listen=nowhere"), 2).contains("nowhere"));
    assert!(
        fails(icommerce(folder.path()).env("ICOMMERCE_DRAIN_TIMEOUT_MS", "soon"), 2)
            .contains("soon")
    );
    assert!(
        fails(icommerce(folder.path()).arg("--config=/nothing/here.toml"), 2)
            .contains("/nothing/here.toml")
    );
}

#[test]
fn a_port_in_use_is_named_and_nothing_is_opened() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = folder.path().join("data");
    let mut command = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    command.arg("--data").arg(&data).args(["--listen", &address, "--operator-listen=127.0.0.1:0"]);
    assert!(fails(&mut command, 3).contains(&address));
    assert!(!data.exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    fails(&mut icommerce(&file), 3);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "not a folder");
    // Root may write anywhere, so that half only shows for other users.
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(closed.join("probe"), "").is_err() {
        fails(&mut icommerce(&closed), 3);
    }
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let (first, _) = serves(icommerce(folder.path()).arg("--no-demo"));
    assert!(fails(&mut icommerce(folder.path()), 3).contains("another running"));
    stops(first);
}

#[test]
fn a_second_start_finds_everything_as_it_was() {
    let folder = TempDir::new().unwrap();
    let count = |address: &str| {
        let page = get(address, "/api/v1/products?limit=1");
        let page: serde_json::Value = serde_json::from_str(&page).unwrap();
        page["total"].as_u64().unwrap()
    };
    let (first, [shop, _]) = serves(&mut icommerce(folder.path()));
    let products = count(&shop);
    assert!(products >= 60, "{products}");
    stops(first);
    let (second, [shop, _]) = serves(&mut icommerce(folder.path()));
    assert_eq!(count(&shop), products);
    stops(second);
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let (first, _) = serves(icommerce(folder.path()).arg("--no-demo"));
    stops(first);
    let file = folder.path().join("icommerce.db");
    let mut bytes = std::fs::read(&file).unwrap();
    // The application's format number is the user version, four bytes at offset 60 of the file format.
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    std::fs::write(&file, &bytes).unwrap();
    assert!(fails(&mut icommerce(folder.path()), 3).contains("later release"));
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
}

#[test]
fn help_teaches_and_tables_show() {
    let folder = TempDir::new().unwrap();
    let shown = |argument: &str| {
        let output = icommerce(folder.path()).arg(argument).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    for word in ["--data", "--no-demo", "import", "replay", "Exit codes"] {
        assert!(shown("--help").contains(word), "{word}");
    }
    assert!(shown("services").contains("order-service"));
    assert!(shown("settings").contains("operator_listen"));
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "looking leaves nothing behind"
    );
}

/// The body of a GET, by hand: one request, one connection.
fn get(address: &str, path: &str) -> String {
    use std::io::Write;
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}
