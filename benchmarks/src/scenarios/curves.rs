//! Curves: throughput over clients, latency over load.

use super::{
    buy::{FourRequests, Wish, stocked},
    catalogue::ARTICLES,
};
use crate::{
    Setup,
    load::{Measured, load},
    process::Server,
    report::{Curve, CurveLine, Findings, float},
};

/// How many clients at once.
const CLIENTS: [u16; 7] = [1, 2, 4, 8, 16, 32, 64];
/// What part of the rate that a closed load reaches is begun a second.
const PARTS: [f64; 7] = [0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 1.0];
/// Clients of an open load at most: what has to wait for a free one is late, and that counts.
const OPEN_CLIENTS: usize = 256;
/// What is written down of each load.
const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

const ROUND: FourRequests = FourRequests(Wish::AnyOf(ARTICLES));

/// Complete checkouts a second by 1 to 64 clients, of the shop and of constant answers.
pub(super) async fn clients(setup: Setup) -> Result<Findings, String> {
    let (shop, constant) = (stocked(&setup).await?, Server::constant()?);
    let mut lines = [("shop", &shop), ("constant answers", &constant)]
        .map(|(name, _)| CurveLine { name: name.to_owned(), points: Vec::new() });
    for clients in CLIENTS {
        let setup = Setup { clients: usize::from(clients), rate: None, ..setup.clone() };
        for (line, server) in lines.iter_mut().zip([&shop, &constant]) {
            let measured = load(&setup, server, ROUND).await?;
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
    Ok(Findings { rows: Vec::new(), curves: vec![curve] })
}

/// The time of a complete checkout, from its intended beginning, as more and more are begun a second.
pub(super) async fn rates(setup: Setup) -> Result<Findings, String> {
    let shop = stocked(&setup).await?;
    let closed = Setup { rate: None, ..setup.clone() };
    let most = rate(&load(&closed, &shop, ROUND).await?);
    let mut lines =
        QUANTILES.map(|(name, _)| CurveLine { name: name.to_owned(), points: Vec::new() });
    let mut rows = Vec::new();
    for part in PARTS {
        let begun = most * part;
        let setup = Setup { rate: Some(begun), clients: OPEN_CLIENTS, ..setup.clone() };
        let measured = load(&setup, &shop, ROUND).await?;
        for (line, (_, at)) in lines.iter_mut().zip(QUANTILES) {
            line.points.push([begun, measured.latency.all.quantile_us(at)]);
        }
        let name = format!("whole checkout, open, {:.0} % of the closed rate", part * 100.0);
        rows.push(super::row(&name, "order", &setup).of_requests(4).shop(&measured));
    }
    let curve = Curve {
        name: "rates",
        title: "Time of a complete checkout (four requests) over load".to_owned(),
        across: "checkouts begun a second",
        up: "µs",
        lines: lines.into(),
    };
    Ok(Findings { rows, curves: vec![curve] })
}

fn rate(measured: &Measured) -> f64 {
    float(measured.rounds) / measured.took.as_secs_f64()
}
