//! Buying: whole checkouts, and orders of one request.

use super::{
    catalogue::{self, ARTICLES, lines, stock},
    compared, row, turn,
};
use crate::{
    Setup,
    connection::Connection,
    load::{Round, Timed, load},
    process::Server,
    report::Row,
};
use std::time::Duration;
use tokio::time::Instant;

/// Variants of the product that has many.
const VARIANTS: usize = 2_000;

const ADDRESS: &str = r#"{"name":"Maren Lindqvist","line1":"Hafenweg 4","city":"Kiel","postal_code":"24103","country":"DE"}"#;

/// A complete checkout in four requests.
pub(super) async fn checkout(setup: Setup) -> Result<Row, String> {
    let row = row("checkout: 4 requests", "order", &setup).of_requests(4);
    compared(row, &setup, stocked(&setup).await?, || FourRequests(Wish::AnyOf(ARTICLES))).await
}

/// A cart made with its lines, then the checkout.
pub(super) async fn two_requests(setup: Setup) -> Result<Row, String> {
    let row = row("checkout: 2 requests", "order", &setup).of_requests(2);
    compared(row, &setup, stocked(&setup).await?, || TwoRequests).await
}

/// A whole order in one request.
pub(super) async fn order(setup: Setup) -> Result<Row, String> {
    let row = row("order: 1 request", "order", &setup);
    // Orders of one request are an operator's.
    let shop = stocked(&setup).await?.by_the_operator_edge();
    compared(row, &setup, shop, || OneRequest { lines: 2, articles: ARTICLES }).await
}

/// The checkout by one client: how long the checkout request takes when nobody else is there.
pub(super) async fn one_client(setup: Setup) -> Result<Row, String> {
    let setup = Setup { clients: 1, ..setup };
    let row = row("checkout: one client", "order", &setup).of_requests(4);
    compared(row, &setup, stocked(&setup).await?, || FourRequests(Wish::AnyOf(ARTICLES))).await
}

/// Everybody buys the same article.
pub(super) async fn hot_sku(setup: Setup) -> Result<Row, String> {
    let row = row("checkout: all for one SKU", "order", &setup);
    beside_uniform(row, &setup, stocked(&setup).await?, Wish::FirstAndAny).await
}

/// Everybody buys a variant of the same product.
pub(super) async fn variants(setup: Setup) -> Result<Row, String> {
    let shop = Server::shop(&setup.binary)?;
    catalogue::variants(&shop, VARIANTS).await?;
    let page = page_time(&shop, "/api/v1/products/benchmark-yarn").await?;
    let row = row("checkout: 2,000 variants", "order", &setup);
    let row = beside_uniform(row, &setup, shop, Wish::AnyOf(VARIANTS)).await?;
    Ok(row.with("its page, best of 20, to one client", page, "µs"))
}

/// The same load, in the same minute, where each buyer wants something else.
async fn beside_uniform(row: Row, setup: &Setup, shop: Server, wish: Wish) -> Result<Row, String> {
    let measured = load(setup, &shop, FourRequests(wish)).await?;
    drop(shop);
    let round = || FourRequests(Wish::AnyOf(ARTICLES));
    let uniform = load(setup, &stocked(setup).await?, round()).await?;
    let bare = load(setup, &Server::constant()?, round()).await?;
    let rate = |measured: &crate::load::Measured| {
        crate::report::float(measured.rounds) / measured.took.as_secs_f64()
    };
    Ok(row
        .of_requests(4)
        .shop(&measured)
        .beside(&bare)
        .with("rate of uniform orders in the same run", rate(&uniform), "/s")
        .with("rate over that of uniform orders", rate(&measured) / rate(&uniform), "×"))
}

/// The shortest of a few answers.
async fn page_time(shop: &Server, path: &str) -> Result<f64, String> {
    let mut connection = Connection::to(&shop.shop).await?;
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let begun = Instant::now();
        connection.ask("GET", path, None, "").await?.expect(200)?;
        best = best.min(begun.elapsed());
    }
    Ok(crate::latency::micros(best))
}

