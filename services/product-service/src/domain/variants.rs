//! Set of a product's variants: variants that are added, changed, withdrawn, restored and renamed, and the options that
//! tell them apart.

use super::draft::{MissingVariants, OptionRename, RefusedDraft, VariantChanges, VariantDraft};
use super::events::{ProductEvent, ProductOption, VariantFacts};
use super::product::{OfferBreak, Product, Status, Variant};
use super::update::{Change, price_change};
use super::{Decision, Rejection, create, limits, validation};
use identifiers::Sku;
use kernel::Timestamp;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Decision to add a variant; one that was withdrawn comes back.
pub(super) fn add(product: &Product, draft: &VariantDraft, now: Timestamp) -> Decision {
    let drafts = std::slice::from_ref(draft);
    validation::variants(drafts, now)?;
    let mut change = Change::of(product);
    change_all(&mut change, product, drafts, &MissingVariants::Kept, now);
    if product.variant(&draft.sku).is_some() && !change.events.is_empty() {
        return Err(Rejection::SkuInUse { sku: draft.sku.clone() });
    }
    finish(change, product, drafts)
}

/// Decision to change one variant.
pub(super) fn change(
    product: &Product,
    sku: &Sku,
    changes: &VariantChanges,
    now: Timestamp,
) -> Decision {
    let Some(variant) = product.variant(sku) else {
        return Err(Rejection::UnknownVariant { sku: sku.clone() });
    };
    let facts = &variant.facts;
    let draft = VariantDraft {
        sku: changes.sku.clone().unwrap_or_else(|| variant.sku.clone()),
        price: changes.price.or(variant.price()).ok_or(Rejection::UnknownProduct)?,
        earlier: Vec::new(),
        stock: changes.stock,
        facts: VariantFacts {
            options: changes.options.clone().unwrap_or_else(|| facts.options.clone()),
            compare_at_price: changes.compare_at_price.of(facts.compare_at_price.as_ref()),
            weight_grams: changes.weight_grams.unwrap_or(facts.weight_grams),
            barcode: changes.barcode.of(facts.barcode.as_ref()),
        },
    };
    let drafts = std::slice::from_ref(&draft);
    validation::variants(drafts, now)?;
    let mut change = Change::of(product);
    if draft.sku.as_str() != variant.sku.as_str() {
        if draft.sku != variant.sku && product.variant(&draft.sku).is_some() {
            return Err(Rejection::SkuInUse { sku: draft.sku });
        }
        let (from, to) = (variant.sku.clone(), draft.sku.clone());
        // Another spelling of the same SKU has the same stock.
        let stock = if from == to { variant.declared_stock } else { changes.stock };
        change.push(ProductEvent::VariantRenamed { from, to, stock });
    }
    let renamed = change.product.clone();
    change_all(&mut change, &renamed, drafts, &MissingVariants::Kept, now);
    finish(change, product, drafts)
}

/// Decision to take one variant off sale.
pub(super) fn withdraw_one(product: &Product, sku: &Sku, now: Timestamp) -> Decision {
    if product.variant(sku).is_none() {
        let unknown = || Err(Rejection::UnknownVariant { sku: sku.clone() });
        let is_withdrawn = product.withdrawn.iter().any(|it| it.sku == *sku);
        return if is_withdrawn { Ok(vec![]) } else { unknown() };
    }
    let mut change = Change::of(product);
    withdraw(&mut change, std::slice::from_ref(sku), now)?;
    finish(change, product, &[])
}

/// Events of a change to variants alone, whose options follow the variants.
fn finish(mut change: Change, product: &Product, given: &[VariantDraft]) -> Decision {
    if !change.events.is_empty() {
        fit_options(&mut change, product);
        if product.status() == Status::Archived {
            return Err(Rejection::Archived);
        }
        validation::consistency(&change.product, given)?;
    }
    Ok(change.events)
}

