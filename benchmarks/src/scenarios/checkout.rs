//! Checkout scenarios: whole checkouts, and orders in one request.

use super::{
    catalogue::{self, PRODUCTS, lines, stock},
    compare_with_baseline, row, spread,
};
use crate::{
    config::RunConfig,
    http_connection::HttpConnection,
    load_generator::{Sample, Workload, generate_load},
    numbers::float,
    process::Server,
    recording::Recording,
    report::Row,
};
use std::time::Duration;
use tokio::time::Instant;

/// Variants of the product with many variants.
const VARIANTS: usize = 2_000;

const ADDRESS: &str = r#"{"name":"Maren Lindqvist","line1":"Hafenweg 4","city":"Kiel","postal_code":"24103","country":"DE"}"#;

/// Checkout in four requests.
pub(super) async fn checkout(config: RunConfig) -> Result<Row, String> {
    let row = row("checkout: 4 requests", "order", &config).of_requests(4);
    compare_with_baseline(row, &config, stocked_shop(&config).await?, || {
        FourRequestCheckout(SkuDistribution::Uniform(PRODUCTS))
    })
    .await
}

/// Checkout in two requests.
pub(super) async fn two_requests(config: RunConfig) -> Result<Row, String> {
    let row = row("checkout: 2 requests", "order", &config).of_requests(2);
    compare_with_baseline(row, &config, stocked_shop(&config).await?, || TwoRequestCheckout).await
}

/// Order in one request.
pub(super) async fn order(config: RunConfig) -> Result<Row, String> {
    let row = row("order: 1 request", "order", &config);
    // Only the operator edge takes orders in one request.
    let shop = stocked_shop(&config).await?.via_operator_edge();
    compare_with_baseline(row, &config, shop, || OneRequestOrder { lines: 2, products: PRODUCTS })
        .await
}

/// Checkout by a single client.
pub(super) async fn one_client(config: RunConfig) -> Result<Row, String> {
    let config = RunConfig { clients: 1, ..config };
    let row = row("checkout: one client", "order", &config).of_requests(4);
    compare_with_baseline(row, &config, stocked_shop(&config).await?, || {
        FourRequestCheckout(SkuDistribution::Uniform(PRODUCTS))
    })
    .await
}

/// Checkout with a hot SKU in every cart.
pub(super) async fn hot_sku(config: RunConfig) -> Result<Row, String> {
    let row = row("checkout: all for one SKU", "order", &config);
    beside_uniform(row, &config, stocked_shop(&config).await?, SkuDistribution::HotSku).await
}

/// Checkout of variants of a single product.
pub(super) async fn variants(config: RunConfig) -> Result<Row, String> {
    let shop = Server::shop(&config.program)?;
    catalogue::variants(&shop, VARIANTS).await?;
    let page = page_time(&shop, "/api/v1/products/benchmark-yarn").await?;
    let row = row("checkout: 2,000 variants", "order", &config);
    let row = beside_uniform(row, &config, shop, SkuDistribution::Uniform(VARIANTS)).await?;
    Ok(row.with("its page, best of 20, to one client", page, "µs"))
}

/// Runs a distribution of SKUs beside a uniform one in the same minute.
async fn beside_uniform(
    row: Row,
    config: &RunConfig,
    shop: Server,
    distribution: SkuDistribution,
) -> Result<Row, String> {
    let measured = generate_load(config, &shop, FourRequestCheckout(distribution)).await?;
    let recording = Recording::of(&shop.shop, &FourRequestCheckout(distribution)).await?;
    drop(shop);
    let workload = || FourRequestCheckout(SkuDistribution::Uniform(PRODUCTS));
    let uniform = generate_load(config, &stocked_shop(config).await?, workload()).await?;
    let baseline = generate_load(config, &Server::baseline(&recording)?, workload()).await?;
    let rate = |measured: &crate::load_generator::Measurement| {
        float(measured.iterations) / measured.took.as_secs_f64()
    };
    Ok(row
        .of_requests(4)
        .with_shop(&measured)
        .with_baseline(&baseline)
        .with("rate of uniform orders in the same run", rate(&uniform), "/s")
        .with("rate over that of uniform orders", rate(&measured) / rate(&uniform), "×"))
}

/// Shortest response time of a page, of 20.
async fn page_time(shop: &Server, path: &str) -> Result<f64, String> {
    let mut connection = HttpConnection::connect(&shop.shop).await?;
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let started_at = Instant::now();
        connection.request("GET", path, None, "").await?.expect_status(200)?;
        best = best.min(started_at.elapsed());
    }
    Ok(crate::latency::micros(best))
}

