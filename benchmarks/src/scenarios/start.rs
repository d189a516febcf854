//! Starting on a folder that has seen many orders, and what an order costs as they become more.

use super::{
    buy::{order_body, stocked},
    catalogue::{ARTICLES, lines},
    turn,
};
use crate::{
    Setup,
    connection::Connection,
    latency::micros,
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

/// Fills a folder and starts on it again and again.
pub(super) async fn filled(setup: Setup) -> Result<Findings, String> {
    let mut shop = stocked(&setup).await?;
    let costs = fill(&setup, &shop).await?;
    let (first, last) = (costs[0][1], costs[costs.len() - 1][1]);
    let name = format!("start with {} orders", setup.orders);
    let mut row = Row::named(&name, "start", Load::Own)
        .with("CPU an order, first tenth of the filling", first, "µs")
        .with("CPU an order, last tenth of the filling", last, "µs")
        .with("memory after the filling", megabytes(shop.usage()?.resident_bytes), "MB");
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
        lines: vec![CurveLine { name: "server CPU an order".to_owned(), points: costs }],
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

/// Places the orders through the operator's edge. Returns, for each part, how many there were at its end and the
/// microseconds of CPU that each took.
async fn fill(setup: &Setup, shop: &Server) -> Result<Vec<[f64; 2]>, String> {
    let (mut costs, mut done) = (Vec::new(), 0);
    for part in 1..=PARTS {
        let until = setup.orders * part / PARTS;
        let before: Usage = shop.usage()?;
        place(setup, shop, done, until).await?;
        let used = shop.usage()?.since(&before);
        costs.push([float(until), used.cpu_us_each(until - done)]);
        done = until;
        eprintln!("  {done} of {} orders placed", setup.orders);
    }
    Ok(costs)
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
