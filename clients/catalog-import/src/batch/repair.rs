//! Repair of a product that the shop rejects for one of its parts: the part is changed or left out, and the rest kept.

use crate::{
    html,
    product::{PreparedProduct, made_up_sku, used_options},
    row::{Remark, RowOutcome, rejected_row},
};
use contracts::{
    codes,
    product::{ImportOutcome, RefusedPicture, RefusedVariant, RenamedSku},
    shared::Sku,
};

/// Made-up SKUs that are tried in place of one that another product has.
const MADE_UP_SKUS_MAX: u32 = 8;

/// Takes an outcome into account, and changes the product where that makes the shop take more of it; `true` where it is
/// to be sent again.
pub(super) fn repair(
    prepared: &mut PreparedProduct,
    outcome: &ImportOutcome,
    may_repair: bool,
) -> bool {
    let (taken, refused, pictures) = match outcome {
        ImportOutcome::Created { refused, refused_pictures } => {
            (RowOutcome::Created, refused, refused_pictures)
        }
        ImportOutcome::Unchanged { refused, refused_pictures } => {
            (RowOutcome::Unchanged, refused, refused_pictures)
        }
        ImportOutcome::Updated { withdrawn, renamed, refused, refused_pictures, .. } => {
            remark_on_changes(prepared, withdrawn, renamed);
            (RowOutcome::Updated, refused, refused_pictures)
        }
        ImportOutcome::Rejected { .. } => return may_repair && repair_rejected(prepared, outcome),
    };
    // Where a product is sent again, it was created or updated the first time.
    prepared.outcome = Some(prepared.outcome.map_or(taken, |before| before.min(taken)));
    leave_out_pictures(prepared, pictures);
    let is_taken = |it: &&RefusedVariant| it.code == codes::SKU_TAKEN.as_str();
    let mut is_renamed = false;
    for variant in refused.iter().filter(is_taken).filter(|_| may_repair) {
        is_renamed |= rename_sku(prepared, variant.sku.as_str());
    }
    if is_renamed {
        // The others are refused again, and what they were before stays.
        return true;
    }
    for variant in refused.iter().rev() {
        let field = format!("variants[{}].{}", variant.index, variant.field);
        let remark = Remark { field, reason: variant.message.clone() };
        leave_out_variant(prepared, variant.index, remark);
    }
    false
}

/// Remarks on variants that left the sale, and on those that have another SKU now.
fn remark_on_changes(prepared: &mut PreparedProduct, withdrawn: &[Sku], renamed: &[RenamedSku]) {
    for sku in withdrawn {
        let reason = format!("{sku} is not in the file any more; it left the sale");
        add_remark(prepared, Remark { field: "variants".to_owned(), reason });
    }
    for RenamedSku { from, to } in renamed {
        let remark = Remark { field: "sku".to_owned(), reason: format!("it was {from} before") };
        match prepared.rows.iter_mut().find(|row| row.sku == to.as_str()) {
            Some(row) => row.remarks.push(remark),
            None => add_remark(prepared, remark),
        }
    }
}

/// Changes a rejected product so that it can be sent again; `false` where it cannot be.
fn repair_rejected(prepared: &mut PreparedProduct, outcome: &ImportOutcome) -> bool {
    let ImportOutcome::Rejected { field, message, code, subject } = outcome else { return false };
    if code.as_ref() == Some(&codes::SKU_TAKEN) {
        return subject.as_deref().is_some_and(|sku| rename_sku(prepared, sku));
    }
    if field == "description" {
        return shorten_description(prepared);
    }
    let product = &mut prepared.product;
    let is_left_out = match (index_in(field, "categories"), index_in(field, "tags")) {
        (Some(index), _) => leave_out(&mut product.categories, index),
        (None, Some(index)) => leave_out(&mut product.tags, index),
        _ => false,
    };
    if is_left_out {
        let reason = format!("{message}; left out");
        add_remark(prepared, Remark { field: field.clone(), reason });
    }
    is_left_out
}

/// Leaves out the pictures that the shop did not take, with a remark on each.
fn leave_out_pictures(prepared: &mut PreparedProduct, refused: &[RefusedPicture]) {
    let mut refused: Vec<&RefusedPicture> = refused.iter().collect();
    refused.sort_by_key(|picture| picture.index);
    for RefusedPicture { index, field, message } in refused.into_iter().rev() {
        if leave_out(&mut prepared.product.media, *index) {
            let (field, reason) =
                (format!("media[{index}].{field}"), format!("{message}; left out"));
            add_remark(prepared, Remark { field, reason });
        }
    }
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

/// Leaves out a variant that the shop did not take, with its row.
fn leave_out_variant(prepared: &mut PreparedProduct, index: usize, remark: Remark) {
    let product = &mut prepared.product;
    if index >= product.variants.len() {
        return;
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
