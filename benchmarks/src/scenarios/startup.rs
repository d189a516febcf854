//! Start-up scenario: start time on a data folder with many orders, and the cost of an order as they accumulate.

use super::{
    catalogue::{PRODUCTS, lines},
    checkout::{OneRequestOrder, order_body, stocked_shop},
    spread,
};
use crate::{
    config::RunConfig,
    http_connection::HttpConnection,
    latency::micros,
    load_generator::generate_load,
    numbers::{float, megabytes},
    plots::{Curve, Series},
    process::{DataFolder, ResourceUsage, Server, Shutdown},
    recording::Recording,
    report::{LoadModel, Row, ScenarioResult},
};
use std::{cell::Cell, ops::Range, rc::Rc, time::Duration};
use tokio::{task::LocalSet, time::Instant};

/// Number of starts after each kind of shutdown.
const STARTS: usize = 5;
/// Pause before the memory of a shop counts as idle.
const IDLE_PAUSE: Duration = Duration::from_secs(2);
/// Number of stages of filling the folder, each with the cost of an order.
const STAGES: u64 = 10;
/// End of an additional first stage, after which most caches are full.
const FIRST_ORDERS: u64 = 1_000;
/// Time of the baseline measurement after each stage. What a microsecond of CPU achieves varies on a shared machine; the
/// number of constant answers that an order costs does not.
const CONSTANT_TIME: Duration = Duration::from_secs(2);

/// Fills a data folder, and measures starts on it after graceful shutdowns and kills.
pub(super) async fn startup_times(config: RunConfig) -> Result<ScenarioResult, String> {
    let mut shop = stocked_shop(&config).await?;
    let stages = fill(&config, &shop).await?;
    let name = format!("start with {} orders", config.orders);
    let mut row = Row::named(&name, "start", LoadModel::Own);
    for FillStage { orders, cost, constant } in &stages {
        row = row.with(format!("CPU an order, up to {orders} orders"), *cost, "µs").with(
            format!("up to {orders} orders: times a constant answer"),
            cost / constant,
            "×",
        );
    }
    row = row.with("memory after the filling", megabytes(shop.usage()?.resident_bytes), "MB");
    for (shutdown, how) in [(Shutdown::Graceful, "after a stop"), (Shutdown::Kill, "after a kill")]
    {
        let mut answers = Vec::new();
        for _ in 0..STARTS {
            let data = shop.shut_down(shutdown)?;
            let bytes = data.bytes()?;
            let answered_in;
            (shop, answered_in) = restart(data).await?;
            answers.push((micros(answered_in) / 1e3, bytes));
        }
        answers.sort_by(|one, other| one.0.total_cmp(&other.0));
        tokio::time::sleep(IDLE_PAUSE).await;
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
            Series {
                name: "server CPU an order".to_owned(),
                points: stages.iter().map(|stage| [float(stage.orders), stage.cost]).collect(),
            },
            Series {
                name: "ten constant answers in the same moment".to_owned(),
                points: stages
                    .iter()
                    .map(|stage| [float(stage.orders), 10.0 * stage.constant])
                    .collect(),
            },
        ],
    };
    Ok(ScenarioResult { rows: vec![row], curves: vec![curve] })
}

/// Starts on a data folder, and returns the time until a listing and the newest order are served.
async fn restart(data: DataFolder) -> Result<(Server, Duration), String> {
    let started_at = Instant::now();
    let shop = data.serve()?;
    let mut buyer = HttpConnection::connect(&shop.shop).await?;
    buyer.request("GET", "/api/v1/products?limit=1", None, "").await?.expect_status(200)?;
    let mut operator = HttpConnection::connect(&shop.operator).await?;
    operator.request("GET", "/api/v1/orders?limit=1", None, "").await?.id()?;
    Ok((shop, started_at.elapsed()))
}

/// Stage of filling the folder.
struct FillStage {
    /// Number of orders at its end.
    orders: u64,
    /// Microseconds of CPU per order.
    cost: f64,
    /// Microseconds of CPU of a constant answer, measured right after it.
    constant: f64,
}

/// Places the orders through the operator edge, stage by stage.
async fn fill(config: &RunConfig, shop: &Server) -> Result<Vec<FillStage>, String> {
    let brief = RunConfig { time: CONSTANT_TIME, rate: None, ..config.clone() };
    let mut ends: Vec<u64> = (1..=STAGES).map(|stage| config.orders * stage / STAGES).collect();
    if FIRST_ORDERS < ends[0] {
        ends.insert(0, FIRST_ORDERS);
    }
    let workload = || OneRequestOrder { lines: 2, products: PRODUCTS };
    let recording = Recording::of(&shop.operator, &workload()).await?;
    let (mut stages, mut done) = (Vec::new(), 0);
    for until in ends {
        let before: ResourceUsage = shop.usage()?;
        place_orders(config, shop, done..until).await?;
        let used = shop.usage()?.since(&before);
        let baseline = Server::baseline(&recording)?;
        let constant = generate_load(&brief, &baseline, workload()).await?;
        stages.push(FillStage {
            orders: until,
            cost: used.cpu_us_each(until - done),
            constant: constant.used.cpu_us_each(constant.iterations),
        });
        done = until;
        eprintln!("  {done} of {} orders placed", config.orders);
    }
    Ok(stages)
}

/// Places the orders of these numbers through the operator edge.
pub(crate) async fn place_orders(
    config: &RunConfig,
    shop: &Server,
    numbers: Range<u64>,
) -> Result<(), String> {
    let Range { start: from, end: until } = numbers;
    let clients = LocalSet::new();
    let next = Rc::new(Cell::new(from));
    let mut running = Vec::new();
    for _ in 0..config.clients {
        let mut connection = HttpConnection::connect(&shop.operator).await?;
        let next = Rc::clone(&next);
        running.push(clients.spawn_local(async move {
            loop {
                let number = next.get();
                if number >= until {
                    return Ok::<_, String>(());
                }
                next.set(number + 1);
                let body = order_body(&lines(spread(0, number, PRODUCTS), 2, PRODUCTS));
                let key = format!("fill-{number}");
                connection
                    .request("POST", "/api/v1/orders", Some(&key), &body)
                    .await?
                    .expect_status(201)?;
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
