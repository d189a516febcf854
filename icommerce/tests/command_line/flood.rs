//! Floods from one address against the real program: a shopper at another address is never refused.

use crate::program::{icommerce, start_shop, stop_shop};
use std::{
    net::SocketAddr,
    process::{Child, Command},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    runtime::{Builder, Runtime},
};

const ATTACKER: &str = "127.0.0.2:0";
const SHOPPER: &str = "127.0.0.3:0";
/// Files that the shop may open.
const OPEN_FILES: usize = 320;
/// Connections of the attacker, more than the shop may open files.
const CONNECTIONS: usize = 400;

/// Shop that limits the clients of this machine too, and may open few files.
fn start_limited(data: &TempDir, settings: &[(&str, &str)]) -> (Child, SocketAddr) {
    let plain = icommerce(data.path());
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("ulimit -n {OPEN_FILES} && exec \"$0\" \"$@\""));
    command.arg(plain.get_program()).args(plain.get_args()).arg("--no-demo");
    command.env("ICOMMERCE_LOG_FILTER", "error");
    command.env("ICOMMERCE_API_GATEWAY__LIMIT_LOOPBACK_CLIENTS", "true");
    command.envs(settings.iter().copied());
    let (child, [shop, _]) = start_shop(&mut command);
    (child, shop.parse().unwrap())
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn connect(from: &str, shop: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(from.parse().unwrap())?;
    socket.connect(shop).await
}

/// Status of a GET on a connection of its own; 0 if there was no response.
async fn get(from: &str, shop: SocketAddr, path: &str) -> u16 {
    let response = async {
        let mut stream = connect(from, shop).await?;
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await?;
        Ok::<_, std::io::Error>(response)
    };
    let response = response.await.unwrap_or_default();
    let status = response.get(9..12).and_then(|status| std::str::from_utf8(status).ok());
    status.map_or(0, |status| status.parse().unwrap())
}

/// Connections of the attacker that have sent these bytes.
async fn flood(shop: SocketAddr, sent: &str) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS {
        // The shop may refuse the attacker as it likes.
        let Ok(mut stream) = connect(ATTACKER, shop).await else { continue };
        drop(stream.write_all(sent.as_bytes()).await);
        held.push(stream);
    }
    held
}

async fn assert_shopper_is_served(shop: SocketAddr, attack: &str) {
    for path in ["/", "/cart", "/api/v1/products", "/health/live"] {
        for _ in 0..3 {
            assert_eq!(get(SHOPPER, shop, path).await, 200, "{path} during {attack:?}");
        }
    }
}

#[test]
fn connections_of_one_address_cost_nobody_else_a_response() {
    let data = TempDir::new().unwrap();
    let (child, shop) = start_limited(&data, &[]);
    runtime().block_on(async {
        assert_shopper_is_served(shop, "nothing").await;
        let half_body = "POST /api/v1/carts HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: 100\r\n\r\n{";
        let never_read = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100);
        for attack in ["", "GET / HTTP/1.1\r\nho", half_body, &never_read] {
            let held = flood(shop, attack).await;
            assert_shopper_is_served(shop, attack).await;
            // The attack is renewed while the shopper goes on.
            let more = flood(shop, attack).await;
            assert_shopper_is_served(shop, attack).await;
            drop((held, more));
        }
    });
    stop_shop(child);
}

#[test]
fn expensive_requests_of_one_address_are_limited_and_those_of_another_are_not() {
    let data = TempDir::new().unwrap();
    let limits = [
        ("ICOMMERCE_API_GATEWAY__CLIENT_REQUESTS_BURST", "40"),
        ("ICOMMERCE_API_GATEWAY__CLIENT_REQUEST_CPU_MS", "1"),
    ];
    let (child, shop) = start_limited(&data, &limits);
    runtime().block_on(async {
        let words = "lmap muug blnaket chiar tabel cusion vaase lantren bnech pilow currtain crpet";
        let search = format!("/products?q={}", words.replace(' ', "+"));
        let mut statuses = Vec::new();
        for _ in 0..400 {
            statuses.push(get(ATTACKER, shop, &search).await);
        }
        assert!(statuses.contains(&429), "{statuses:?}");
        assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
        for _ in 0..10 {
            assert_eq!(get(SHOPPER, shop, "/").await, 200);
        }
    });
    stop_shop(child);
}
