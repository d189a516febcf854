//! Flash sale scenario: many more simultaneous buyers than units.

use super::{catalogue::create_product, checkout::checkout_body};
use crate::{
    config::RunConfig,
    http_connection::HttpConnection,
    latency::LatencyHistogram,
    numbers::float,
    process::Server,
    report::{LoadModel, Row},
};
use std::{rc::Rc, time::Duration};
use tokio::{sync::Barrier, task::LocalSet, time::Instant};

const BUYERS: usize = 200;
const UNITS: i64 = 50;
/// Least and most number of sales.
const SALES: std::ops::RangeInclusive<usize> = 3..=200;

/// Result of a sale, over all buyers.
#[derive(Debug, Default)]
struct SaleResult {
    confirmed: usize,
    /// Rejected as out of stock, before payment.
    rejected: usize,
    last_response: Duration,
    first_response: Duration,
}

/// One sale after the other, each of a new product.
pub(super) async fn flash(config: RunConfig) -> Result<Row, String> {
    let shop = Server::shop(&config.program)?;
    let (mut last, mut first) =
        (LatencyHistogram::with_digits(3)?, LatencyHistogram::with_digits(3)?);
    let (started_at, mut sales) = (Instant::now(), 0);
    let (mut fewest, mut most) = (usize::MAX, 0);
    while sales < *SALES.start() || (started_at.elapsed() < config.time && sales < *SALES.end()) {
        let result = sale(&shop, sales).await?;
        if result.confirmed + result.rejected != BUYERS {
            return Err(format!("not every buyer had a response: {result:?}"));
        }
        (fewest, most) = (fewest.min(result.confirmed), most.max(result.confirmed));
        last.record(result.last_response);
        first.record(result.first_response);
        sales += 1;
    }
    if (fewest, most) != (usize::try_from(UNITS).unwrap_or(0), usize::try_from(UNITS).unwrap_or(0))
    {
        return Err(format!("of {UNITS} units between {fewest} and {most} were sold"));
    }
    Ok(Row::named("200 buyers for 50 units", "sale", LoadModel::Own)
        .with("sales, each with exactly 50 confirmed and 150 refused", float(sales as u64), "")
        .with("first answer, p50 of the sales", first.quantile_us(0.5) / 1e3, "ms")
        .with("last answer, p50 of the sales", last.quantile_us(0.5) / 1e3, "ms")
        .with("last answer, slowest sale", last.quantile_us(1.0) / 1e3, "ms"))
}

async fn sale(shop: &Server, number: usize) -> Result<SaleResult, String> {
    create_product(shop, number, UNITS).await?;
    let buyers = LocalSet::new();
    let gate = Rc::new(Barrier::new(BUYERS));
    let mut running = Vec::new();
    for buyer in 0..BUYERS {
        let mut connection = HttpConnection::connect(&shop.shop).await?;
        let gate = Rc::clone(&gate);
        running.push(buyers.spawn_local(async move {
            let cart = format!(r#"{{"lines":[{{"sku":"BENCH-{number}","quantity":1}}]}}"#);
            let cart = connection.request("POST", "/api/v1/carts", None, &cart).await?.id()?;
            gate.wait().await;
            buy(&mut connection, &cart, &format!("sale-{number}-{buyer}")).await
        }));
    }
    buyers
        .run_until(async {
            let mut result = SaleResult { first_response: Duration::MAX, ..SaleResult::default() };
            let (mut opened, mut ends) = (None::<Instant>, Vec::new());
            for buyer in running {
                let (is_confirmed, started_at, ended) =
                    buyer.await.map_err(|error| error.to_string())??;
                *(if is_confirmed { &mut result.confirmed } else { &mut result.rejected }) += 1;
                opened = Some(opened.map_or(started_at, |opened| opened.min(started_at)));
                ends.push(ended);
            }
            let opened = opened.ok_or("there were no buyers")?;
            for ended in ends {
                result.last_response = result.last_response.max(ended - opened);
                result.first_response = result.first_response.min(ended - opened);
            }
            Ok(result)
        })
        .await
}

/// Whether the order was confirmed, with the start and end of the request. Any rejection but out of stock is an error.
async fn buy(
    connection: &mut HttpConnection,
    cart: &str,
    key: &str,
) -> Result<(bool, Instant, Instant), String> {
    let (path, body) = (format!("/api/v1/carts/{cart}/checkout"), checkout_body());
    let started_at = Instant::now();
    let response = connection.request("POST", &path, Some(key), &body).await?;
    let ended = Instant::now();
    if response.status == 409 && response.code() == Some("out_of_stock") {
        return Ok((false, started_at, ended));
    }
    response.expect_status(201)?;
    Ok((true, started_at, ended))
}
