//! Merge of carts: the cart of a guest is closed, its lines go into the cart of the customer who signed in, and then the merge ends. After a
//! crash in between, a repetition goes on where it stopped.

use super::{Cart, CartState};
use crate::domain::{
    events::{CartEvent, Line},
    merge_strategy::MergeStrategy,
    rejection::Rejection,
};
use identifiers::{AccountId, CartId, Sku};
use kernel::{Currency, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// Whose carts a request may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CartAccess {
    /// Those of guests, whose ids are secrets, and those of this customer.
    Shopper(Option<AccountId>),
    /// Everybody's: operators.
    Everything,
}

/// Lines of a guest's cart.
pub(super) struct MergedLines<'a> {
    pub(super) from: CartId,
    pub(super) lines: &'a [Line],
    pub(super) currency: Currency,
}

impl Cart {
    /// Whether a request with this access may use the cart. Nobody may use one that was merged into another, or whose customer was erased.
    pub(crate) fn is_open_to(&self, access: CartAccess) -> bool {
        let is_merged = matches!(self.state, CartState::Merged { .. });
        match access {
            CartAccess::Everything => true,
            CartAccess::Shopper(customer) => {
                !is_merged
                    && !self.is_owner_erased
                    && (self.owner.is_none() || self.owner == customer)
            }
        }
    }

    /// Whether the lines of this guest's cart were merged into the cart.
    pub(crate) fn has_merged(&self, from: CartId) -> bool {
        self.merged_carts.contains(&from)
    }

    /// Closes the cart of a guest. One whose merge has begun can be closed for another cart only if the first was ordered without its
    /// lines; whoever asks has looked.
    pub(super) fn close_for_merge(
        &self,
        into: CartId,
        at: Timestamp,
    ) -> Result<Vec<CartEvent>, Rejection> {
        match self.state {
            _ if self.owner.is_some() => Err(Rejection::Unknown),
            CartState::CheckingOut { .. } => Err(Rejection::CheckingOut),
            CartState::Ordered { .. } => Err(Rejection::Ordered),
            CartState::Merged { into: same, has_ended } if has_ended || same == into => Ok(vec![]),
            CartState::Open | CartState::Merged { .. } => {
                Ok(vec![CartEvent::MergedInto { into, at }])
            }
        }
    }

    pub(super) fn merge(
        &self,
        guest: &MergedLines<'_>,
        owner: AccountId,
        strategy: MergeStrategy,
        at: Timestamp,
    ) -> Result<Vec<CartEvent>, Rejection> {
        if self.owner != Some(owner) {
            return Err(Rejection::Unknown);
        }
        if self.has_merged(guest.from) {
            return Ok(vec![]);
        }
        self.ensure_changeable()?;
        let mut lines = guest.lines.to_vec();
        if guest.currency != self.currency {
            for line in &mut lines {
                line.price = None;
            }
        }
        let lines = strategy.merged(Some(&self.lines), &lines);
        Ok(vec![merged_from(guest.from, &self.lines, &lines, at)])
    }

    pub(super) fn end_merge(&self, at: Timestamp) -> Vec<CartEvent> {
        match self.state {
            CartState::Merged { has_ended: false, .. } => vec![CartEvent::MergeEnded { at }],
            _ => vec![],
        }
    }
}

/// Event of a merge after which a cart with the lines `before` has those of `after`: what changes, so that it takes no more than the
/// guest's cart did, however much is in the other one. A line that stays keeps its place and the spelling of its SKU.
pub(super) fn merged_from(
    from: CartId,
    before: &[Line],
    after: &[Line],
    at: Timestamp,
) -> CartEvent {
    let known: BTreeMap<&Sku, &Line> = before.iter().map(|line| (&line.sku, line)).collect();
    let kept: BTreeSet<&Sku> = after.iter().map(|line| &line.sku).collect();
    let change = |line: &Line| match known.get(&line.sku) {
        Some(known) if (known.quantity, known.price) == (line.quantity, line.price) => None,
        Some(known) => Some(Line { sku: known.sku.clone(), ..line.clone() }),
        None => Some(line.clone()),
    };
    let changed = after.iter().filter_map(change).collect();
    let gone = before.iter().filter(|line| !kept.contains(&line.sku));
    CartEvent::MergedFrom { from, changed, removed: gone.map(|it| it.sku.clone()).collect(), at }
}

/// Lines after what a merge has changed.
pub(super) fn with_changes(before: &[Line], changed: &[Line], removed: &[Sku]) -> Vec<Line> {
    let removed: BTreeSet<&Sku> = removed.iter().collect();
    let kept = before.iter().filter(|line| !removed.contains(&line.sku));
    let mut lines: Vec<Line> = kept.cloned().collect();
    let places: BTreeMap<Sku, usize> =
        lines.iter().enumerate().map(|(place, line)| (line.sku.clone(), place)).collect();
    for line in changed {
        match places.get(&line.sku) {
            Some(&place) => lines[place] = line.clone(),
            None => lines.push(line.clone()),
        }
    }
    lines
}
