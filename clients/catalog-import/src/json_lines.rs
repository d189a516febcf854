//! JSON Lines reader: one product a line, as the shop's API accepts or returns it.

use crate::{
    mapping::Fact,
    product::{PreparedProduct, PreparedRow, ProductBuilder, fit, used_options},
    row::{Remark, RowOrigin, rejected_row},
    row_grouping::ImportItem,
    text::{fingerprint, slug},
    text_reader::TextReader,
};
use contracts::{product::NewProduct, shared::Sku};
use kernel::{
    Currency,
    json::{Strict, in_words_of_json},
};
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
const SINGLE_VARIANT_FIELDS: [&str; 7] =
    ["sku", "price", "compare_at_price", "stock", "untracked", "weight_grams", "barcode"];

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
        builder: &mut ProductBuilder,
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
            let mut remarks = Vec::new();
            let product = match read_product(&line, builder.settings.currency, &mut remarks) {
                Ok(product) => product,
                Err(remark) => {
                    let row = rejected_row(origin(String::new()), String::new(), remark);
                    return Ok(Some(ImportItem::Row(row)));
                }
            };
            let origin = origin(product.slug.clone().unwrap_or_else(|| product.name.clone()));
            return Ok(Some(self.prepare(origin, product, builder, remarks)));
        }
    }

    /// Rejects a product that an earlier line has: batches are sent concurrently, so either line could win.
    fn prepare(
        &mut self,
        origin: RowOrigin,
        mut product: NewProduct,
        builder: &mut ProductBuilder,
        mut remarks: Vec<Remark>,
    ) -> ImportItem {
        let has_refused_variants = remarks.iter().any(|it| it.field.starts_with("variants["));
        let key = fingerprint(&origin.handle.to_lowercase());
        if let Some(line) = self.slugs.get(&key) {
            return rejected(origin, "slug", format!("the product is on line {line} already"));
        }
        let slug = product.slug.clone().unwrap_or_else(|| slug(&product.name));
        for (index, variant) in product.variants.iter_mut().enumerate() {
            let values = variant.options.values().map(String::as_str);
            let place = (origin.file, self.line);
            let field = || format!("variants[{index}].sku");
            match builder.skus.claim(variant.sku.as_str(), &slug, &values, place) {
                Ok(claimed) => {
                    remarks.extend(claimed.reason.map(|reason| Remark { field: field(), reason }));
                    for picture in &mut product.media {
                        rename(&mut picture.skus, &variant.sku, &claimed.sku);
                    }
                    variant.sku = claimed.sku;
                }
                Err(reason) => return rejected(origin, field(), reason),
            }
        }
        self.slugs.insert(key, self.line);
        fit(&mut product, &|fact: Fact| fact.api_field().to_owned(), &mut remarks);
        let sku = product.variants.first().map_or_else(String::new, |it| it.sku.to_string());
        let rows = vec![PreparedRow { origin, sku, remarks }];
        ImportItem::Product(Box::new(PreparedProduct {
            product,
            rows,
            rejected: Vec::new(),
            has_refused_variants,
            outcome: None,
        }))
    }
}

/// Renames a SKU in a list.
fn rename(skus: &mut [Sku], old: &Sku, new: &Sku) {
    for sku in skus.iter_mut().filter(|sku| *sku == old) {
        sku.clone_from(new);
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
    let remark = Remark { field: field.into(), reason };
    ImportItem::Row(rejected_row(origin, String::new(), remark))
}

/// Product of a line. A variant or picture that is invalid is left out with a remark, unless it is the only variant.
fn read_product(
    line: &[u8],
    currency: Currency,
    remarks: &mut Vec<Remark>,
) -> Result<NewProduct, Remark> {
    let invalid = |reason: String| Remark { field: "line".to_owned(), reason };
    let value: Value =
        serde_json::from_slice(line).map_err(|error| invalid(format!("is not JSON: {error}")))?;
    let Value::Object(mut product) = value else {
        return Err(invalid("is not a JSON object".to_owned()));
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
    parse_product(product, remarks)
}

fn parse_product(
    mut product: Map<String, Value>,
    remarks: &mut Vec<Remark>,
) -> Result<NewProduct, Remark> {
    loop {
        let parsed: Result<NewProduct, _> =
            serde_path_to_error::deserialize(Strict(Value::Object(product.clone())));
        let error = match parsed {
            Ok(mut parsed) => {
                if !remarks.is_empty() {
                    let names: Vec<String> =
                        parsed.options.iter().map(|it| it.name.clone()).collect();
                    parsed.options =
                        used_options(names.iter().map(String::as_str), &parsed.variants);
                    let known: Vec<Sku> = parsed.variants.iter().map(|it| it.sku.clone()).collect();
                    let is_shown = |sku: &Sku| known.contains(sku);
                    parsed.media.retain(|it| it.skus.is_empty() || it.skus.iter().any(is_shown));
                    for picture in &mut parsed.media {
                        picture.skus.retain(is_shown);
                    }
                }
                return Ok(parsed);
            }
            Err(error) => error,
        };
        let (field, reason) =
            (error.path().to_string(), in_words_of_json(&error.inner().to_string()));
        if !remove_part(&mut product, &field) {
            return Err(Remark { field, reason });
        }
        remarks.push(Remark { field, reason: format!("{reason}; left out") });
    }
}

/// Removes the variant or picture that a field belongs to; not the last variant.
fn remove_part(product: &mut Map<String, Value>, field: &str) -> bool {
    for (list, kept_min) in [("variants", 1), ("media", 0)] {
        let index = field
            .strip_prefix(list)
            .and_then(|rest| rest.strip_prefix('['))
            .and_then(|rest| rest.split_once(']'))
            .and_then(|(index, _)| index.parse::<usize>().ok());
        let parts = product.get_mut(list).and_then(Value::as_array_mut);
        if let (Some(index), Some(parts)) = (index, parts)
            && parts.len() > kept_min
            && index < parts.len()
        {
            parts.remove(index);
            return true;
        }
    }
    false
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
