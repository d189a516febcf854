//! Buying: whole checkouts, and orders of one request.

use crate::{
    Setup,
    connection::Connection,
    load::{Measured, Round, closed_loop},
    process::Server,
    report::Row,
};
use std::time::Duration;
use tokio::time::Instant;

/// Articles that buyers choose from where they do not all want the same.
const ARTICLES: usize = 100;
/// More units than anybody can buy while it is measured.
const PLENTY: i64 = 100_000_000;

const ADDRESS: &str = r#"{"name":"Maren Lindqvist","line1":"Hafenweg 4","city":"Kiel","postal_code":"24103","country":"DE"}"#;

/// A complete checkout in four requests.
pub(crate) async fn checkout(setup: Setup) -> Result<Row, String> {
    compared("checkout: 4 requests", "order", &setup, ARTICLES, 4).await
}

/// The same by one client: how long the checkout request takes when nobody else is there.
pub(crate) async fn one_client(setup: Setup) -> Result<Row, String> {
    compared("checkout: one client", "order", &Setup { clients: 1, ..setup }, ARTICLES, 4).await
}

/// Everybody buys the same article.
pub(crate) async fn hot_sku(setup: Setup) -> Result<Row, String> {
    compared("checkout: all for one SKU", "order", &setup, 1, 4).await
}

/// A whole order in one request.
pub(crate) async fn order(setup: Setup) -> Result<Row, String> {
    let shop = Server::shop(&setup.binary)?;
    stock(&shop, ARTICLES).await?;
    // Orders of one request are an operator's.
    let shop = shop.by_the_operator_edge();
    let measured = closed_loop(&setup, &shop, OneRequest).await?;
    drop(shop);
    let bare = closed_loop(&setup, &Server::constant()?, OneRequest).await?;
    Ok(Row::compared("order: 1 request", "order", 1, &measured, &bare))
}

async fn compared(
    name: &str,
    unit: &'static str,
    setup: &Setup,
    articles: usize,
    requests: u32,
) -> Result<Row, String> {
    let measured = against_shop(setup, articles).await?;
    let bare = closed_loop(setup, &Server::constant()?, FourRequests { articles }).await?;
    Ok(Row::compared(name, unit, requests, &measured, &bare))
}

async fn against_shop(setup: &Setup, articles: usize) -> Result<Measured, String> {
    let shop = Server::shop(&setup.binary)?;
    stock(&shop, articles.max(2)).await?;
    closed_loop(setup, &shop, FourRequests { articles }).await
}

/// Makes articles and fills the shelves.
pub(crate) async fn stock(shop: &Server, articles: usize) -> Result<(), String> {
    let mut operator = Connection::to(&shop.operator).await?;
    for article in 0..articles {
        let product = format!(
            r#"{{"name":"Benchmark article {article}","brand":"Brand {}","categories":["Kitchen","Shelf {}"],"status":"active","variants":[{{"sku":"BENCH-{article}","price":{{"amount":{},"currency":"EUR"}},"stock":{PLENTY}}}]}}"#,
            article % 7,
            article % 5,
            1_000 + article,
        );
        operator.ask("POST", "/api/v1/products", None, &product).await?.expect(201)?;
    }
    Ok(())
}

struct FourRequests {
    articles: usize,
}

impl Round for FourRequests {
    async fn run(
        &self,
        connection: &mut Connection,
        client: usize,
        number: u64,
    ) -> Result<Duration, String> {
        let article =
            usize::try_from(number).unwrap_or(0).wrapping_mul(7).wrapping_add(client * 13);
        let (first, second) = (article % self.articles, (article + 1) % self.articles.max(2));
        let cart = connection.ask("POST", "/api/v1/carts", None, "{}").await?.id()?;
        for sku in [first, second] {
            let line = format!(r#"{{"sku":"BENCH-{sku}","quantity":1}}"#);
            connection
                .ask("POST", &format!("/api/v1/carts/{cart}/lines"), None, &line)
                .await?
                .expect(200)?;
        }
        let body = format!(
            r#"{{"email":"maren@example.com","shipping_address":{ADDRESS},"payment":{{"method":"test","token":"success"}}}}"#
        );
        let begun = Instant::now();
        let path = format!("/api/v1/carts/{cart}/checkout");
        connection
            .ask("POST", &path, Some(&format!("bench-{client}-{number}")), &body)
            .await?
            .expect(201)?;
        Ok(begun.elapsed())
    }
}

struct OneRequest;

impl Round for OneRequest {
    async fn run(
        &self,
        connection: &mut Connection,
        client: usize,
        number: u64,
    ) -> Result<Duration, String> {
        let article = (usize::try_from(number).unwrap_or(0) + client) % ARTICLES;
        let body = format!(
            r#"{{"lines":[{{"sku":"BENCH-{article}","quantity":1}},{{"sku":"BENCH-{}","quantity":2}}],"email":"maren@example.com","shipping_address":{ADDRESS},"payment":{{"method":"test","token":"success"}}}}"#,
            (article + 1) % ARTICLES,
        );
        let begun = Instant::now();
        connection
            .ask("POST", "/api/v1/orders", Some(&format!("bench-{client}-{number}")), &body)
            .await?
            .expect(201)?;
        Ok(begun.elapsed())
    }
}
