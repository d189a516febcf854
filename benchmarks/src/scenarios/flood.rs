//! Flood scenario: latency of a shopper's page while one other address floods the shop, against its value in calm.
//!
//! Both addresses are of the loopback interface, which the shop is told to limit as well. The flood comes from one thread,
//! so it is held to one core.

use super::catalogue::stock;
use crate::{
    config::RunConfig,
    http_connection::HttpConnection,
    latency::LatencyHistogram,
    numbers::float,
    process::{DataFolder, Server},
    report::{LoadModel, Row},
};
use std::{
    net::SocketAddr,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    runtime::Builder,
    time::{Instant, MissedTickBehavior, interval},
};

const SHOPPER: &str = "127.0.0.3:0";
const ATTACKER: &str = "127.0.0.2:0";
/// Products in the catalogue.
const PRODUCTS: usize = 100;
/// Interval of the shopper's requests, within the default rate limit of a client.
const SHOPPER_INTERVAL: Duration = Duration::from_millis(25);
/// Connections that the attacker holds at the same time, more than one client may have.
const CONNECTIONS: usize = 600;
/// The p99 during a flood may be this many times its value in calm, or this long, whichever is more.
const P99_RATIO_MAX: f64 = 3.0;
const P99_ALWAYS_ALLOWED_US: f64 = 20_000.0;

/// Way of flooding.
#[derive(Clone, Copy)]
struct Flood {
    name: &'static str,
    /// What each connection sends.
    sent: &'static str,
    /// Whether the attacker reads the response and asks again, instead of holding the connection.
    reads: bool,
}

const FLOODS: [Flood; 5] = [
    Flood { name: "half heads", sent: "GET / HTTP/1.1\r\nho", reads: false },
    Flood {
        name: "half bodies",
        sent: "POST /api/v1/carts HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
        reads: false,
    },
    Flood {
        name: "unread responses",
        sent: "GET /products HTTP/1.1\r\nhost: localhost\r\n\r\n",
        reads: false,
    },
    Flood { name: "cheap requests", sent: "/api/v1/categories", reads: true },
    Flood {
        name: "expensive requests",
        sent: "/products?q=bnechmark+artcle+kitchn+shlef+wolo+linnen+setel+galss+brsas+staen+crok+caly",
        reads: true,
    },
];

/// Measures the shopper in calm and during each flood; a limit that does not hold is an error.
pub(super) async fn flood(config: RunConfig) -> Result<Row, String> {
    let mut command = Command::new(&config.program.binary);
    command.env("ICOMMERCE_API_GATEWAY__LIMIT_LOOPBACK_CLIENTS", "true");
    let shop = DataFolder::new(&config.program)?.serve_with(command)?;
    stock(&shop, PRODUCTS).await?;
    shopper_p99_us(&shop, config.time).await?;
    let calm = shopper_p99_us(&shop, config.time).await?;
    let mut row =
        Row::named("a page during a flood", "page", LoadModel::Own).with("calm: p99", calm, "µs");
    let allowed = (calm * P99_RATIO_MAX).max(P99_ALWAYS_ALLOWED_US);
    for flood in FLOODS {
        let attacker = Attacker::start(&shop, flood)?;
        let p99 = shopper_p99_us(&shop, config.time).await;
        let requests = attacker.stop()?;
        let p99 = p99.map_err(|error| format!("during {}: {error}", flood.name))?;
        if p99 > allowed {
            return Err(format!("during {}: p99 {p99:.0} µs, calm {calm:.0} µs", flood.name));
        }
        row = row.with(format!("{}: p99", flood.name), p99, "µs").with(
            format!("{}: sent by the attacker", flood.name),
            float(requests),
            "",
        );
    }
    Ok(row)
}

/// The p99 of the home page, on a new connection for each request; an error if one is refused.
async fn shopper_p99_us(shop: &Server, time: Duration) -> Result<f64, String> {
    let mut latency = LatencyHistogram::with_digits(3)?;
    let mut ticks = interval(SHOPPER_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let until = Instant::now() + time;
    while Instant::now() < until {
        ticks.tick().await;
        let asked_at = Instant::now();
        let stream = connect_from(SHOPPER, &shop.shop.address).await?;
        let mut connection = HttpConnection::over(stream)?;
        connection.request("GET", "/", None, "").await?.expect_status(200)?;
        latency.record(asked_at.elapsed());
    }
    Ok(latency.quantile_us(0.99))
}

async fn connect_from(from: &str, to: &str) -> Result<TcpStream, String> {
    let connect = async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(from.parse::<SocketAddr>().map_err(std::io::Error::other)?)?;
        socket.connect(to.parse().map_err(std::io::Error::other)?).await
    };
    connect.await.map_err(|error| error.to_string())
}

/// Attacker on a thread of its own.
struct Attacker {
    stopped: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Attacker {
    fn start(shop: &Server, flood: Flood) -> Result<Self, String> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let stopped = Arc::new(AtomicBool::new(false));
        let (is_stopped, address) = (Arc::clone(&stopped), shop.shop.address.clone());
        let thread = thread::spawn(move || runtime.block_on(attack(&address, flood, &is_stopped)));
        Ok(Self { stopped, thread })
    }

    /// Number of requests that were sent.
    fn stop(self) -> Result<u64, String> {
        self.stopped.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| "the attacker failed".to_owned())
    }
}

/// Floods until it is stopped. The shop may close, refuse or answer as it likes.
async fn attack(shop: &str, flood: Flood, stopped: &AtomicBool) -> u64 {
    let (mut held, mut sent) = (std::collections::VecDeque::new(), 0);
    while !stopped.load(Ordering::Relaxed) {
        let Ok(mut stream) = connect_from(ATTACKER, shop).await else { continue };
        if flood.reads {
            let Ok(mut connection) = HttpConnection::over(stream) else { continue };
            while !stopped.load(Ordering::Relaxed)
                && connection.request("GET", flood.sent, None, "").await.is_ok()
            {
                sent += 1;
            }
            continue;
        }
        sent += u64::from(stream.write_all(flood.sent.as_bytes()).await.is_ok());
        held.push_back(stream);
        if held.len() > CONNECTIONS {
            held.pop_front();
        }
    }
    sent
}
