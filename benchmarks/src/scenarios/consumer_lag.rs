//! Consumer lag scenario: from a commit until a consumer of its event shows it.
//!
//! An operator counts the stock of a SKU; the inventory service commits, flushes and answers; the product service, a
//! consumer of its feed, shows on its page whether the SKU can be bought. The lag is the time from the operator's
//! response (so after the flush) to the end of the first response of the page with the change, requested over and over.
//! It is an upper bound: it includes a read, and a change is seen one read late at most.
//!
//! The lag itself is what consumers observe (`message_lag_seconds`): from the recording of an event, so before its flush,
//! until its effects are recorded. It is read by consumer group at half the rate of orders that the shop has reached before.

use super::{
    catalogue::{PRODUCTS, create_product, page},
    checkout::{FourRequestCheckout, SkuDistribution, stocked_shop},
};
use crate::{
    config::RunConfig,
    engine_metrics::{HistogramBucket, quantile_bound_us},
    http_connection::HttpConnection,
    latency::{LatencyHistogram, micros},
    load_generator::generate_load,
    numbers::float,
    process::Server,
    report::{LoadModel, Row},
};
use std::time::Duration;
use tokio::time::Instant;

/// Pause between two changes, so that consumers are waiting for events again.
const PAUSE: Duration = Duration::from_millis(2);
/// The longest lag; a slower consumer has failed.
const LAG_MAX: Duration = Duration::from_secs(30);

/// Measurement of the lag.
struct LagMeasurement {
    /// From the response to the change until the page shows it.
    lag: LatencyHistogram,
    /// One read of the page.
    reading: LatencyHistogram,
    /// Changes that the first read showed.
    at_once: u64,
}

/// Measures the lag of an idle shop, and of one under load.
pub(super) async fn outbox(config: RunConfig) -> Result<Vec<Row>, String> {
    let shop = stocked_shop(&config).await?;
    create_product(&shop, PRODUCTS, 1).await?;
    let idle = measure_lag(&shop, config.time).await?;
    let buyers =
        generate_load(&config, &shop, FourRequestCheckout(SkuDistribution::Uniform(PRODUCTS)));
    let (measured, busy) = tokio::join!(buyers, measure_lag(&shop, config.time));
    let (measured, busy) = (measured?, busy?);
    let rate = float(measured.iterations) / measured.took.as_secs_f64();
    let row = |name: &str, seen: &LagMeasurement| {
        Row::named(name, "change", LoadModel::Own)
            .with("changes", float(seen.lag.count()), "")
            .with("commit to consumer, at most: p50", seen.lag.quantile_us(0.5), "µs")
            .with("commit to consumer, at most: p99", seen.lag.quantile_us(0.99), "µs")
            .with("one reading, which is in it: p50", seen.reading.quantile_us(0.5), "µs")
            .with("one reading, which is in it: p99", seen.reading.quantile_us(0.99), "µs")
            .with(
                "changes that the first reading showed",
                100.0 * float(seen.at_once) / float(seen.lag.count().max(1)),
                "%",
            )
    };
    let under_load = row("outbox lag under load", &busy).with("orders beside it", rate, "/s");
    Ok(vec![row("outbox lag, idle", &idle), under_load, lag_at(&config, &shop, rate / 2.0).await?])
}

/// Lag as the consumers observe it, at a rate of orders.
async fn lag_at(config: &RunConfig, shop: &Server, rate: f64) -> Result<Row, String> {
    let config = RunConfig { rate: Some(rate), ..config.clone() };
    let buyers = FourRequestCheckout(SkuDistribution::Uniform(PRODUCTS));
    let measured = generate_load(&config, shop, buyers).await?;
    let metrics = measured.engine.ok_or("the shop has no metrics of its consumers")?;
    let beside = float(measured.iterations) / measured.took.as_secs_f64();
    let row = Row::named("outbox lag in the process", "message", LoadModel::Own).with(
        "orders beside it",
        beside,
        "/s",
    );
    let is_used = |lag: &Vec<HistogramBucket>| lag.iter().any(|bucket| bucket.count > 0);
    Ok(metrics.lag.iter().filter(|(_, lag)| is_used(lag)).fold(row, |row, (group, lag)| {
        let at_most = |quantile| quantile_bound_us(lag, quantile).unwrap_or(f64::INFINITY);
        row.with(
            format!("{group}: messages"),
            float(lag.iter().map(|bucket| bucket.count).sum()),
            "",
        )
        .with(format!("{group}, at most: p50"), at_most(0.5), "µs")
        .with(format!("{group}, at most: p99"), at_most(0.99), "µs")
        .with(format!("{group}, at most: p99.9"), at_most(0.999), "µs")
    }))
}

async fn measure_lag(shop: &Server, time: Duration) -> Result<LagMeasurement, String> {
    let mut operator = HttpConnection::connect(&shop.operator).await?;
    let mut buyer = HttpConnection::connect(&shop.shop).await?;
    let (stock, page) = (format!("/api/v1/stock/BENCH-{PRODUCTS}"), page(PRODUCTS));
    let mut seen = LagMeasurement {
        lag: LatencyHistogram::with_digits(3)?,
        reading: LatencyHistogram::with_digits(3)?,
        at_once: 0,
    };
    let (started_at, mut number) = (Instant::now(), 0_u64);
    while started_at.elapsed() < time {
        number += 1;
        let is_sold_out = number % 2 == 1;
        let count = if is_sold_out { r#"{"on_hand":0}"# } else { r#"{"on_hand":1}"# };
        let shown = if is_sold_out { "\"in_stock\":false" } else { "\"in_stock\":true" };
        operator.request("PUT", &stock, None, count).await?.expect_status(200)?;
        let flushed = Instant::now();
        let mut readings = 0;
        loop {
            let asked = Instant::now();
            let response = buyer.request("GET", &page, None, "").await?;
            response.expect_status(200)?;
            let is_shown = response.body.windows(shown.len()).any(|part| part == shown.as_bytes());
            seen.reading.record(asked.elapsed());
            readings += 1;
            if is_shown {
                break;
            }
            if flushed.elapsed() > LAG_MAX {
                let waited = micros(LAG_MAX) / 1e6;
                return Err(format!("after {waited:.0} s the page does not show {shown}"));
            }
        }
        seen.lag.record(flushed.elapsed());
        seen.at_once += u64::from(readings == 1);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(seen)
}
