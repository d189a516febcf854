//! A day in a shop: many look, some put things into carts, few buy.
//!
//! Each client goes through the same fifty requests again and again, each at another place of them: 45 readings (23
//! product pages, 14 lists, 8 searches), 4 changes of a cart (made, two lines, a quantity) and 1 checkout.

use super::{
    buy::{check_out, stocked},
    catalogue::{ARTICLES, page},
    row, turn,
};
use crate::{
    Setup,
    connection::Connection,
    disk,
    engine::bound_at,
    load::{Round, Timed, load},
    process::Server,
    report::{Row, megabytes},
};
use std::{cell::RefCell, collections::HashMap, time::Duration};
use tokio::time::Instant;

/// How long constant answers are measured, however long the day is.
const CONSTANT_TIME_MAX: Duration = Duration::from_secs(30);

/// Requests of a turn.
const TURN: u64 = 50;

/// Runs it and looks whether the shop stays as it was: latency by tenth of the run, memory at its ends.
pub(super) async fn mixture(setup: Setup) -> Result<Row, String> {
    let shop = stocked(&setup).await?;
    let bare_log = disk::Beside::begin()?;
    let measured = load(&setup, &shop, Day::default()).await?;
    let bare_log = bare_log.end()?;
    drop(shop);
    // Constant answers do not change with time.
    let brief = Setup { time: setup.time.min(CONSTANT_TIME_MAX), ..setup.clone() };
    let bare = load(&brief, &Server::constant()?, Day::default()).await?;
    let row = row("a day: 45 reads : 4 cart changes : 1 order", "request", &setup);
    let grown = megabytes(measured.used.resident_bytes) - megabytes(measured.resident_bytes_before);
    let flush_at = |at| measured.engine.as_ref().and_then(|engine| bound_at(&engine.flush, at));
    let row = row.shop(&measured).beside(&bare).with_kinds(&measured).with_tenths(&measured).with(
        "memory grown by",
        grown,
        "MB",
    );
    let flushes = [("p99.9", 0.999), ("the longest", 1.0)];
    Ok(flushes.into_iter().fold(row, |row, (name, at)| {
        let bare = bare_log.quantile_us(at);
        let row = row.with(format!("flush of a bare log in the same run: {name}"), bare, "µs");
        match flush_at(at) {
            Some(flush) => row.with(format!("the shop's own flush: {name}, at most"), flush, "µs"),
            None => row,
        }
    }))
}

/// What is done at a place of the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Product,
    List,
    Search,
    NewCart,
    Line,
    Quantity,
    Checkout,
}

/// What is done at this place: the cart fills between readings, and is bought at the end.
fn deed(place: u64) -> Deed {
    match place {
        10 => Deed::NewCart,
        18 | 27 => Deed::Line,
        36 => Deed::Quantity,
        49 => Deed::Checkout,
        place if place % 6 == 5 => Deed::Search,
        place if place % 3 == 0 => Deed::List,
        _ => Deed::Product,
    }
}

/// The carts that clients hold.
#[derive(Default)]
struct Day {
    carts: RefCell<HashMap<usize, String>>,
}

impl Round for Day {
    async fn run(
        &self,
        connection: &mut Connection,
        client: usize,
        number: u64,
    ) -> Result<Timed, String> {
        // Clients begin at different places, so that they do not all buy at once.
        let number = number + client as u64 * 17;
        let article = turn(client, number, ARTICLES);
        let cart = self.carts.borrow().get(&client).cloned();
        let begun = Instant::now();
        let (kind, path) = match (deed(number % TURN), cart) {
            (Deed::NewCart, _) => {
                let cart = connection.ask("POST", "/api/v1/carts", None, "{}").await?.id()?;
                let took = begun.elapsed();
                self.carts.borrow_mut().insert(client, cart);
                return Ok(Timed { kind: "cart change", took });
            }
            (Deed::Line, Some(cart)) => {
                // The first line is of the client's own article, whose quantity is changed later.
                let article = if number % TURN == 18 { client % ARTICLES } else { article };
                let line = format!(r#"{{"sku":"BENCH-{article}","quantity":1}}"#);
                let path = format!("/api/v1/carts/{cart}/lines");
                connection.ask("POST", &path, None, &line).await?.expect(200)?;
                return Ok(Timed { kind: "cart change", took: begun.elapsed() });
            }
            (Deed::Quantity, Some(cart)) => {
                let path = format!("/api/v1/carts/{cart}/lines/BENCH-{}", client % ARTICLES);
                connection.ask("PATCH", &path, None, r#"{"quantity":2}"#).await?.expect(200)?;
                return Ok(Timed { kind: "cart change", took: begun.elapsed() });
            }
            (Deed::Checkout, Some(cart)) => {
                let took = check_out(connection, &cart, &format!("day-{client}-{number}")).await?;
                self.carts.borrow_mut().remove(&client);
                return Ok(Timed { kind: "order", took });
            }
            (Deed::List, _) => {
                ("read", format!("/api/v1/products?limit=20&brand=Brand%20{}", article % 7))
            }
            (Deed::Search, _) => ("read", "/api/v1/products?limit=20&q=linen".to_owned()),
            // Also who has no cart yet, at the beginning of the run, looks on.
            _ => ("read", page(article)),
        };
        connection.ask("GET", &path, None, "").await?.expect(200)?;
        Ok(Timed { kind, took: begun.elapsed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_forty_five_readings_four_changes_and_an_order() {
        let count =
            |wanted: &[Deed]| (0..TURN).filter(|place| wanted.contains(&deed(*place))).count();
        assert_eq!(count(&[Deed::NewCart, Deed::Line, Deed::Quantity]), 4);
        assert_eq!(count(&[Deed::Checkout]), 1);
        let reads = [Deed::Product, Deed::List, Deed::Search].map(|deed| count(&[deed]));
        assert_eq!((reads, reads.iter().sum::<usize>()), ([23, 14, 8], 45));
    }
}
