//! Reads products from JSON Lines: one product a line, as the shop's own API takes it or gives it.

use crate::{
    gathering::Found,
    product::{Prepared, PreparedRow, SkusSeen},
    reading::Text,
    row::{Place, Remark, RowOutcome, RowReport},
    words::fingerprint,
};
use contracts::product::NewProduct;
use kernel::Currency;
use serde_json::{Map, Value, json};
use std::{
    collections::HashMap,
    io::{self, BufRead, Read},
};

/// The most bytes of a line.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// What the API tells of a product and nobody can set.
const TOLD_OF_PRODUCTS: [&str; 4] = ["id", "version", "created_at", "published_at"];
const TOLD_OF_VARIANTS: [&str; 3] = ["in_stock", "only_left", "reduction"];
/// What a product with one variant may say beside its name instead of in `variants`.
const OF_ONE_VARIANT: [&str; 6] =
    ["sku", "price", "compare_at_price", "stock", "weight_grams", "barcode"];

/// The lines of a file.
pub(crate) struct JsonLines<'a> {
    text: Text<'a>,
    line: u64,
    /// The line that had each address first.
    slugs: HashMap<u64, u64>,
}

impl<'a> JsonLines<'a> {
    pub(crate) fn of(text: Text<'a>) -> Self {
        Self { text, line: 0, slugs: HashMap::new() }
    }

    /// The next product or refused line; nothing at the end. Blank lines are passed over.
    pub(crate) fn next(
        &mut self,
        file: usize,
        currency: Currency,
        skus: &mut SkusSeen,
    ) -> io::Result<Option<Found>> {
        loop {
            let mut line = Vec::new();
            let read = (&mut self.text).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            let place = |handle: String| Place { file, line: self.line, handle };
            if read as u64 == LINE_BYTES_MAX && !line.ends_with(b"\n") {
                skip_line(&mut self.text)?;
                let reason = format!("is longer than {LINE_BYTES_MAX} bytes");
                return Ok(Some(refused(place(String::new()), "line", reason)));
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let product = match read_product(&line, currency) {
                Ok(product) => product,
                Err((field, reason)) => {
                    return Ok(Some(refused(place(String::new()), field, reason)));
                }
            };
            let place = place(product.slug.clone().unwrap_or_else(|| product.name.clone()));
            return Ok(Some(self.checked(place, product, skus)));
        }
    }

    /// Refuses what another line says already: batches are sent side by side, and either line could win.
    fn checked(&mut self, place: Place, product: NewProduct, skus: &mut SkusSeen) -> Found {
        let key = |text: &str| fingerprint(&text.to_lowercase());
        let address = key(&place.handle);
        if let Some(line) = self.slugs.get(&address) {
            return refused(place, "slug", format!("the product is on line {line} already"));
        }
        let seen = |sku: &str| skus.get(&key(sku)).copied();
        let double =
            product.variants.iter().find_map(|it| Some((it.sku.clone(), seen(&it.sku)?.1)));
        if let Some((sku, line)) = double {
            return refused(place, "sku", format!("{sku} is on line {line} already"));
        }
        self.slugs.insert(address, self.line);
        for variant in &product.variants {
            skus.insert(key(&variant.sku), (place.file, self.line));
        }
        let sku = product.variants.first().map_or_else(String::new, |variant| variant.sku.clone());
        let rows = vec![PreparedRow { place, sku, remarks: Vec::new() }];
        Found::Product(Box::new(Prepared { product, rows }))
    }
}

/// Passes over the rest of a line.
fn skip_line(text: &mut Text<'_>) -> io::Result<()> {
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

fn refused(place: Place, field: impl Into<String>, reason: String) -> Found {
    let remarks = vec![Remark { field: field.into(), reason }];
    Found::Rejected(RowReport { place, sku: String::new(), outcome: RowOutcome::Rejected, remarks })
}

fn read_product(line: &[u8], currency: Currency) -> Result<NewProduct, (String, String)> {
    let value: Value = serde_json::from_slice(line)
        .map_err(|error| ("line".to_owned(), format!("is not JSON: {error}")))?;
    let Value::Object(mut product) = value else {
        return Err(("line".to_owned(), "is not a JSON object".to_owned()));
    };
    for name in TOLD_OF_PRODUCTS {
        product.remove(name);
    }
    if !product.contains_key("variants") {
        let own = OF_ONE_VARIANT
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), product.remove(*name)?)));
        let variant: Map<String, Value> = own.collect();
        if !variant.is_empty() {
            product.insert("variants".to_owned(), json!([variant]));
        }
    }
    for variant in product.get_mut("variants").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(variant) = variant.as_object_mut() {
            complete(variant, currency);
        }
    }
    serde_path_to_error::deserialize(Value::Object(product))
        .map_err(|error| (error.path().to_string(), error.inner().to_string()))
}

/// Takes out what cannot be set, and gives prices that are bare minor units the currency of the import.
fn complete(variant: &mut Map<String, Value>, currency: Currency) {
    for name in TOLD_OF_VARIANTS {
        variant.remove(name);
    }
    for name in ["price", "compare_at_price"] {
        if let Some(price) = variant.get_mut(name).filter(|price| price.is_i64()) {
            *price = json!({"amount": price, "currency": currency.code()});
        }
    }
}
