//! A flash sale: many more buyers than units, all at once.

use super::{buy::checkout_body, catalogue::article};
use crate::{
    Setup,
    connection::Connection,
    latency::Latency,
    process::Server,
    report::{Load, Row, float},
};
use std::{rc::Rc, time::Duration};
use tokio::{sync::Barrier, task::LocalSet, time::Instant};

const BUYERS: usize = 200;
const UNITS: i64 = 50;
/// Sales at least and at most.
const SALES: std::ops::RangeInclusive<usize> = 3..=200;

/// What all buyers of a sale were told.
#[derive(Debug, Default)]
struct Told {
    confirmed: usize,
    /// Before anybody's payment was touched: the stock said no.
    refused: usize,
    until_last: Duration,
    first_to_know: Duration,
}

/// Sale after sale, each of a new article.
pub(super) async fn flash(setup: Setup) -> Result<Row, String> {
    let shop = Server::shop(&setup.binary)?;
    let (mut last, mut first) = (Latency::to_digits(3)?, Latency::to_digits(3)?);
    let (begun, mut sales) = (Instant::now(), 0);
    let (mut fewest, mut most) = (usize::MAX, 0);
    while sales < *SALES.start() || (begun.elapsed() < setup.time && sales < *SALES.end()) {
        let told = sale(&shop, sales).await?;
        if told.confirmed + told.refused != BUYERS {
            return Err(format!("not everybody was told: {told:?}"));
        }
        (fewest, most) = (fewest.min(told.confirmed), most.max(told.confirmed));
        last.record(told.until_last);
        first.record(told.first_to_know);
        sales += 1;
    }
    if (fewest, most) != (usize::try_from(UNITS).unwrap_or(0), usize::try_from(UNITS).unwrap_or(0))
    {
        return Err(format!("of {UNITS} units between {fewest} and {most} were sold"));
    }
    Ok(Row::named("200 buyers for 50 units", "sale", Load::Own)
        .with("sales, each with exactly 50 confirmed and 150 refused", float(sales as u64), "")
        .with("first answer, p50 of the sales", first.quantile_us(0.5) / 1e3, "ms")
        .with("last answer, p50 of the sales", last.quantile_us(0.5) / 1e3, "ms")
        .with("last answer, slowest sale", last.quantile_us(1.0) / 1e3, "ms"))
}

async fn sale(shop: &Server, number: usize) -> Result<Told, String> {
    article(shop, number, UNITS).await?;
    let buyers = LocalSet::new();
    let gate = Rc::new(Barrier::new(BUYERS));
    let mut running = Vec::new();
    for buyer in 0..BUYERS {
        let mut connection = Connection::to(&shop.shop).await?;
        let gate = Rc::clone(&gate);
        running.push(buyers.spawn_local(async move {
            let cart = format!(r#"{{"lines":[{{"sku":"BENCH-{number}","quantity":1}}]}}"#);
            let cart = connection.ask("POST", "/api/v1/carts", None, &cart).await?.id()?;
            gate.wait().await;
            buy(&mut connection, &cart, &format!("sale-{number}-{buyer}")).await
        }));
    }
    buyers
        .run_until(async {
            let mut told = Told { first_to_know: Duration::MAX, ..Told::default() };
            let (mut opened, mut ends) = (None::<Instant>, Vec::new());
            for buyer in running {
                let (is_confirmed, begun, ended) =
                    buyer.await.map_err(|error| error.to_string())??;
                *(if is_confirmed { &mut told.confirmed } else { &mut told.refused }) += 1;
                opened = Some(opened.map_or(begun, |opened| opened.min(begun)));
                ends.push(ended);
            }
            let opened = opened.ok_or("nobody came")?;
            for ended in ends {
                told.until_last = told.until_last.max(ended - opened);
                told.first_to_know = told.first_to_know.min(ended - opened);
            }
            Ok(told)
        })
        .await
}

/// Whether it was confirmed, and when it was asked and answered. Another refusal than that of the stock is a failure.
async fn buy(
    connection: &mut Connection,
    cart: &str,
    key: &str,
) -> Result<(bool, Instant, Instant), String> {
    let (path, body) = (format!("/api/v1/carts/{cart}/checkout"), checkout_body());
    let begun = Instant::now();
    let answer = connection.ask("POST", &path, Some(key), &body).await?;
    let ended = Instant::now();
    if answer.status == 409 && answer.code() == Some("out_of_stock") {
        return Ok((false, begun, ended));
    }
    answer.expect(201)?;
    Ok((true, begun, ended))
}