/// Withdrawal of variants; at least one stays.
pub(super) fn withdraw(change: &mut Change, skus: &[Sku], now: Timestamp) -> Result<(), Rejection> {
    for skus in skus.chunks(limits::VARIANTS_PER_EVENT) {
        change.push(ProductEvent::VariantsWithdrawn { at: now, skus: skus.to_vec() });
    }
    match skus.last() {
        Some(sku) if change.product.variants.is_empty() => {
            Err(Rejection::LastVariant { sku: sku.clone() })
        }
        _ => Ok(()),
    }
}

/// Renames of options and of their values, in the order given.
pub(super) fn rename_options(
    change: &mut Change,
    renames: &[OptionRename],
) -> Result<(), Rejection> {
    validation::renames(renames)?;
    for (index, rename) in renames.iter().enumerate() {
        let field = |part: &str| format!("renames[{index}].{part}");
        let unlisted = |part: &str, value: &str, of| {
            Err(Rejection::Unlisted { field: field(part), value: value.to_owned(), of })
        };
        let options = &change.product.options;
        let Some(option) = options.iter().find(|it| it.name == rename.option) else {
            return unlisted("option", &rename.option, "options");
        };
        let name = rename.option.clone();
        let to = rename.to.clone();
        let duplicate = match &rename.value {
            None => to != name && options.iter().any(|it| it.name == to),
            Some(value) if !option.values.contains(value) => {
                return unlisted("value", value, "option values");
            }
            Some(value) => to != *value && option.values.contains(&to),
        };
        if duplicate {
            return Err(Rejection::Duplicate { field: field("to"), value: to });
        }
        match rename.value.clone() {
            None if to == name => {}
            None => change.push(ProductEvent::OptionRenamed { option: name, to }),
            Some(value) if to == value => {}
            Some(value) => {
                change.push(ProductEvent::OptionValueRenamed { option: name, value, to });
            }
        }
    }
    validation::options(&change.product.options)
}

/// Assignment of drafts to the variants that a product has.
#[derive(Default)]
struct Assignment<'a> {
    changed: Vec<&'a VariantDraft>,
    returning: Vec<&'a VariantDraft>,
    /// Drafts with the option values of a variant that is missing: its SKU was corrected.
    renamed: Vec<(Sku, &'a VariantDraft)>,
    new: Vec<&'a VariantDraft>,
    leaving: Vec<Sku>,
}

impl<'a> Assignment<'a> {
    fn new(before: &Product, drafts: &'a [VariantDraft], missing: &MissingVariants) -> Self {
        let given: HashSet<&Sku> = drafts.iter().map(|draft| &draft.sku).collect();
        let on_sale: HashSet<&Sku> = before.variants.iter().map(|it| &it.sku).collect();
        let withdrawn: HashSet<&Sku> = before.withdrawn.iter().map(|it| &it.sku).collect();
        let mut leaving: Vec<&Arc<Variant>> = match missing {
            MissingVariants::Kept => Vec::new(),
            MissingVariants::Withdrawn { except } => {
                let is_refused = |it: &Variant| {
                    let is_same = |refused: &RefusedDraft| {
                        refused.sku == it.sku || refused.options == it.facts.options
                    };
                    except.iter().any(is_same)
                };
                let leaves = |it: &&Arc<Variant>| !given.contains(&it.sku) && !is_refused(it);
                before.variants.iter().filter(leaves).collect()
            }
        };
        let by_options: HashMap<_, _> =
            leaving.iter().map(|it| (&it.facts.options, &it.sku)).collect();
        let mut assignment = Self::default();
        for draft in drafts {
            if on_sale.contains(&draft.sku) {
                assignment.changed.push(draft);
            } else if withdrawn.contains(&draft.sku) {
                assignment.returning.push(draft);
            } else if let Some(from) = by_options.get(&draft.facts.options) {
                assignment.renamed.push((Sku::clone(from), draft));
            } else {
                assignment.new.push(draft);
            }
        }
        let renamed: HashSet<&Sku> = assignment.renamed.iter().map(|(from, _)| from).collect();
        leaving.retain(|it| !renamed.contains(&it.sku));
        assignment.leaving = leaving.iter().map(|it| it.sku.clone()).collect();
        assignment
    }
}

