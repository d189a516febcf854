//! Browsing: lists with facets, product pages, searches.

use super::{catalogue, compared, row, turn};
use crate::{
    Setup,
    connection::Connection,
    load::{Round, Timed, load},
    process::{Data, Server},
    report::Row,
};
use tempfile::TempDir;
use tokio::time::Instant;

/// Products of a small shop, and of a large one.
const SMALL: usize = 100;
const LARGE: usize = 100_000;
/// Paths that are asked for in turn: more than the shop keeps answers of.
const PATHS_MAX: usize = 5_000;

type Paths = fn(usize) -> Vec<String>;

/// Lists of 20 with facets: few that are asked for again and again, and many.
pub(super) async fn list(setup: Setup) -> Result<Vec<Row>, String> {
    let few = small("list of 20", &setup, lists).await?;
    Ok(vec![few, small("list of 20, each another", &setup, other_lists).await?])
}

/// A product by its slug.
pub(super) async fn product(setup: Setup) -> Result<Row, String> {
    small("product", &setup, products).await
}

/// Words looked for: few that are asked for again and again, and many.
pub(super) async fn search(setup: Setup) -> Result<Vec<Row>, String> {
    let few = small("search", &setup, searches).await?;
    Ok(vec![few, small("search, each another", &setup, other_searches).await?])
}

/// All of them in a large catalogue.
pub(super) async fn large(setup: Setup) -> Result<Vec<Row>, String> {
    let shop = filled(&setup, LARGE)?;
    let small = Server::shop(&setup.binary)?;
    catalogue::stock(&small, SMALL).await?;
    let all: [(&str, Paths); 5] = [
        ("list of 20", lists),
        ("product", products),
        ("search", searches),
        ("list of 20, each another", other_lists),
        ("search, each another", other_searches),
    ];
    let mut rows = Vec::new();
    for (name, paths) in all {
        let few = load(&setup, &small, Asked(paths(SMALL))).await?;
        let many = load(&setup, &shop, Asked(paths(LARGE))).await?;
        let bare = load(&setup, &Server::constant()?, Asked(paths(LARGE))).await?;
        let over = |at| {
            many.latency.all.quantile_us(at)
                / few.latency.all.quantile_us(at).max(f64::MIN_POSITIVE)
        };
        rows.push(
            row(&format!("{name}, 100,000 products"), "request", &setup)
                .shop(&many)
                .beside(&bare)
                .with("p50 over that at 100 products", over(0.5), "×")
                .with("p99 over that at 100 products", over(0.99), "×"),
        );
    }
    Ok(rows)
}

async fn small(name: &str, setup: &Setup, paths: Paths) -> Result<Row, String> {
    let shop = Server::shop(&setup.binary)?;
    catalogue::stock(&shop, SMALL).await?;
    let row = row(&format!("{name}, 100 products"), "request", setup);
    compared(row, setup, shop, || Asked(paths(SMALL))).await
}

/// A shop of so many products, brought in before it serves.
fn filled(setup: &Setup, products: usize) -> Result<Server, String> {
    let folder = TempDir::new_in(".").map_err(|error| error.to_string())?;
    let file = folder.path().join("products.jsonl");
    catalogue::write(&file, products)?;
    let data = Data::new(&setup.binary)?;
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

/// One word that many have, two words, a word and a filter, a word that few have, a word with a mistake.
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

/// Lists that the shop has not just given: the least price is another each time.
pub(super) fn other_lists(_: usize) -> Vec<String> {
    let path = |cents| format!("/api/v1/products?limit=20&price_min={cents}");
    (0..PATHS_MAX).map(path).collect()
}

/// Searches that the shop has not just answered: a common word, and the least price is another each time.
pub(super) fn other_searches(count: usize) -> Vec<String> {
    other_lists(count).into_iter().map(|path| path + "&q=linen").collect()
}

/// Asks for these, one after the other.
pub(super) struct Asked(pub(super) Vec<String>);

impl Round for Asked {
    async fn run(
        &self,
        connection: &mut Connection,
        client: usize,
        number: u64,
    ) -> Result<Timed, String> {
        let path = &self.0[turn(client, number, self.0.len())];
        let begun = Instant::now();
        connection.ask("GET", path, None, "").await?.expect(200)?;
        Ok(Timed { kind: "read", took: begun.elapsed() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_large_catalogue_some_pages_are_asked_for() {
        assert_eq!(products(100).len(), 100);
        assert_eq!(products(LARGE).len(), PATHS_MAX);
        assert!(products(LARGE)[1].ends_with("-20"));
    }
}
