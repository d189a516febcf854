//! JSON Lines reader: one product a line, as the shop's API accepts or returns it.

use crate::{
    product::{PreparedProduct, PreparedRow, SkuIndex},
    row::{Remark, RowOrigin, RowOutcome, RowReport},
    row_grouping::ImportItem,
    text::fingerprint,
    text_reader::TextReader,
};
use contracts::product::NewProduct;
use kernel::{Currency, json::Strict};
use serde_json::{Map, Value, json};
use std::{
    collections::HashMap,
    io::{self, BufRead, Read},
};

/// The most bytes of a line.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Fields of the API's responses that are read-only, and so ignored.
const READ_ONLY_PRODUCT_FIELDS: [&str; 4] = ["id", "version", "created_at", "published_at"];
const READ_ONLY_VARIANT_FIELDS: [&str; 3] = ["in_stock", "only_left", "reduction"];
/// Fields of a variant that a product with a single one may have at its top level instead of in `variants`.
const SINGLE_VARIANT_FIELDS: [&str; 6] =
    ["sku", "price", "compare_at_price", "stock", "weight_grams", "barcode"];

/// Reader of the lines of a file.
pub(crate) struct JsonLines<'a> {
    text: TextReader<'a>,
    line: u64,
    /// The first line of each slug, by its fingerprint.
    slugs: HashMap<u64, u64>,
}

impl<'a> JsonLines<'a> {
    pub(crate) fn new(text: TextReader<'a>) -> Self {
        Self { text, line: 0, slugs: HashMap::new() }
    }

    /// The next product or rejected line; `None` at the end. Blank lines are skipped.
    pub(crate) fn next(
        &mut self,
        file: usize,
        currency: Currency,
        skus: &mut SkuIndex,
    ) -> io::Result<Option<ImportItem>> {
        loop {
            let mut line = Vec::new();
            let read = (&mut self.text).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            let origin = |handle: String| RowOrigin { file, line: self.line, handle };
            if read as u64 == LINE_BYTES_MAX && !line.ends_with(b"\n") {
                skip_line(&mut self.text)?;
                let reason = format!("is longer than {LINE_BYTES_MAX} bytes");
                return Ok(Some(rejected(origin(String::new()), "line", reason)));
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let product = match read_product(&line, currency) {
                Ok(product) => product,
                Err((field, reason)) => {
                    return Ok(Some(rejected(origin(String::new()), field, reason)));
                }
            };
            let origin = origin(product.slug.clone().unwrap_or_else(|| product.name.clone()));
            return Ok(Some(self.check_duplicates(origin, product, skus)));
        }
    }

    /// Rejects a slug or SKU that an earlier line has: batches are sent concurrently, so either line could win.
    fn check_duplicates(
        &mut self,
        origin: RowOrigin,
        product: NewProduct,
        skus: &mut SkuIndex,
    ) -> ImportItem {
        let slug = fingerprint(&origin.handle.to_lowercase());
        if let Some(line) = self.slugs.get(&slug) {
            return rejected(origin, "slug", format!("the product is on line {line} already"));
        }
        let duplicate =
            product.variants.iter().find_map(|it| Some((&it.sku, skus.first(&it.sku)?.1)));
        if let Some((sku, line)) = duplicate {
            return rejected(origin, "sku", format!("{sku} is on line {line} already"));
        }
        self.slugs.insert(slug, self.line);
        for variant in &product.variants {
            skus.insert(&variant.sku, origin.file, self.line);
        }
        let sku = product.variants.first().map_or_else(String::new, |it| it.sku.to_string());
        let rows = vec![PreparedRow { origin, sku, remarks: Vec::new() }];
        ImportItem::Product(Box::new(PreparedProduct { product, rows }))
    }
}

/// Skips the rest of a line.
fn skip_line(text: &mut TextReader<'_>) -> io::Result<()> {
    loop {
        let ready = text.fill_buf()?;
        let end = ready.iter().position(|byte| *byte == b'\n');
        let count = end.map_or(ready.len(), |end| end + 1);
        let is_over = end.is_some() || ready.is_empty();
        text.consume(count);
        if is_over {
            return Ok(());
        }
    }
}

fn rejected(origin: RowOrigin, field: impl Into<String>, reason: String) -> ImportItem {
    let remarks = vec![Remark { field: field.into(), reason }];
    ImportItem::Rejected(RowReport {
        origin,
        sku: String::new(),
        outcome: RowOutcome::Rejected,
        remarks,
    })
}

fn read_product(line: &[u8], currency: Currency) -> Result<NewProduct, (String, String)> {
    let value: Value = serde_json::from_slice(line)
        .map_err(|error| ("line".to_owned(), format!("is not JSON: {error}")))?;
    let Value::Object(mut product) = value else {
        return Err(("line".to_owned(), "is not a JSON object".to_owned()));
    };
    for name in READ_ONLY_PRODUCT_FIELDS {
        product.remove(name);
    }
    if !product.contains_key("variants") {
        let own = SINGLE_VARIANT_FIELDS
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), product.remove(*name)?)));
        let variant: Map<String, Value> = own.collect();
        if !variant.is_empty() {
            product.insert("variants".to_owned(), json!([variant]));
        }
    }
    for variant in product.get_mut("variants").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(variant) = variant.as_object_mut() {
            normalise_variant(variant, currency);
        }
    }
    serde_path_to_error::deserialize(Strict(Value::Object(product)))
        .map_err(|error| (error.path().to_string(), error.inner().to_string()))
}

/// Removes read-only fields, and adds the currency of the import to prices that are bare minor units.
fn normalise_variant(variant: &mut Map<String, Value>, currency: Currency) {
    for name in READ_ONLY_VARIANT_FIELDS {
        variant.remove(name);
    }
    for name in ["price", "compare_at_price"] {
        if let Some(price) = variant.get_mut(name).filter(|price| price.is_i64()) {
            *price = json!({"amount": price, "currency": currency.code()});
        }
    }
}
