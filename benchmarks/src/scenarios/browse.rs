//! Browsing: lists with facets, and products.

use super::buy::stock;
use crate::{
    Setup,
    connection::Connection,
    load::{Round, closed_loop},
    process::Server,
    report::Row,
};
use std::time::Duration;
use tokio::time::Instant;

/// Products in the shop.
const PRODUCTS: usize = 100;

/// A list of 20 with facets.
pub(crate) async fn list(setup: Setup) -> Result<Row, String> {
    compared("list of 20 of 100 products", &setup, || Paths {
        paths: [
            "",
            "&sort=price",
            "&brand=Brand%203",
            "&q=article",
            "&category=kitchen&in_stock=true",
        ]
        .map(|filter| format!("/api/v1/products?limit=20{filter}"))
        .to_vec(),
    })
    .await
}

/// A product by its slug.
pub(crate) async fn product(setup: Setup) -> Result<Row, String> {
    compared("product", &setup, || Paths {
        paths: (0..PRODUCTS)
            .map(|article| format!("/api/v1/products/benchmark-article-{article}"))
            .collect(),
    })
    .await
}

async fn compared(name: &str, setup: &Setup, round: impl Fn() -> Paths) -> Result<Row, String> {
    let shop = Server::shop(&setup.binary)?;
    stock(&shop, PRODUCTS).await?;
    let measured = closed_loop(setup, &shop, round()).await?;
    drop(shop);
    let bare = closed_loop(setup, &Server::constant()?, round()).await?;
    Ok(Row::compared(name, "request", 1, &measured, &bare))
}

struct Paths {
    paths: Vec<String>,
}

impl Round for Paths {
    async fn run(
        &self,
        connection: &mut Connection,
        client: usize,
        number: u64,
    ) -> Result<Duration, String> {
        let path = &self.paths[(usize::try_from(number).unwrap_or(0) + client) % self.paths.len()];
        let begun = Instant::now();
        connection.ask("GET", path, None, "").await?.expect(200)?;
        Ok(begun.elapsed())
    }
}
