//! Browsing scenarios: listings with facets, product pages, searches.

use super::{catalogue, compare_with_baseline, row, spread};
use crate::{
    config::RunConfig,
    http_connection::HttpConnection,
    load_generator::{Sample, Workload, generate_load},
    process::{DataFolder, Server},
    recording::Recording,
    report::Row,
};
use tempfile::TempDir;
use tokio::time::Instant;

/// Number of products of a small shop, and of a large one.
const SMALL: usize = 100;
const LARGE: usize = 100_000;
/// The most paths that are requested in turn: more than the shop caches.
const PATHS_MAX: usize = 5_000;

type Paths = fn(usize) -> Vec<String>;

/// Listings of 20 with facets: a few that are cached, and many that are not.
pub(super) async fn list(config: RunConfig) -> Result<Vec<Row>, String> {
    let few = small("list of 20", &config, lists).await?;
    Ok(vec![few, small("list of 20, each another", &config, uncached_lists).await?])
}

/// Product pages by slug.
pub(super) async fn product(config: RunConfig) -> Result<Row, String> {
    small("product", &config, products).await
}

/// Searches: a few that are cached, and many that are not.
pub(super) async fn search(config: RunConfig) -> Result<Vec<Row>, String> {
    let few = small("search", &config, searches).await?;
    Ok(vec![few, small("search, each another", &config, uncached_searches).await?])
}

/// Scenario of all of these on a large catalogue.
pub(super) async fn large(config: RunConfig) -> Result<Vec<Row>, String> {
    let shop = filled(&config, LARGE)?;
    let small = Server::shop(&config.program)?;
    catalogue::stock(&small, SMALL).await?;
    let all: [(&str, Paths); 5] = [
        ("list of 20", lists),
        ("product", products),
        ("search", searches),
        ("list of 20, each another", uncached_lists),
        ("search, each another", uncached_searches),
    ];
    let mut rows = Vec::new();
    for (name, paths) in all {
        let few = generate_load(&config, &small, GetRequests(paths(SMALL))).await?;
        let many = generate_load(&config, &shop, GetRequests(paths(LARGE))).await?;
        let recording = Recording::of(&shop.shop, &GetRequests(paths(LARGE))).await?;
        let constant = Server::baseline(&recording)?;
        let baseline = generate_load(&config, &constant, GetRequests(paths(LARGE))).await?;
        let over = |at| {
            many.latency.all.quantile_us(at)
                / few.latency.all.quantile_us(at).max(f64::MIN_POSITIVE)
        };
        rows.push(
            row(&format!("{name}, 100,000 products"), "request", &config)
                .with_shop(&many)
                .with_baseline(&baseline)
                .with("p50 over that at 100 products", over(0.5), "×")
                .with("p99 over that at 100 products", over(0.99), "×"),
        );
    }
    Ok(rows)
}

async fn small(name: &str, config: &RunConfig, paths: Paths) -> Result<Row, String> {
    let shop = Server::shop(&config.program)?;
    catalogue::stock(&shop, SMALL).await?;
    let row = row(&format!("{name}, 100 products"), "request", config);
    compare_with_baseline(row, config, shop, || GetRequests(paths(SMALL))).await
}

/// Starts a shop with products that were imported beforehand.
fn filled(config: &RunConfig, products: usize) -> Result<Server, String> {
    let folder = TempDir::new_in(".").map_err(|error| error.to_string())?;
    let file = folder.path().join("products.jsonl");
    catalogue::write(&file, products)?;
    let data = DataFolder::new(&config.program)?;
    data.import(&file)?;
    data.serve()
}

fn lists(_: usize) -> Vec<String> {
    [
        "",
        "&sort=price",
        "&brand=Brand%203",
        "&price_min=2000&price_max=50000",
        "&category=kitchen&in_stock=true",
    ]
    .map(|filter| format!("/api/v1/products?limit=20{filter}"))
    .to_vec()
}

pub(super) fn products(count: usize) -> Vec<String> {
    let every = count.div_ceil(PATHS_MAX).max(1);
    (0..count).step_by(every).map(catalogue::page).collect()
}

/// A common word, two words, a word and a filter, a rare word, a misspelt word.
fn searches(count: usize) -> Vec<String> {
    let few = count / 2;
    [
        "linen".to_owned(),
        "article%20oak".to_owned(),
        "wool&brand=Brand%202".to_owned(),
        format!("article%20{few}"),
        "linnen".to_owned(),
    ]
    .map(|words| format!("/api/v1/products?limit=20&q={words}"))
    .to_vec()
}

/// Listings that are not cached: each has another least price.
pub(super) fn uncached_lists(_: usize) -> Vec<String> {
    let path = |cents| format!("/api/v1/products?limit=20&price_min={cents}");
    (0..PATHS_MAX).map(path).collect()
}

/// Searches that are not cached: a common word, each with another least price.
pub(super) fn uncached_searches(count: usize) -> Vec<String> {
    uncached_lists(count).into_iter().map(|path| path + "&q=linen").collect()
}

/// Workload: `GET` requests of these paths in turn.
pub(super) struct GetRequests(pub(super) Vec<String>);

impl Workload for GetRequests {
    async fn run(
        &self,
        connection: &mut HttpConnection,
        client: usize,
        number: u64,
    ) -> Result<Sample, String> {
        let path = &self.0[spread(client, number, self.0.len())];
        let started_at = Instant::now();
        connection.request("GET", path, None, "").await?.expect_status(200)?;
        Ok(Sample { kind: "read", took: started_at.elapsed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_of_the_pages_of_a_large_catalogue_is_requested() {
        assert_eq!(products(100).len(), 100);
        assert_eq!(products(LARGE).len(), PATHS_MAX);
        assert!(products(LARGE)[1].ends_with("-20"));
    }
}