/// Starts a shop and stocks it with products.
pub(super) async fn stocked_shop(config: &RunConfig) -> Result<Server, String> {
    let shop = Server::shop(&config.program)?;
    stock(&shop, PRODUCTS).await?;
    Ok(shop)
}

/// Body of a checkout request.
pub(super) fn checkout_body() -> String {
    format!(
        r#"{{"email":"maren@example.com","shipping_address":{ADDRESS},"payment":{{"method":"test","token":"success"}}}}"#
    )
}

/// Body of an order in one request.
pub(super) fn order_body(lines: &str) -> String {
    format!(
        r#"{{"lines":{lines},"email":"maren@example.com","shipping_address":{ADDRESS},"payment":{{"method":"test","token":"success"}}}}"#
    )
}

/// Checks a cart out, and returns the response time.
pub(super) async fn check_out(
    connection: &mut HttpConnection,
    cart: &str,
    key: &str,
) -> Result<Duration, String> {
    let (path, body) = (format!("/api/v1/carts/{cart}/checkout"), checkout_body());
    let started_at = Instant::now();
    connection.request("POST", &path, Some(key), &body).await?.expect_status(201)?;
    Ok(started_at.elapsed())
}

/// Workload: a new cart, two lines, a checkout.
pub(super) struct FourRequestCheckout(pub(super) SkuDistribution);

/// Distribution of the SKUs of the two lines of a cart.
#[derive(Clone, Copy, Debug)]
pub(super) enum SkuDistribution {
    /// Uniform over this many products.
    Uniform(usize),
    /// The same hot SKU in every cart, and a uniform one as second line.
    HotSku,
}

impl SkuDistribution {
    fn products(self, client: usize, number: u64) -> [usize; 2] {
        match self {
            Self::Uniform(products) => {
                let first = spread(client, number, products);
                [first, (first + 1) % products]
            }
            Self::HotSku => [0, 1 + spread(client, number, PRODUCTS - 1)],
        }
    }
}

impl Workload for FourRequestCheckout {
    async fn run(
        &self,
        connection: &mut HttpConnection,
        client: usize,
        number: u64,
    ) -> Result<Sample, String> {
        let cart = connection.request("POST", "/api/v1/carts", None, "{}").await?.id()?;
        for product in self.0.products(client, number) {
            let line = format!(r#"{{"sku":"BENCH-{product}","quantity":1}}"#);
            let path = format!("/api/v1/carts/{cart}/lines");
            connection.request("POST", &path, None, &line).await?.expect_status(200)?;
        }
        let took = check_out(connection, &cart, &format!("bench-{client}-{number}")).await?;
        Ok(Sample { kind: "checkout", took })
    }
}

/// Workload: a cart with its lines, a checkout.
struct TwoRequestCheckout;

impl Workload for TwoRequestCheckout {
    async fn run(
        &self,
        connection: &mut HttpConnection,
        client: usize,
        number: u64,
    ) -> Result<Sample, String> {
        let lines = lines(spread(client, number, PRODUCTS), 2, PRODUCTS);
        let cart = format!(r#"{{"lines":{lines}}}"#);
        let cart = connection.request("POST", "/api/v1/carts", None, &cart).await?.id()?;
        let took = check_out(connection, &cart, &format!("bench-{client}-{number}")).await?;
        Ok(Sample { kind: "checkout", took })
    }
}

/// Workload: an order in one request.
pub(super) struct OneRequestOrder {
    pub(super) lines: usize,
    pub(super) products: usize,
}

impl Workload for OneRequestOrder {
    async fn run(
        &self,
        connection: &mut HttpConnection,
        client: usize,
        number: u64,
    ) -> Result<Sample, String> {
        let first = spread(client, number, self.products);
        let body = order_body(&lines(first, self.lines, self.products));
        let key = format!("bench-{client}-{number}");
        let started_at = Instant::now();
        connection
            .request("POST", "/api/v1/orders", Some(&key), &body)
            .await?
            .expect_status(201)?;
        Ok(Sample { kind: "order", took: started_at.elapsed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cart_has_two_lines_and_a_hot_one_the_same_first_line() {
        for number in 0..1_000 {
            let [first, second] = SkuDistribution::HotSku.products(3, number);
            assert!(first == 0 && (1..PRODUCTS).contains(&second), "{second}");
            let [first, second] = SkuDistribution::Uniform(PRODUCTS).products(3, number);
            assert!(first != second && first < PRODUCTS && second < PRODUCTS);
        }
    }
}
