//! Scaling scenarios: throughput over the number of clients, latency over the arrival rate.

use super::{
    catalogue::PRODUCTS,
    checkout::{FourRequestCheckout, SkuDistribution, stocked_shop},
};
use crate::{
    config::RunConfig,
    load_generator::{Measurement, generate_load},
    numbers::float,
    plots::{Curve, Series},
    process::Server,
    recording::Recording,
    report::ScenarioResult,
};

/// Numbers of concurrent clients.
const CLIENTS: [u16; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Arrival rates, as parts of the throughput of a closed load.
const RATE_PARTS: [f64; 7] = [0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 1.0];
/// The most clients of an open load; waiting for a free one counts as latency.
const OPEN_CLIENTS: usize = 256;
/// Quantiles in the results.
const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

const WORKLOAD: FourRequestCheckout = FourRequestCheckout(SkuDistribution::Uniform(PRODUCTS));

/// Checkouts per second by 1 to 64 clients, of the shop and of the baseline.
pub(super) async fn clients(config: RunConfig) -> Result<ScenarioResult, String> {
    let shop = stocked_shop(&config).await?;
    let constant = Server::baseline(&Recording::of(&shop.shop, &WORKLOAD).await?)?;
    let mut lines = [("shop", &shop), ("constant answers", &constant)]
        .map(|(name, _)| Series { name: name.to_owned(), points: Vec::new() });
    for clients in CLIENTS {
        let config = RunConfig { clients: usize::from(clients), rate: None, ..config.clone() };
        for (line, server) in lines.iter_mut().zip([&shop, &constant]) {
            let measured = generate_load(&config, server, WORKLOAD).await?;
            line.points.push([f64::from(clients), rate(&measured)]);
        }
    }
    let curve = Curve {
        name: "clients",
        title: "Complete checkouts of four requests over clients".to_owned(),
        across: "clients at the same time",
        up: "checkouts/s",
        lines: lines.into(),
    };
    Ok(ScenarioResult { rows: Vec::new(), curves: vec![curve] })
}

/// Latency of a whole checkout, from its intended start, as the arrival rate grows.
pub(super) async fn rates(config: RunConfig) -> Result<ScenarioResult, String> {
    let shop = stocked_shop(&config).await?;
    let closed = RunConfig { rate: None, ..config.clone() };
    let most = rate(&generate_load(&closed, &shop, WORKLOAD).await?);
    let mut lines = QUANTILES.map(|(name, _)| Series { name: name.to_owned(), points: Vec::new() });
    let mut rows = Vec::new();
    for part in RATE_PARTS {
        let arrival_rate = most * part;
        let config =
            RunConfig { rate: Some(arrival_rate), clients: OPEN_CLIENTS, ..config.clone() };
        let measured = generate_load(&config, &shop, WORKLOAD).await?;
        for (line, (_, at)) in lines.iter_mut().zip(QUANTILES) {
            line.points.push([arrival_rate, measured.latency.all.quantile_us(at)]);
        }
        let name = format!("whole checkout, open, {:.0} % of the closed rate", part * 100.0);
        rows.push(super::row(&name, "order", &config).of_requests(4).with_shop(&measured));
    }
    let curve = Curve {
        name: "rates",
        title: "Time of a complete checkout (four requests) over load".to_owned(),
        across: "checkouts begun a second",
        up: "µs",
        lines: lines.into(),
    };
    Ok(ScenarioResult { rows, curves: vec![curve] })
}

fn rate(measured: &Measurement) -> f64 {
    float(measured.iterations) / measured.took.as_secs_f64()
}
