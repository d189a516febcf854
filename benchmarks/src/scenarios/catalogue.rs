//! What the shop sells while it is measured.

use crate::{connection::Connection, process::Server};
use std::{fmt::Write as _, io::Write, path::Path};

/// Articles that buyers choose from where they do not all want the same.
pub(super) const ARTICLES: usize = 100;
/// More units than anybody can buy while it is measured.
const PLENTY: i64 = 100_000_000;

/// Makes articles and fills the shelves.
pub(super) async fn stock(shop: &Server, articles: usize) -> Result<(), String> {
    let mut operator = Connection::to(&shop.operator).await?;
    for article in 0..articles {
        let path = "/api/v1/products";
        operator.ask("POST", path, None, &product(article, PLENTY)).await?.expect(201)?;
    }
    Ok(())
}

/// Makes an article with so many units, and nothing else.
pub(super) async fn article(shop: &Server, article: usize, units: i64) -> Result<(), String> {
    let mut operator = Connection::to(&shop.operator).await?;
    operator.ask("POST", "/api/v1/products", None, &product(article, units)).await?.expect(201)
}

/// Makes one product of so many variants, whose SKUs are those of as many articles.
pub(super) async fn variants(shop: &Server, count: usize) -> Result<(), String> {
    let (mut values, mut variants) = (Vec::new(), Vec::new());
    for variant in 0..count {
        values.push(format!(r#""Shade {variant}""#));
        variants.push(format!(
            r#"{{"sku":"BENCH-{variant}","options":{{"Shade":"Shade {variant}"}},"price":{{"amount":{},"currency":"EUR"}},"stock":{PLENTY}}}"#,
            1_000 + variant % 900,
        ));
    }
    let product = format!(
        r#"{{"name":"Benchmark yarn","slug":"benchmark-yarn","brand":"Halden","categories":["Yarn"],"status":"active","options":[{{"name":"Shade","values":[{}]}}],"variants":[{}]}}"#,
        values.join(","),
        variants.join(","),
    );
    let mut operator = Connection::to(&shop.operator).await?;
    operator.ask("POST", "/api/v1/products", None, &product).await?.expect(201)
}

/// Writes a catalogue of so many products to a file, one a line.
pub(super) fn write(file: &Path, products: usize) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).map_err(failed)?);
    for article in 0..products {
        writeln!(out, "{}", product(article, PLENTY)).map_err(failed)?;
    }
    out.flush().map_err(failed)
}

/// The address of an article's page.
pub(super) fn page(article: usize) -> String {
    format!("/api/v1/products/benchmark-article-{article}")
}

/// Lines of an order or a cart: so many articles from this one on, each once.
pub(super) fn lines(first: usize, count: usize, of: usize) -> String {
    let mut lines = String::from("[");
    for line in 0..count {
        let comma = if line == 0 { "" } else { "," };
        let sku = (first + line) % of;
        // Writing to a text cannot fail.
        let _ = write!(lines, r#"{comma}{{"sku":"BENCH-{sku}","quantity":1}}"#);
    }
    lines + "]"
}

/// An article: one of seven brands, five shelves and nine materials.
fn product(article: usize, units: i64) -> String {
    const MATERIALS: [&str; 9] =
        ["oak", "linen", "steel", "clay", "cork", "glass", "wool", "brass", "slate"];
    let material = MATERIALS[article % MATERIALS.len()];
    format!(
        r#"{{"name":"Benchmark article {article}","slug":"benchmark-article-{article}","description":"Made of {material}, for every day.","brand":"Brand {}","categories":["Kitchen","Shelf {}"],"tags":["{material}"],"status":"active","variants":[{{"sku":"BENCH-{article}","price":{{"amount":{},"currency":"EUR"}},"stock":{units}}}]}}"#,
        article % 7,
        article % 5,
        1_000 + article * 911 % 90_000,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn lines_are_json_and_begin_again_after_the_last_article() {
        let lines: Value = serde_json::from_str(&lines(98, 3, 100)).unwrap();
        let skus: Vec<_> = lines.as_array().unwrap().iter().map(|line| &line["sku"]).collect();
        assert_eq!(skus, ["BENCH-98", "BENCH-99", "BENCH-0"]);
    }

    #[test]
    fn a_catalogue_is_one_product_a_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        write(file.path(), 12).unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let slugs: std::collections::HashSet<_> = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["slug"].to_string())
            .collect();
        assert_eq!(slugs.len(), 12);
    }
}
