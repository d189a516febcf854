//! Mixed load scenario of a day in a shop: mostly reads, some cart changes, few orders.
//!
//! Each client repeats the same cycle of fifty requests from its own offset: 45 reads (23 product pages, 14 listings, 8
//! searches), 4 cart changes (creation, two lines, a quantity) and 1 checkout.

use super::{
    catalogue::{PRODUCTS, page},
    checkout::{check_out, stocked_shop},
    row, spread,
};
use crate::{
    config::RunConfig,
    disk,
    engine_metrics::quantile_bound_us,
    http_connection::HttpConnection,
    load_generator::{Sample, Workload, generate_load},
    numbers::megabytes,
    process::Server,
    recording::Recording,
    report::Row,
};
use std::{cell::RefCell, collections::HashMap, time::Duration};
use tokio::time::Instant;

/// The longest measurement of the baseline, however long the scenario runs.
const CONSTANT_TIME_MAX: Duration = Duration::from_secs(30);

/// Number of requests in a cycle.
const CYCLE: u64 = 50;

/// Runs the mixed load, with latency by tenth of the run and memory at its ends, beside a flush probe.
pub(super) async fn mixture(config: RunConfig) -> Result<Row, String> {
    let shop = stocked_shop(&config).await?;
    let probe = disk::FlushProbe::start()?;
    let measured = generate_load(&config, &shop, MixedLoad::default()).await?;
    let probe = probe.stop()?;
    let recording = Recording::of(&shop.shop, &MixedLoad::default()).await?;
    drop(shop);
    // The baseline does not change over time.
    let brief = RunConfig { time: config.time.min(CONSTANT_TIME_MAX), ..config.clone() };
    let constant = Server::baseline(&recording)?;
    let baseline = generate_load(&brief, &constant, MixedLoad::default()).await?;
    let row = row("a day: 45 reads : 4 cart changes : 1 order", "request", &config);
    let grown = megabytes(measured.used.resident_bytes) - megabytes(measured.resident_bytes_before);
    let flush_at =
        |at| measured.engine.as_ref().and_then(|engine| quantile_bound_us(&engine.flush, at));
    let row = row
        .with_shop(&measured)
        .with_baseline(&baseline)
        .with_kinds(&measured)
        .with_tenths(&measured)
        .with("memory grown by", grown, "MB");
    let row = (1..).zip(&measured.resident_bytes_by_tenth).fold(row, |row, (tenth, bytes)| {
        row.with(format!("tenth {tenth} of the run: memory at its end"), megabytes(*bytes), "MB")
    });
    let flushes = [("p99.9", 0.999), ("the longest", 1.0)];
    Ok(flushes.into_iter().fold(row, |row, (name, at)| {
        let probe_us = probe.quantile_us(at);
        let row = row.with(format!("flush of a bare log in the same run: {name}"), probe_us, "µs");
        match flush_at(at) {
            Some(flush) => row.with(format!("the shop's own flush: {name}, at most"), flush, "µs"),
            None => row,
        }
    }))
}

/// Action at a position of the cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Product,
    List,
    Search,
    NewCart,
    Line,
    Quantity,
    Checkout,
}

/// The action at a position: the cart is filled between reads, and checked out at the end.
fn action_at(place: u64) -> Action {
    match place {
        10 => Action::NewCart,
        18 | 27 => Action::Line,
        36 => Action::Quantity,
        49 => Action::Checkout,
        place if place % 6 == 5 => Action::Search,
        place if place % 3 == 0 => Action::List,
        _ => Action::Product,
    }
}

/// Workload with the open cart of each client.
#[derive(Default)]
struct MixedLoad {
    carts: RefCell<HashMap<usize, String>>,
}

impl Workload for MixedLoad {
    async fn run(
        &self,
        connection: &mut HttpConnection,
        client: usize,
        number: u64,
    ) -> Result<Sample, String> {
        // Clients start at different offsets, so that their checkouts do not coincide.
        let number = number + client as u64 * 17;
        let product = spread(client, number, PRODUCTS);
        let cart = self.carts.borrow().get(&client).cloned();
        let started_at = Instant::now();
        let (kind, path) = match (action_at(number % CYCLE), cart) {
            (Action::NewCart, _) => {
                let cart = connection.request("POST", "/api/v1/carts", None, "{}").await?.id()?;
                let took = started_at.elapsed();
                self.carts.borrow_mut().insert(client, cart);
                return Ok(Sample { kind: "cart change", took });
            }
            (Action::Line, Some(cart)) => {
                // The first line has the client's own product, whose quantity is changed later.
                let product = if number % CYCLE == 18 { client % PRODUCTS } else { product };
                let line = format!(r#"{{"sku":"BENCH-{product}","quantity":1}}"#);
                let path = format!("/api/v1/carts/{cart}/lines");
                connection.request("POST", &path, None, &line).await?.expect_status(200)?;
                return Ok(Sample { kind: "cart change", took: started_at.elapsed() });
            }
            (Action::Quantity, Some(cart)) => {
                let path = format!("/api/v1/carts/{cart}/lines/BENCH-{}", client % PRODUCTS);
                connection
                    .request("PATCH", &path, None, r#"{"quantity":2}"#)
                    .await?
                    .expect_status(200)?;
                return Ok(Sample { kind: "cart change", took: started_at.elapsed() });
            }
            (Action::Checkout, Some(cart)) => {
                let took = check_out(connection, &cart, &format!("day-{client}-{number}")).await?;
                self.carts.borrow_mut().remove(&client);
                return Ok(Sample { kind: "order", took });
            }
            (Action::List, _) => {
                ("read", format!("/api/v1/products?limit=20&brand=Brand%20{}", product % 7))
            }
            (Action::Search, _) => ("read", "/api/v1/products?limit=20&q=linen".to_owned()),
            // A client without a cart, as at the start of the run, reads instead.
            _ => ("read", page(product)),
        };
        connection.request("GET", &path, None, "").await?.expect_status(200)?;
        Ok(Sample { kind, took: started_at.elapsed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_forty_five_reads_four_cart_changes_and_an_order() {
        let count = |wanted: &[Action]| {
            (0..CYCLE).filter(|place| wanted.contains(&action_at(*place))).count()
        };
        assert_eq!(count(&[Action::NewCart, Action::Line, Action::Quantity]), 4);
        assert_eq!(count(&[Action::Checkout]), 1);
        let reads = [Action::Product, Action::List, Action::Search].map(|action| count(&[action]));
        assert_eq!((reads, reads.iter().sum::<usize>()), ([23, 14, 8], 45));
    }
}