/// Changes that make the variants equal to the drafts. SKUs are recognised by the product `before` the change.
pub(super) fn change_all(
    change: &mut Change,
    before: &Product,
    drafts: &[VariantDraft],
    missing: &MissingVariants,
    now: Timestamp,
) {
    let assignment = Assignment::new(before, drafts, missing);
    for skus in assignment.leaving.chunks(limits::VARIANTS_PER_EVENT) {
        change.push(ProductEvent::VariantsWithdrawn { at: now, skus: skus.to_vec() });
    }
    for (from, draft) in &assignment.renamed {
        let (from, to, stock) = (from.clone(), draft.sku.clone(), draft.stock);
        change.push(ProductEvent::VariantRenamed { from, to, stock });
    }
    for drafts in assignment.returning.chunks(limits::VARIANTS_PER_EVENT) {
        let skus = drafts.iter().map(|draft| draft.sku.clone()).collect();
        change.push(ProductEvent::VariantsRestored { at: now, skus });
    }
    let existing: HashMap<Sku, Arc<Variant>> =
        change.product.variants.iter().map(|it| (it.sku.clone(), Arc::clone(it))).collect();
    let renamed = assignment.renamed.iter().map(|(_, draft)| *draft);
    for draft in assignment.changed.iter().chain(&assignment.returning).copied().chain(renamed) {
        let Some(variant) = existing.get(&draft.sku) else { continue };
        let sku = variant.sku.clone();
        if variant.facts != draft.facts {
            let (sku, facts) = (sku.clone(), draft.facts.clone());
            change.push(ProductEvent::VariantChanged { sku, facts });
        }
        if let Some(event) = price_change(variant, draft.price, now) {
            change.push(event);
        }
        if let Some(units) = draft.stock.filter(|units| variant.declared_stock != Some(*units)) {
            change.push(ProductEvent::StockDeclared { sku, units });
        }
    }
    for event in create::variants_added(&assignment.new, now) {
        change.push(event);
    }
}

/// Fit of the options to the variants: values that are new are listed, values that no variant has any more are not. A
/// value that no variant had before is left alone.
pub(super) fn fit_options(change: &mut Change, before: &Product) {
    let fitted: Vec<ProductOption> = change
        .product
        .options
        .iter()
        .map(|option| {
            let had = values_of(before, &option.name);
            let has = values_of(&change.product, &option.name);
            let is_used =
                |value: &&String| has.contains(value.as_str()) || !had.contains(value.as_str());
            let mut values: Vec<String> = option.values.iter().filter(is_used).cloned().collect();
            let mut listed: HashSet<&str> = option.values.iter().map(String::as_str).collect();
            let chosen = change.product.variants.iter().flat_map(|it| &it.facts.options);
            for (_, value) in chosen.filter(|(name, _)| *name == option.name) {
                if listed.insert(value) {
                    values.push(value.clone());
                }
            }
            ProductOption { name: option.name.clone(), values }
        })
        .collect();
    if *fitted != *change.product.options {
        change.push(ProductEvent::OptionsChanged { options: fitted });
    }
}

/// Values of an option that the variants on sale have.
fn values_of<'a>(product: &'a Product, option: &str) -> HashSet<&'a str> {
    let chosen = product.variants.iter().flat_map(|variant| &variant.facts.options);
    chosen.filter(|(name, _)| name == option).map(|(_, value)| value.as_str()).collect()
}

