//! The program under test, run as a process.

use kernel::Uuid;
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

/// Token that may do everything at the operator edge of every shop of these tests.
pub(crate) const OPERATOR_TOKEN: &str = "the-token-of-the-operator-of-a-test";

pub(crate) fn icommerce(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_icommerce"));
    command.arg("--data").arg(data).args(["--listen=127.0.0.1:0", "--operator-listen=127.0.0.1:0"]);
    command.env("ICOMMERCE_LOG_FILTER", "warn");
    command.env("ICOMMERCE_API_GATEWAY__OPERATOR_TOKEN", OPERATOR_TOKEN);
    command.env("ICOMMERCE_TOKEN", OPERATOR_TOKEN);
    command
}

/// Runs a command that must print one line to standard error and exit with this code.
pub(crate) fn assert_fails(command: &mut Command, code: i32) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let output = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(code), "{output}");
    assert!(stdout.is_empty(), "{}", String::from_utf8_lossy(&stdout));
    assert_eq!(output.trim_end().lines().count(), 1, "{output}");
    assert!(output.starts_with("icommerce: "), "{output}");
    output
}

/// Starts the shop and waits until it serves; returns the addresses of the two edges.
pub(crate) fn start_shop(command: &mut Command) -> (Child, [String; 2]) {
    start_listeners(command, ["shop", "operator"])
}

/// Starts the shop and waits until it serves; returns the addresses of these listeners.
pub(crate) fn start_listeners<const N: usize>(
    command: &mut Command,
    names: [&str; N],
) -> (Child, [String; N]) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut address = |name: &str| {
        let line =
            lines.next().unwrap_or_else(|| panic!("the address of {name} is printed")).unwrap();
        let address = line.strip_prefix(name).unwrap_or_else(|| panic!("{line}")).trim();
        address.split_once("://").unwrap_or_else(|| panic!("{line}")).1.to_owned()
    };
    (child, names.map(&mut address))
}

/// Stops the shop, which must succeed; returns what it wrote to standard error.
pub(crate) fn stop_shop(mut child: Child) -> String {
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    let status = child.wait().unwrap();
    let mut output = String::new();
    child.stderr.take().unwrap().read_to_string(&mut output).unwrap();
    assert!(status.success(), "{status} {output}");
    output
}

/// Response body of a GET by an operator.
pub(crate) fn get(address: &str, path: &str) -> String {
    exchange(address, "GET", path, &operator_headers(path), "")
}

/// Response body of a GET by a shopper.
pub(crate) fn shopper_get(address: &str, path: &str) -> String {
    exchange(address, "GET", path, "", "")
}

/// Response body of a POST by an operator, which must succeed.
pub(crate) fn post(address: &str, path: &str, body: &Value) -> Value {
    post_with(address, path, &operator_headers(path), body)
}

/// Response body of a POST by a shopper, which must succeed.
pub(crate) fn shopper_post(address: &str, path: &str, body: &Value) -> Value {
    post_with(address, path, "", body)
}

fn post_with(address: &str, path: &str, headers: &str, body: &Value) -> Value {
    let key = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{path} {body}").as_bytes());
    let headers = format!("{headers}content-type: application/json\r\nidempotency-key: {key}\r\n");
    let answer = exchange(address, "POST", path, &headers, &body.to_string());
    serde_json::from_str(&answer).unwrap()
}

/// Status of the response to an operator's request without a body.
pub(crate) fn status(address: &str, method: &str, path: &str, headers: &str) -> u16 {
    let headers = operator_headers(path) + headers;
    let answer = raw_exchange(address, method, path, &headers, "");
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Response body of a request, which must succeed.
fn exchange(address: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
    let answer = raw_exchange(address, method, path, headers, body);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
    body.to_owned()
}

/// Token of the operator, where a request goes to an API.
fn operator_headers(path: &str) -> String {
    let is_api =
        ["/api/", "/metrics", "/maintenance"].iter().any(|prefix| path.starts_with(prefix));
    if is_api { format!("authorization: Bearer {OPERATOR_TOKEN}\r\n") } else { String::new() }
}

/// Sends one request on a connection of its own.
pub(crate) fn raw_exchange(
    address: &str,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
