//! Products for the scenarios.

use crate::{http_connection::HttpConnection, process::Server};
use std::{fmt::Write as _, io::Write, path::Path};

/// Number of products in a uniform distribution.
pub(super) const PRODUCTS: usize = 100;
/// More units than a run can sell.
const PLENTY: i64 = 100_000_000;

/// Creates products with plenty of stock.
pub(super) async fn stock(shop: &Server, products: usize) -> Result<(), String> {
    let mut operator = HttpConnection::connect(&shop.operator).await?;
    for product in 0..products {
        let path = "/api/v1/products";
        operator
            .request("POST", path, None, &product_json(product, PLENTY))
            .await?
            .expect_status(201)?;
    }
    Ok(())
}

/// Creates a product with this many units.
pub(super) async fn create_product(
    shop: &Server,
    product: usize,
    units: i64,
) -> Result<(), String> {
    let mut operator = HttpConnection::connect(&shop.operator).await?;
    operator
        .request("POST", "/api/v1/products", None, &product_json(product, units))
        .await?
        .expect_status(201)
}

/// Creates one product with many variants, whose SKUs are those of as many products.
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
    let mut operator = HttpConnection::connect(&shop.operator).await?;
    operator.request("POST", "/api/v1/products", None, &product).await?.expect_status(201)
}

/// Writes a catalogue as JSON Lines.
pub(super) fn write(file: &Path, products: usize) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", file.display());
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).map_err(failed)?);
    for product in 0..products {
        writeln!(out, "{}", product_json(product, PLENTY)).map_err(failed)?;
    }
    out.flush().map_err(failed)
}

/// Path of a product.
pub(super) fn page(product: usize) -> String {
    format!("/api/v1/products/benchmark-article-{product}")
}

/// Lines of an order or a cart as JSON: `count` different products from `first` on.
pub(super) fn lines(first: usize, count: usize, of: usize) -> String {
    let mut lines = String::from("[");
    for line in 0..count {
        let comma = if line == 0 { "" } else { "," };
        let sku = (first + line) % of;
        // Writing to a string cannot fail.
        let _ = write!(lines, r#"{comma}{{"sku":"BENCH-{sku}","quantity":1}}"#);
    }
    lines + "]"
}

/// Product as JSON: one of seven brands, five categories and nine materials.
fn product_json(product: usize, units: i64) -> String {
    const MATERIALS: [&str; 9] =
        ["oak", "linen", "steel", "clay", "cork", "glass", "wool", "brass", "slate"];
    let material = MATERIALS[product % MATERIALS.len()];
    format!(
        r#"{{"name":"Benchmark article {product}","slug":"benchmark-article-{product}","description":"Made of {material}, for every day.","brand":"Brand {}","categories":["Kitchen","Shelf {}"],"tags":["{material}"],"status":"active","variants":[{{"sku":"BENCH-{product}","price":{{"amount":{},"currency":"EUR"}},"stock":{units}}}]}}"#,
        product % 7,
        product % 5,
        1_000 + product * 911 % 90_000,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn lines_are_json_and_wrap_after_the_last_product() {
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