/// A shop with articles enough for everybody.
pub(super) async fn stocked(setup: &Setup) -> Result<Server, String> {
    let shop = Server::shop(&setup.binary)?;
    stock(&shop, ARTICLES).await?;
    Ok(shop)
}

/// The body of a checkout.
pub(super) fn checkout_body() -> String {
    format!(
        r#"{{"email":"maren@example.com","shipping_address":{ADDRESS},"payment":{{"method":"test","token":"success"}}}}"#
    )
}

/// The body of an order of one request.
pub(super) fn order_body(lines: &str) -> String {
    format!(
        r#"{{"lines":{lines},"email":"maren@example.com","shipping_address":{ADDRESS},"payment":{{"method":"test","token":"success"}}}}"#
    )
}

/// Turns a cart into an order.
pub(super) async fn check_out(
    connection: &mut Connection,
    cart: &str,
    key: &str,
) -> Result<Duration, String> {
    let (path, body) = (format!("/api/v1/carts/{cart}/checkout"), checkout_body());
    let begun = Instant::now();
    connection.ask("POST", &path, Some(key), &body).await?.expect(201)?;
    Ok(begun.elapsed())
}

/// A new cart, two lines, a checkout.
pub(super) struct FourRequests(pub(super) Wish);

/// What the two lines of a cart are of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    /// Two of so many articles, everybody's turn another.
    AnyOf(usize),
    /// The one that everybody wants, and another one, so that the cart has as many lines.
    FirstAndAny,
}

impl Wish {
    fn articles(self, client: usize, number: u64) -> [usize; 2] {
        match self {
            Self::AnyOf(articles) => {
                let first = turn(client, number, articles);
                [first, (first + 1) % articles]
            }
            Self::FirstAndAny => [0, 1 + turn(client, number, ARTICLES - 1)],
        }
    }
}

impl Round for FourRequests {
    async fn run(
        &self,
        connection: &mut Connection,
        client: usize,
        number: u64,
    ) -> Result<Timed, String> {
        let cart = connection.ask("POST", "/api/v1/carts", None, "{}").await?.id()?;
        for article in self.0.articles(client, number) {
            let line = format!(r#"{{"sku":"BENCH-{article}","quantity":1}}"#);
            let path = format!("/api/v1/carts/{cart}/lines");
            connection.ask("POST", &path, None, &line).await?.expect(200)?;
        }
        let took = check_out(connection, &cart, &format!("bench-{client}-{number}")).await?;
        Ok(Timed { kind: "checkout", took })
    }
}

/// A cart with its lines, a checkout.
struct TwoRequests;

impl Round for TwoRequests {
    async fn run(
        &self,
        connection: &mut Connection,
        client: usize,
        number: u64,
    ) -> Result<Timed, String> {
        let lines = lines(turn(client, number, ARTICLES), 2, ARTICLES);
        let cart = format!(r#"{{"lines":{lines}}}"#);
        let cart = connection.ask("POST", "/api/v1/carts", None, &cart).await?.id()?;
        let took = check_out(connection, &cart, &format!("bench-{client}-{number}")).await?;
        Ok(Timed { kind: "checkout", took })
    }
}

/// An order of one request.
pub(super) struct OneRequest {
    pub(super) lines: usize,
    pub(super) articles: usize,
}

impl Round for OneRequest {
    async fn run(
        &self,
        connection: &mut Connection,
        client: usize,
        number: u64,
    ) -> Result<Timed, String> {
        let first = turn(client, number, self.articles);
        let body = order_body(&lines(first, self.lines, self.articles));
        let key = format!("bench-{client}-{number}");
        let begun = Instant::now();
        connection.ask("POST", "/api/v1/orders", Some(&key), &body).await?.expect(201)?;
        Ok(Timed { kind: "order", took: begun.elapsed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cart_has_two_lines_and_every_hot_one_the_same_first() {
        for number in 0..1_000 {
            let [first, second] = Wish::FirstAndAny.articles(3, number);
            assert!(first == 0 && (1..ARTICLES).contains(&second), "{second}");
            let [first, second] = Wish::AnyOf(ARTICLES).articles(3, number);
            assert!(first != second && first < ARTICLES && second < ARTICLES);
        }
    }
}