impl Product {
    /// Application of an event about the set of variants.
    pub(super) fn apply_to_variants(&mut self, event: &ProductEvent) {
        match event {
            ProductEvent::VariantsWithdrawn { at, skus } => self.withdraw(skus, *at),
            ProductEvent::VariantsRestored { at, skus } => self.restore(skus, *at),
            ProductEvent::VariantRenamed { from, to, stock } => {
                self.withdrawn.retain(|it| it.sku != *to || it.sku == *from);
                self.update_variant(from, |variant| {
                    variant.sku = to.clone();
                    variant.declared_stock = *stock;
                });
                self.rename_in_media(from, to);
            }
            ProductEvent::OptionRenamed { option, to } => {
                self.rename_in_options(|it| it.name == *option, |it| it.name.clone_from(to));
                self.rename_in_variants(
                    |(name, _)| name == option,
                    |(name, _)| name.clone_from(to),
                );
            }
            ProductEvent::OptionValueRenamed { option, value, to } => {
                let rename = |it: &mut String| {
                    if it == value {
                        it.clone_from(to);
                    }
                };
                self.rename_in_options(
                    |it| it.name == *option,
                    |it| it.values.iter_mut().for_each(rename),
                );
                self.rename_in_variants(
                    |(name, it)| name == option && it == value,
                    |(_, it)| it.clone_from(to),
                );
            }
            _ => {}
        }
    }

    /// New options. Variants lose their values of an option that is given up.
    pub(super) fn change_options(&mut self, options: &[ProductOption]) {
        self.options = options.into();
        let is_listed = |name: &str| options.iter().any(|option| option.name == name);
        for variant in &mut self.variants {
            if variant.facts.options.iter().any(|(name, _)| !is_listed(name)) {
                Arc::make_mut(variant).facts.options.retain(|(name, _)| is_listed(name));
            }
        }
    }

    fn withdraw(&mut self, skus: &[Sku], at: Timestamp) {
        let leaving: HashSet<&Sku> = skus.iter().collect();
        let all = std::mem::take(&mut self.variants);
        let (gone, stays) = all.into_iter().partition(|it| leaving.contains(&it.sku));
        self.variants = stays;
        let gone: Vec<Arc<Variant>> = gone;
        self.withdrawn.extend(gone.into_iter().map(|mut variant| {
            Arc::make_mut(&mut variant).breaks.push(OfferBreak { from: at, until: None });
            variant
        }));
        let surplus = self.withdrawn.len().saturating_sub(limits::WITHDRAWN_VARIANTS_MAX);
        self.withdrawn.drain(..surplus);
    }

    fn restore(&mut self, skus: &[Sku], at: Timestamp) {
        let returning: HashSet<&Sku> = skus.iter().collect();
        let all = std::mem::take(&mut self.withdrawn);
        let (back, stays) = all.into_iter().partition(|it| returning.contains(&it.sku));
        self.withdrawn = stays;
        let back: Vec<Arc<Variant>> = back;
        self.variants.extend(back.into_iter().map(|mut variant| {
            if let Some(last) = Arc::make_mut(&mut variant).breaks.last_mut() {
                last.until = Some(at);
            }
            variant
        }));
    }

    fn rename_in_media(&mut self, from: &Sku, to: &Sku) {
        if self.media.iter().any(|it| it.skus.contains(from)) {
            let mut media = self.media.to_vec();
            for sku in media.iter_mut().flat_map(|it| &mut it.skus).filter(|sku| *sku == from) {
                *sku = to.clone();
            }
            self.media = media.into();
        }
    }

    fn rename_in_options(
        &mut self,
        is_renamed: impl Fn(&ProductOption) -> bool,
        rename: impl Fn(&mut ProductOption),
    ) {
        let mut options = self.options.to_vec();
        options.iter_mut().filter(|option| is_renamed(option)).for_each(rename);
        self.options = options.into();
    }

    fn rename_in_variants(
        &mut self,
        is_renamed: impl Fn(&(String, String)) -> bool,
        rename: impl Fn(&mut (String, String)),
    ) {
        for variant in self.variants.iter_mut().chain(&mut self.withdrawn) {
            if variant.facts.options.iter().any(&is_renamed) {
                let options = &mut Arc::make_mut(variant).facts.options;
                options.iter_mut().filter(|it| is_renamed(it)).for_each(&rename);
                // Options are kept in the order of their names, so that equal ones compare equal.
                options.sort_unstable();
            }
        }
    }
}
