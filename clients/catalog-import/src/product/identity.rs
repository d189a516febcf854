//! Slugs and SKUs of an import. Both are unique in the shop, but not in every source: a second product or variant with the
//! same one gets a made-up one, which is the same in each import.

use super::facts::ProductFacts;
use crate::{
    limits::{SKU_CHARACTERS_MAX, SLUG_CHARACTERS_MAX},
    mapping::Fact,
    row::Remark,
    text::{derive_sku, fingerprint, shorten_code, slug},
};
use contracts::shared::Sku;
use kernel::Uuid;
use std::collections::HashMap;

/// Slugs that the shop uses itself.
const RESERVED_SLUGS: [&str; 2] = ["suggestions", "import"];

/// SKUs of a whole import, by fingerprint, with the file and line that had each first.
#[derive(Debug, Default)]
pub(crate) struct SkuIndex(HashMap<u64, (usize, u64)>);

/// Slugs of a whole import, by fingerprint, with the fingerprint of the group that has each.
#[derive(Debug, Default)]
pub(crate) struct SlugIndex(HashMap<u64, u64>);

/// SKU that a variant gets, and why it is not the one of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClaimedSku {
    pub(crate) sku: Sku,
    pub(crate) reason: Option<String>,
}

impl SkuIndex {
    /// Claims the SKU of the file for the variant of a product with these option values, or a made-up one.
    ///
    /// # Errors
    ///
    /// A reason why the text cannot be a SKU.
    pub(crate) fn claim<'a>(
        &mut self,
        wanted: &str,
        slug: &str,
        values: &(impl Iterator<Item = &'a str> + Clone),
        (file, line): (usize, u64),
    ) -> Result<ClaimedSku, String> {
        let fitting = fitting_sku(wanted);
        let sku = Sku::parse(&fitting).map_err(|invalid| invalid.to_string())?;
        let Some((first_file, first_line)) = self.0.get(&key(&sku)).copied() else {
            self.0.insert(key(&sku), (file, line));
            let reason = (fitting != wanted)
                .then(|| format!("is longer than {SKU_CHARACTERS_MAX} characters; taken as {sku}"));
            return Ok(ClaimedSku { sku, reason });
        };
        let candidates = (1..).map(|number| made_up_sku(wanted, slug, values.clone(), number));
        let sku = candidates
            .map_while(|sku| Sku::parse(&sku).ok())
            .find(|sku| !self.0.contains_key(&key(sku)))
            .ok_or_else(|| format!("{wanted} is taken"))?;
        self.0.insert(key(&sku), (file, line));
        let elsewhere = if first_file == file { "" } else { " of another file" };
        let reason = format!("{wanted} is on line {first_line}{elsewhere} already; taken as {sku}");
        Ok(ClaimedSku { sku, reason: Some(reason) })
    }
}

fn key(sku: &Sku) -> u64 {
    fingerprint(&sku.key())
}

/// SKU within the limit of characters, and of bytes.
fn fitting_sku(wanted: &str) -> String {
    let is_valid = wanted.chars().count() <= SKU_CHARACTERS_MAX && Sku::parse(wanted).is_ok();
    if wanted.is_empty() || is_valid {
        return wanted.to_owned();
    }
    // A letter has up to four bytes.
    let characters_max =
        if wanted.is_ascii() { SKU_CHARACTERS_MAX } else { SKU_CHARACTERS_MAX / 2 };
    shorten_code(wanted, wanted, characters_max)
}

/// Made-up SKU for a variant whose own another one has: the same in each import.
pub(crate) fn made_up_sku<'a>(
    wanted: &str,
    slug: &str,
    values: impl Iterator<Item = &'a str>,
    number: u32,
) -> String {
    let made_up = derive_sku(&format!("{wanted} {slug}"), values);
    if number > 1 { derive_sku(&made_up, [&*number.to_string()].into_iter()) } else { made_up }
}

