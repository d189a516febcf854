//! Merge of carts: the cart of a guest is closed, its lines go into the cart of the customer who signed in, and then the merge ends. After a
//! crash in between, a repetition goes on where it stopped.

use super::{Cart, CartState};
use crate::domain::{
    events::{CartEvent, Line},
    merge_strategy::MergeStrategy,
    rejection::Rejection,
};
use identifiers::{AccountId, CartId};
use kernel::{Currency, Timestamp};

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
    /// Whether a request with this access may use the cart. Nobody may use one that was merged into another.
    pub(crate) fn is_open_to(&self, access: CartAccess) -> bool {
        let is_merged = matches!(self.state, CartState::Merged { .. });
        match access {
            CartAccess::Everything => true,
            CartAccess::Shopper(customer) => {
                !is_merged && (self.owner.is_none() || self.owner == customer)
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
        Ok(vec![CartEvent::LinesMerged { from: guest.from, lines, at }])
    }

    pub(super) fn end_merge(&self, at: Timestamp) -> Vec<CartEvent> {
        match self.state {
            CartState::Merged { has_ended: false, .. } => vec![CartEvent::MergeEnded { at }],
            _ => vec![],
        }
    }
}
