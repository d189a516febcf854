//! Repair of a product that the shop rejects for one of its parts: the part is changed or left out, and the rest kept.

use crate::{
    html,
    product::{PreparedProduct, made_up_sku, used_options},
    row::{Remark, rejected_row},
};
use contracts::{codes, product::ImportOutcome, shared::Sku};

/// Made-up SKUs that are tried in place of one that another product has.
const MADE_UP_SKUS_MAX: u32 = 8;

/// Changes a rejected product so that it can be sent again; `false` where it cannot be.
pub(super) fn repair(prepared: &mut PreparedProduct, outcome: &ImportOutcome) -> bool {
    let ImportOutcome::Rejected { field, message, code, subject } = outcome else { return false };
    if code.as_ref() == Some(&codes::SKU_TAKEN) {
        return subject.as_deref().is_some_and(|sku| rename_sku(prepared, sku));
    }
    if field == "description" {
        return shorten_description(prepared);
    }
    let remark = |part: &str| Remark { field: field.clone(), reason: format!("{message}; {part}") };
    let product = &mut prepared.product;
    if let Some(index) = index_in(field, "variants") {
        return leave_out_variant(prepared, index, remark("the variant was left out"));
    }
    let is_left_out =
        match (index_in(field, "media"), index_in(field, "categories"), index_in(field, "tags")) {
            (Some(index), ..) => leave_out(&mut product.media, index),
            (_, Some(index), _) => leave_out(&mut product.categories, index),
            (.., Some(index)) => leave_out(&mut product.tags, index),
            _ => false,
        };
    if is_left_out {
        add_remark(prepared, remark("left out"));
    }
    is_left_out
}

/// Gives the variant a made-up SKU in place of one that another product has: the same in each import.
fn rename_sku(prepared: &mut PreparedProduct, taken: &str) -> bool {
    let product = &mut prepared.product;
    let Some(at) =
        product.variants.iter().position(|it| it.sku.as_str().eq_ignore_ascii_case(taken))
    else {
        return false;
    };
    let old = product.variants[at].sku.clone();
    let row = prepared.rows.iter_mut().find(|row| row.sku == old.as_str());
    let slug = product.slug.clone().unwrap_or_default();
    let values = |number| {
        let chosen = &product.variants[at].options;
        let values = product.options.iter().filter_map(|option| chosen.get(&option.name));
        made_up_sku(taken, &slug, values.map(String::as_str), number)
    };
    let is_free = |sku: &Sku| product.variants.iter().all(|it| it.sku != *sku);
    let candidates = (1..=MADE_UP_SKUS_MAX).map(values).filter_map(|sku| Sku::parse(&sku).ok());
    let Some(sku) = candidates.into_iter().find(is_free) else { return false };
    for picture in &mut product.media {
        for shown in picture.skus.iter_mut().filter(|shown| **shown == old) {
            shown.clone_from(&sku);
        }
    }
    product.variants[at].sku.clone_from(&sku);
    let reason = format!("another product of the shop has {taken}; taken as {sku}");
    let remark = Remark { field: "sku".to_owned(), reason };
    match row {
        Some(row) => {
            row.sku = sku.to_string();
            row.remarks.push(remark);
        }
        None => add_remark(prepared, remark),
    }
    true
}

/// Shortens a description that became too long where the shop escaped it.
fn shorten_description(prepared: &mut PreparedProduct) -> bool {
    let bytes = prepared.product.description.len();
    let short = html::shorten(&prepared.product.description, bytes / 4 * 3);
    let is_shorter = short.len() < bytes && bytes > 64;
    if is_shorter {
        prepared.product.description = short;
        let (field, reason) = ("description".to_owned(), "is too long; shortened".to_owned());
        let remark = Remark { field, reason };
        if !prepared.rows.iter().any(|row| row.remarks.contains(&remark)) {
            add_remark(prepared, remark);
        }
    }
    is_shorter
}

/// Leaves a variant out, with its row; not the last one.
fn leave_out_variant(prepared: &mut PreparedProduct, index: usize, remark: Remark) -> bool {
    let product = &mut prepared.product;
    if product.variants.len() < 2 || index >= product.variants.len() {
        return false;
    }
    let sku = product.variants.remove(index).sku;
    product.media.retain(|picture| picture.skus != [sku.clone()]);
    for picture in &mut product.media {
        picture.skus.retain(|shown| *shown != sku);
    }
    let names: Vec<String> = product.options.iter().map(|option| option.name.clone()).collect();
    product.options = used_options(names.iter().map(String::as_str), &product.variants);
    match prepared.rows.iter().position(|row| row.sku == sku.as_str()) {
        // In a file with one product a line, the row is that of the whole.
        Some(at) if prepared.rows.len() > 1 => {
            let row = prepared.rows.remove(at);
            prepared.rejected.push(rejected_row(row.origin, row.sku, remark));
        }
        _ => add_remark(prepared, remark),
    }
    true
}

fn leave_out<T>(parts: &mut Vec<T>, index: usize) -> bool {
    let is_known = index < parts.len();
    if is_known {
        parts.remove(index);
    }
    is_known
}

fn add_remark(prepared: &mut PreparedProduct, remark: Remark) {
    if let Some(first) = prepared.rows.first_mut() {
        first.remarks.push(remark);
    }
}

/// Index in a field such as `variants[3].sku`.
fn index_in(field: &str, list: &str) -> Option<usize> {
    let rest = field.strip_prefix(list)?.strip_prefix('[')?;
    rest.split_once(']')?.0.parse().ok()
}
