//! Uniqueness of slugs and SKUs across products: a name is claimed from the decision until the search index contains it,
//! so that two concurrent changes cannot both take it.

use crate::index::{NameConflict, SearchIndex};
use contracts::shared::{ProductId, Sku};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Registry of the claimed names.
#[derive(Debug)]
pub(crate) struct NameClaims {
    index: Arc<SearchIndex>,
    /// Claims by name: the product, and the number of its claims.
    pending: Mutex<HashMap<UniqueName, (ProductId, usize)>>,
}

/// Name that only one product can have.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum UniqueName {
    Slug(String),
    Sku(Sku),
}

/// Claim of a product on unique names, released on drop.
#[derive(Debug)]
pub(crate) struct NameClaim {
    claims: Arc<NameClaims>,
    names: Vec<UniqueName>,
}

impl NameClaims {
    pub(crate) fn new(index: Arc<SearchIndex>) -> Self {
        Self { index, pending: Mutex::default() }
    }

    /// Claim on these names, all or none; refused if another product has or claims one of them.
    pub(crate) fn claim(
        self: &Arc<Self>,
        product: ProductId,
        slug: Option<&str>,
        skus: &[&Sku],
    ) -> Result<NameClaim, NameConflict> {
        let mut pending = self.pending.lock();
        let is_claimed_by_other = |name: &UniqueName| match pending.get(name) {
            Some((owner, _)) => *owner != product,
            None => false,
        };
        let mut names = Vec::with_capacity(skus.len() + 1);
        if let Some(slug) = slug {
            let name = UniqueName::Slug(slug.to_owned());
            // The index is read under the lock: a claim is released only after the index has been updated.
            let owner = self.index.owner_of_slug(slug);
            if is_claimed_by_other(&name) || owner.is_some_and(|owner| owner != product) {
                return Err(NameConflict::Slug(slug.to_owned()));
            }
            names.push(name);
        }
        for sku in skus {
            let name = UniqueName::Sku(Sku::clone(sku));
            let owner = self.index.owner_of_sku(sku);
            if is_claimed_by_other(&name) || owner.is_some_and(|owner| owner != product) {
                return Err(NameConflict::Sku(Sku::clone(sku)));
            }
            names.push(name);
        }
        for name in &names {
            pending.entry(name.clone()).or_insert((product, 0)).1 += 1;
        }
        Ok(NameClaim { claims: Arc::clone(self), names })
    }
}

impl Drop for NameClaim {
    fn drop(&mut self) {
        let mut pending = self.claims.pending.lock();
        for name in &self.names {
            if let Some((_, count)) = pending.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    pending.remove(name);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Uuid;

    #[test]
    fn a_claimed_name_is_refused_to_other_products_until_it_is_released() {
        let claims = Arc::new(NameClaims::new(Arc::default()));
        let [one, two] = [1, 2].map(|number| ProductId(Uuid::from_u128(number)));
        let sku = |text: &str| Sku::parse(text).unwrap();
        let (mug_1, mug_2, cup) = (sku("MUG-1"), sku("MUG-2"), sku("CUP"));
        let first = claims.claim(one, Some("mug"), &[&mug_1, &mug_2]).unwrap();
        let second = claims.claim(one, Some("mug"), &[&mug_1]).unwrap();
        drop(first);
        assert_eq!(
            claims.claim(two, Some("mug"), &[]).unwrap_err(),
            NameConflict::Slug("mug".to_owned())
        );
        let conflict = claims.claim(two, Some("cup"), &[&cup, &sku("mug-1")]).unwrap_err();
        assert_eq!(conflict, NameConflict::Sku(mug_1.clone()));
        assert!(
            claims.claim(two, Some("cup"), &[&cup, &sku("mug-2")]).is_ok(),
            "a refused claim keeps nothing"
        );
        drop(second);
        assert!(claims.claim(two, Some("mug"), &[&mug_1]).is_ok());
    }
}
