//! Fleet scenario: checkouts with a process for each service, the cost of a hop between two processes, and lost owners.

use super::{
    browse::{GetRequests, products},
    catalogue::{PRODUCTS, stock},
    checkout::{FourRequestCheckout, SkuDistribution, stocked_shop},
    row,
};
use crate::{
    config::RunConfig,
    http_connection::HttpConnection,
    latency::LatencyHistogram,
    load_generator::{Measurement, Workload, generate_load},
    process::Server,
    report::{LoadModel, Row},
};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// Owners that are killed, each several times.
const OWNERS: [&str; 5] = [
    "inventory-service",
    "payment-service",
    "product-service",
    "shopping-cart-service",
    "order-service",
];
const KILLS_OF_EACH: u64 = 3;
/// Time limit for the first order after a kill.
const REPLACED_WITHIN: Duration = Duration::from_mins(1);
/// Pause before a failed checkout is begun again.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// A process for each service, then two of them.
pub(super) async fn fleet(config: RunConfig) -> Result<Vec<Row>, String> {
    let fleet = Server::fleet(&config.program, 1)?;
    stock(&fleet, PRODUCTS).await?;
    let checkouts = FourRequestCheckout(SkuDistribution::Uniform(PRODUCTS));
    let measured = generate_load(&config, &fleet, checkouts).await?;
    let checkouts = row("checkout: a process for each service", "order", &config).of_requests(4);
    let checkouts = checkouts.with_shop(&measured);
    let pages = || GetRequests(products(PRODUCTS));
    let apart = generate_load(&config, &fleet, pages()).await?;
    drop(fleet);
    let together = generate_load(&config, &stocked_shop(&config).await?, pages()).await?;
    let cpu = |it: &Measurement| it.used.cpu_us_each(it.iterations);
    let hop = row("product: a process for each service", "page", &config)
        .with_shop(&apart)
        .with("CPU per page in one process", cpu(&together), "µs")
        .with("CPU of a hop, both sides together", cpu(&apart) - cpu(&together), "µs");
    Ok(vec![checkouts, hop, lost_owners(&config).await?])
}

/// Kills owners one after the other, and measures the time from each kill to the first order after it.
async fn lost_owners(config: &RunConfig) -> Result<Row, String> {
    let mut fleet = Server::fleet(&config.program, 2)?;
    stock(&fleet, PRODUCTS).await?;
    let mut row =
        Row::named("an owner is killed: time until the next order", "kill", LoadModel::Own);
    let mut number = 0;
    for service in OWNERS {
        let mut replaced = LatencyHistogram::with_digits(3)?;
        for _ in 0..KILLS_OF_EACH {
            next_order(&fleet, &mut number).await?;
            let killed_at = fleet.fleet_processes()?.0.kill_owner(service)?;
            next_order(&fleet, &mut number).await?;
            replaced.record(killed_at.elapsed());
            let (processes, data) = fleet.fleet_processes()?;
            processes.start_missing(data).await?;
        }
        let milliseconds = |at| replaced.quantile_us(at) / 1e3;
        row = row.with(format!("{service}: p50"), milliseconds(0.5), "ms").with(
            format!("{service}: the longest"),
            milliseconds(1.0),
            "ms",
        );
    }
    Ok(row)
}

/// Checks carts out, one after the other, until one is an order.
async fn next_order(fleet: &Server, number: &mut u64) -> Result<(), String> {
    let checkouts = FourRequestCheckout(SkuDistribution::Uniform(PRODUCTS));
    let until = Instant::now() + REPLACED_WITHIN;
    loop {
        *number += 1;
        let checkout = async {
            let mut connection = HttpConnection::connect(&fleet.shop).await?;
            checkouts.run(&mut connection, 0, *number).await
        };
        match timeout(REPLACED_WITHIN, checkout).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(reason)) if Instant::now() > until => {
                return Err(format!("no order within {} s: {reason}", REPLACED_WITHIN.as_secs()));
            }
            Ok(Err(_)) => sleep(RETRY_PAUSE).await,
            Err(_) => return Err(format!("no answer in {} s", REPLACED_WITHIN.as_secs())),
        }
    }
}
