//! Floods from one address against the real program: a shopper at another address is never refused.

use crate::program::{icommerce, start_shop, stop_shop};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command},
};
use tempfile::TempDir;
use tokio::{net::TcpSocket, runtime::Builder};

const ATTACKER: &str = "127.0.0.2:0";
const SHOPPER: &str = "127.0.0.3:0";
/// Files that the shop may open.
const OPEN_FILES: usize = 320;
/// Connections of the attacker, more than the shop may open files.
const CONNECTIONS: usize = 350;

/// Shop that limits the clients of this machine too, and may open few files.
///
/// What its answers cost does not count: in a build without optimisation on a busy machine, every page is expensive.
fn start_limited(data: &TempDir, requests_burst: &str) -> (Child, SocketAddr) {
    let plain = icommerce(data.path());
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("ulimit -n {OPEN_FILES} && exec \"$0\" \"$@\""));
    command.arg(plain.get_program()).args(plain.get_args()).arg("--no-demo");
    command.env("ICOMMERCE_LOG_FILTER", "error");
    command.env("ICOMMERCE_API_GATEWAY__LIMIT_LOOPBACK_CLIENTS", "true");
    command.env("ICOMMERCE_API_GATEWAY__CLIENT_REQUEST_CPU_MS", "60000");
    command.env("ICOMMERCE_API_GATEWAY__CLIENT_REQUESTS_BURST", requests_burst);
    let (child, [shop, _]) = start_shop(&mut command);
    (child, shop.parse().unwrap())
}

fn connect(from: &str, shop: SocketAddr) -> std::io::Result<TcpStream> {
    // Only tokio can choose the address of this side without a further dependency.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(from.parse().unwrap())?;
        socket.connect(shop).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// Status of a GET on a connection of its own; 0 if there was no response.
fn get(from: &str, shop: SocketAddr, path: &str) -> u16 {
    let exchange = || {
        let mut stream = connect(from, shop)?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response)?;
        Ok::<_, std::io::Error>(response)
    };
    let response = exchange().unwrap_or_default();
    let status = response.get(9..12).and_then(|status| std::str::from_utf8(status).ok());
    status.map_or(0, |status| status.parse().unwrap())
}

/// Connections of the attacker that have sent these bytes.
fn flood(shop: SocketAddr, sent: &str) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS {
        // The shop may refuse the attacker as it likes.
        let Ok(mut stream) = connect(ATTACKER, shop) else { continue };
        drop(stream.write_all(sent.as_bytes()));
        held.push(stream);
    }
    held
}

fn assert_shopper_is_served(shop: SocketAddr, attack: &str) {
    for path in ["/", "/cart", "/api/v1/products", "/health/live"] {
        for _ in 0..3 {
            assert_eq!(get(SHOPPER, shop, path), 200, "{path} during {attack:?}");
        }
    }
}

#[test]
fn connections_of_one_address_cost_nobody_else_a_response() {
    let data = TempDir::new().unwrap();
    let (child, shop) = start_limited(&data, "1000");
    assert_shopper_is_served(shop, "nothing");
    let half_body = "POST /api/v1/carts HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: 100\r\n\r\n{";
    let never_read = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(50);
    for attack in ["", "GET / HTTP/1.1\r\nho", half_body, &never_read] {
        let held = flood(shop, attack);
        assert_shopper_is_served(shop, attack);
        // The attack is renewed while the shopper goes on.
        let more = flood(shop, attack);
        assert_shopper_is_served(shop, attack);
        drop((held, more));
    }
    stop_shop(child);
}

#[test]
fn requests_of_one_address_are_limited_and_those_of_another_are_not() {
    let data = TempDir::new().unwrap();
    let (child, shop) = start_limited(&data, "20");
    let (mut answered, mut refused) = (0, 0);
    while refused < 50 {
        match get(ATTACKER, shop, "/api/v1/categories") {
            200 => answered += 1,
            429 => refused += 1,
            status => panic!("{status} after {answered} answers and {refused} refusals"),
        }
    }
    assert!(answered >= 20, "{answered}");
    for _ in 0..10 {
        assert_eq!(get(SHOPPER, shop, "/"), 200);
    }
    stop_shop(child);
}
