//! Slugs and SKUs on their way into the catalogue: from the decision until the index knows them, nobody else may
//! take them.

use crate::domain::words::sku_key;
use crate::index::{Index, Taken};
use contracts::shared::ProductId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// All names that are on their way.
#[derive(Debug)]
pub(crate) struct Claims {
    index: Arc<Index>,
    /// By name: for which product, and how often.
    pending: Mutex<HashMap<Name, (ProductId, usize)>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    Slug(String),
    Sku(String),
}

/// Names held for a product until this is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    claims: Arc<Claims>,
    names: Vec<Name>,
}

impl Claims {
    pub(crate) fn new(index: Arc<Index>) -> Self {
        Self { index, pending: Mutex::default() }
    }

    /// Holds these names for `product`, all or none; refused when another product has or wants one of them.
    pub(crate) fn claim(
        self: &Arc<Self>,
        product: ProductId,
        slug: Option<&str>,
        skus: &[&str],
    ) -> Result<Claim, Taken> {
        let mut pending = self.pending.lock();
        let others = |name: &Name| match pending.get(name) {
            Some((owner, _)) => *owner != product,
            None => false,
        };
        let mut names = Vec::with_capacity(skus.len() + 1);
        if let Some(slug) = slug {
            let name = Name::Slug(slug.to_owned());
            // The index is asked under the lock: who lets go of a claim has told the index before.
            let owner = self.index.owner_of_slug(slug);
            if others(&name) || owner.is_some_and(|owner| owner != product) {
                return Err(Taken::Slug(slug.to_owned()));
            }
            names.push(name);
        }
        for sku in skus {
            let name = Name::Sku(sku_key(sku));
            let owner = self.index.owner_of_sku(sku);
            if others(&name) || owner.is_some_and(|owner| owner != product) {
                return Err(Taken::Sku((*sku).to_owned()));
            }
            names.push(name);
        }
        for name in &names {
            pending.entry(name.clone()).or_insert((product, 0)).1 += 1;
        }
        Ok(Claim { claims: Arc::clone(self), names })
    }
}

impl Drop for Claim {
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
    fn what_one_product_wants_another_cannot_take_until_it_lets_go() {
        let claims = Arc::new(Claims::new(Arc::default()));
        let [one, two] = [1, 2].map(|number| ProductId(Uuid::from_u128(number)));
        let held = claims.claim(one, Some("mug"), &["MUG-1", "MUG-2"]).unwrap();
        let again = claims.claim(one, Some("mug"), &["MUG-1"]).unwrap();
        drop(held);
        assert_eq!(claims.claim(two, Some("mug"), &[]).unwrap_err(), Taken::Slug("mug".to_owned()));
        let taken = claims.claim(two, Some("cup"), &["CUP", "mug-1"]).unwrap_err();
        assert_eq!(taken, Taken::Sku("mug-1".to_owned()));
        assert!(
            claims.claim(two, Some("cup"), &["CUP", "mug-2"]).is_ok(),
            "nothing of it was kept"
        );
        drop(again);
        assert!(claims.claim(two, Some("mug"), &["MUG-1"]).is_ok());
    }
}