impl SlugIndex {
    /// Claims the slug of a product: from its handle, or else its name; a made-up one where another product has that.
    pub(super) fn claim(
        &mut self,
        group: &str,
        facts: &ProductFacts,
        remarks: &mut Vec<Remark>,
    ) -> String {
        let hash = || format!("{:08x}", fingerprint(group) & 0xffff_ffff);
        let mut own = slug(&facts.handle);
        let mut reason = None;
        if own.is_empty() && !facts.handle.is_empty() {
            reason = Some("has neither letters nor digits");
        }
        if own.is_empty() {
            own = slug(&facts.title);
        }
        if own.is_empty() {
            own = format!("product-{}", hash());
            reason = Some("has neither letters nor digits");
        }
        if RESERVED_SLUGS.contains(&&*own) || own.parse::<Uuid>().is_ok() {
            own.push_str("-product");
            reason = Some("is an address of the shop itself");
        }
        let mut claimed = fitting_slug(&own);
        if claimed != own {
            reason = Some("is too long for an address");
        }
        if !self.is_free(&claimed, group) {
            claimed = self.made_up(&own, &slug(group), &hash(), group);
            reason = Some("gives the same address as another product");
        }
        remarks.extend(reason.map(|reason| {
            facts.remark(Fact::Handle, format!("{reason}; the address is {claimed}"))
        }));
        self.0.insert(fingerprint(&claimed), fingerprint(group));
        claimed
    }

    /// Slug for a product whose own another one has: from its group, or else with a hash of that.
    fn made_up(&self, own: &str, end: &str, hash: &str, group: &str) -> String {
        let by_group = match end.strip_prefix(own) {
            Some("") => format!("{own}-{hash}"),
            Some(_) => end.to_owned(),
            None => format!("{own}-{end}"),
        };
        let by_group = fitting_slug(by_group.trim_end_matches('-'));
        if self.is_free(&by_group, group) {
            by_group
        } else {
            fitting_slug(&format!("{own}-{end}-{hash}"))
        }
    }

    fn is_free(&self, slug: &str, group: &str) -> bool {
        self.0.get(&fingerprint(slug)).is_none_or(|owner| *owner == fingerprint(group))
    }
}

fn fitting_slug(slug: &str) -> String {
    if slug.chars().count() <= SLUG_CHARACTERS_MAX {
        return slug.to_owned();
    }
    shorten_code(slug, slug, SLUG_CHARACTERS_MAX).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(index: &mut SkuIndex, wanted: &str, slug: &str, values: &[&str]) -> (String, bool) {
        let claimed = index.claim(wanted, slug, &values.iter().copied(), (0, 2)).unwrap();
        (claimed.sku.to_string(), claimed.reason.is_some())
    }

    #[test]
    fn a_sku_that_is_taken_is_made_up_from_the_product_and_its_options() {
        let mut index = SkuIndex::default();
        assert_eq!(claim(&mut index, "WARRANTY", "lamp", &[]), ("WARRANTY".into(), false));
        assert_eq!(claim(&mut index, "warranty", "sofa", &[]), ("WARRANTY-SOFA".into(), true));
        assert_eq!(
            claim(&mut index, "WARRANTY", "sofa", &["Red"]),
            ("WARRANTY-SOFA-RED".into(), true)
        );
        assert_eq!(
            claim(&mut index, "WARRANTY", "sofa", &["red"]),
            ("WARRANTY-SOFA-RED-2".into(), true)
        );
        assert!(index.claim("", "sofa", &std::iter::empty(), (0, 2)).is_err());
    }

    #[test]
    fn long_skus_are_shortened_and_stay_apart() {
        let mut index = SkuIndex::default();
        let mut seen = Vec::new();
        for wanted in ["x".repeat(101), "x".repeat(102), "ツ".repeat(90), "ツ".repeat(91)] {
            let (sku, is_remarked) = claim(&mut index, &wanted, "mug", &[]);
            assert!(is_remarked && sku.chars().count() <= SKU_CHARACTERS_MAX, "{sku}");
            seen.push(sku);
        }
        seen.dedup();
        assert_eq!(seen.len(), 4);
    }
}
