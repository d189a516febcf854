//! How far consumers are behind: from a commit to what a consumer of its event shows.
//!
//! An operator counts an article's stock; the inventory service commits, flushes and answers; the product service, a
//! consumer of its feed, says on its page whether the article can be bought. What is measured is the time from the
//! operator's answer (so after the flush) to the end of the first answer of the page that says so, asked over and
//! over. It is an upper bound: the reading itself is in it, and a change is seen one reading late at most.

use super::{
    buy::{FourRequests, Wish, stocked},
    catalogue::{ARTICLES, article, page},
};
use crate::{
    Setup,
    connection::Connection,
    latency::{Latency, micros},
    load::load,
    process::Server,
    report::{Load, Row, float},
};
use std::time::Duration;
use tokio::time::Instant;

/// Between two changes, so that consumers wait for news as they do as a rule.
const PAUSE: Duration = Duration::from_millis(2);
/// A consumer that needs longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was seen.
struct Seen {
    /// From the answer to the change to the page that shows it.
    lag: Latency,
    /// One reading of the page.
    reading: Latency,
    /// Changes that the first reading showed.
    at_once: u64,
}

/// By a shop that has nothing else to do, and by one under load.
pub(super) async fn outbox(setup: Setup) -> Result<Vec<Row>, String> {
    let shop = stocked(&setup).await?;
    article(&shop, ARTICLES, 1).await?;
    let idle = watched(&shop, setup.time).await?;
    let buyers = load(&setup, &shop, FourRequests(Wish::AnyOf(ARTICLES)));
    let (measured, busy) = tokio::join!(buyers, watched(&shop, setup.time));
    let (measured, busy) = (measured?, busy?);
    let rate = float(measured.rounds) / measured.took.as_secs_f64();
    let row = |name: &str, seen: &Seen| {
        Row::named(name, "change", Load::Own)
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
    Ok(vec![row("outbox lag, idle", &idle), under_load])
}

async fn watched(shop: &Server, time: Duration) -> Result<Seen, String> {
    let mut operator = Connection::to(&shop.operator).await?;
    let mut buyer = Connection::to(&shop.shop).await?;
    let (stock, page) = (format!("/api/v1/stock/BENCH-{ARTICLES}"), page(ARTICLES));
    let mut seen =
        Seen { lag: Latency::to_digits(3)?, reading: Latency::to_digits(3)?, at_once: 0 };
    let (begun, mut number) = (Instant::now(), 0_u64);
    while begun.elapsed() < time {
        number += 1;
        let is_sold_out = number % 2 == 1;
        let count = if is_sold_out { r#"{"on_hand":0}"# } else { r#"{"on_hand":1}"# };
        let shown = if is_sold_out { "\"in_stock\":false" } else { "\"in_stock\":true" };
        operator.ask("PUT", &stock, None, count).await?.expect(200)?;
        let flushed = Instant::now();
        let mut readings = 0;
        loop {
            let asked = Instant::now();
            let answer = buyer.ask("GET", &page, None, "").await?;
            answer.expect(200)?;
            let is_shown = answer.body.windows(shown.len()).any(|part| part == shown.as_bytes());
            seen.reading.record(asked.elapsed());
            readings += 1;
            if is_shown {
                break;
            }
            if flushed.elapsed() > PATIENCE {
                let waited = micros(PATIENCE) / 1e6;
                return Err(format!("after {waited:.0} s the page does not show {shown}"));
            }
        }
        seen.lag.record(flushed.elapsed());
        seen.at_once += u64::from(readings == 1);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(seen)
}
