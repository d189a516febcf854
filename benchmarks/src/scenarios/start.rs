//! Starting on a folder that has seen many orders, and what an order costs as they become more.

use super::{
    buy::{OneRequest, order_body, stocked},
    catalogue::{ARTICLES, lines},
    turn,
};
use crate::{
    Setup,
    connection::Connection,
    latency::micros,
    load::load,
    process::{Data, End, Server, Usage},
    report::{Curve, CurveLine, Findings, Load, Row, float, megabytes},
};
use std::{cell::Cell, rc::Rc, time::Duration};
use tokio::{task::LocalSet, time::Instant};

/// Starts after each kind of end.
const STARTS: usize = 5;
/// How long a shop is left alone before its memory counts as idle.
const REST: Duration = Duration::from_secs(2);
/// Into how many parts the filling is cut, to see what an order costs in each.
const PARTS: u64 = 10;
/// The first part ends earlier: most of what is kept in memory is full after it.
const FIRST_ORDERS: u64 = 1_000;
/// How long constant answers are measured after each part. What a microsecond of CPU gets done is not the same all the
/// time on a machine that others share; how many constant answers an order costs is.
const CONSTANT_TIME: Duration = Duration::from_secs(2);

/// Fills a folder and starts on it again and again.
pub(super) async fn filled(setup: Setup) -> Result<Findings, String> {
    let mut shop = stocked(&setup).await?;
    let parts = fill(&setup, &shop).await?;
    let name = format!("start with {} orders", setup.orders);
    let mut row = Row::named(&name, "start", Load::Own);
    for Part { orders, cost, constant } in &parts {
        row = row.with(format!("CPU an order, up to {orders} orders"), *cost, "µs").with(
            format!("up to {orders} orders: times a constant answer"),
            cost / constant,
            "×",
        );
    }
    row = row.with("memory after the filling", megabytes(shop.usage()?.resident_bytes), "MB");
    for (end, how) in [(End::Stop, "after a stop"), (End::Kill, "after a kill")] {
        let mut answers = Vec::new();
        for _ in 0..STARTS {
            let data = shop.end(end)?;
            let bytes = data.bytes()?;
            let answered_in;
            (shop, answered_in) = started(data).await?;
            answers.push((micros(answered_in) / 1e3, bytes));
        }
        answers.sort_by(|one, other| one.0.total_cmp(&other.0));
        tokio::time::sleep(REST).await;
        row = row
            .with(format!("{how}: to the first answer, median"), answers[STARTS / 2].0, "ms")
            .with(format!("{how}: to the first answer, slowest"), answers[STARTS - 1].0, "ms")
            .with(format!("{how}: idle memory"), megabytes(shop.usage()?.resident_bytes), "MB")
            .with(format!("{how}: folder"), megabytes(answers[STARTS / 2].1), "MB");
    }
    let curve = Curve {
        name: "cpu-over-orders",
        title: "CPU of an order as the folder fills".to_owned(),
        across: "orders in the folder",
        up: "µs",
        lines: vec![
            CurveLine {
                name: "server CPU an order".to_owned(),
                points: parts.iter().map(|part| [float(part.orders), part.cost]).collect(),
            },
            CurveLine {
                name: "ten constant answers in the same moment".to_owned(),
                points: parts
                    .iter()
                    .map(|part| [float(part.orders), 10.0 * part.constant])
                    .collect(),
            },
        ],
    };
    Ok(Findings { rows: vec![row], curves: vec![curve] })
}

/// Starts on this folder: until a list of products and the newest order have been answered.
async fn started(data: Data) -> Result<(Server, Duration), String> {
    let begun = Instant::now();
    let shop = data.serve()?;
    let mut buyer = Connection::to(&shop.shop).await?;
    buyer.ask("GET", "/api/v1/products?limit=1", None, "").await?.expect(200)?;
    let mut operator = Connection::to(&shop.operator).await?;
    operator.ask("GET", "/api/v1/orders?limit=1", None, "").await?.id()?;
    Ok((shop, begun.elapsed()))
}

/// A part of the filling.
struct Part {
    /// How many orders there were at its end.
    orders: u64,
    /// Microseconds of CPU of each of them.
    cost: f64,
    /// Microseconds of CPU of a constant answer, right after it.
    constant: f64,
}

/// Places the orders through the operator's edge.
async fn fill(setup: &Setup, shop: &Server) -> Result<Vec<Part>, String> {
    let brief = Setup { time: CONSTANT_TIME, rate: None, ..setup.clone() };
    let mut ends: Vec<u64> = (1..=PARTS).map(|part| setup.orders * part / PARTS).collect();
    if FIRST_ORDERS < ends[0] {
        ends.insert(0, FIRST_ORDERS);
    }
    let (mut parts, mut done) = (Vec::new(), 0);
    for until in ends {
        let before: Usage = shop.usage()?;
        place(setup, shop, done, until).await?;
        let used = shop.usage()?.since(&before);
        let round = OneRequest { lines: 2, articles: ARTICLES };
        let constant = load(&brief, &Server::constant()?, round).await?;
        parts.push(Part {
            orders: until,
            cost: used.cpu_us_each(until - done),
            constant: constant.used.cpu_us_each(constant.rounds),
        });
        done = until;
        eprintln!("  {done} of {} orders placed", setup.orders);
    }
    Ok(parts)
}

async fn place(setup: &Setup, shop: &Server, from: u64, until: u64) -> Result<(), String> {
    let clients = LocalSet::new();
    let next = Rc::new(Cell::new(from));
    let mut running = Vec::new();
    for _ in 0..setup.clients {
        let mut connection = Connection::to(&shop.operator).await?;
        let next = Rc::clone(&next);
        running.push(clients.spawn_local(async move {
            loop {
                let number = next.get();
                if number >= until {
                    return Ok::<_, String>(());
                }
                next.set(number + 1);
                let body = order_body(&lines(turn(0, number, ARTICLES), 2, ARTICLES));
                let key = format!("fill-{number}");
                connection.ask("POST", "/api/v1/orders", Some(&key), &body).await?.expect(201)?;
            }
        }));
    }
    clients
        .run_until(async {
            for client in running {
                client.await.map_err(|error| error.to_string())??;
            }
            Ok(())
        })
        .await
}
