//! Setting stock aside for orders, selling it, giving it back, taking it back.

use super::{Books, Refused, books::Decision};
use crate::domain::{Hold, HoldId, Ledger, Line, NewHold, OrderId, Rejection, Status};
use kernel::Timestamp;
use std::time::Duration;

/// A hold as it stands at the time somebody asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) id: HoldId,
    pub(crate) status: Status,
    pub(crate) expires_at: Timestamp,
}

impl Books {
    /// Sets stock aside: all lines or none.
    pub(crate) async fn hold(
        &self,
        id: HoldId,
        order_id: OrderId,
        lines: &[Line],
        keep: Duration,
    ) -> Result<Standing, Refused> {
        // A new hold is taken to be new: reading its stream first would cost every order a read, while the append
        // finds out by itself.
        let take = |ledger: &Ledger, now: Timestamp| {
            let expires_at = now.saturating_add(keep).unwrap_or(Timestamp::MAX);
            ledger.take(&NewHold { id, order_id, lines: lines.to_vec(), expires_at }, now)
        };
        self.write(Decision::default(), take, standing(id)).await?
    }

    /// Sells what is held.
    pub(crate) async fn commit(&self, id: HoldId) -> Result<Standing, Refused> {
        self.write(about(id), |ledger, now| ledger.commit(id, now), standing(id)).await?
    }

    /// Gives back what is held, or takes back what was sold.
    pub(crate) async fn release(&self, id: HoldId) -> Result<(), Refused> {
        self.write(about(id), |ledger, _| Ok(ledger.release(id)), |_, _| ()).await
    }

    /// Takes units of a committed hold back into stock, once per reference.
    pub(crate) async fn restock(
        &self,
        id: HoldId,
        reference: &str,
        lines: &[Line],
        reason: &str,
    ) -> Result<(), Refused> {
        let restock = |ledger: &Ledger, _: Timestamp| {
            let event = ledger.restock(id, reference, lines, reason)?;
            Ok(event.into_iter().collect())
        };
        self.write(about(id), restock, |_, _| ()).await
    }
}

fn about(id: HoldId) -> Decision {
    Decision { about: Some(id), ..Decision::default() }
}

fn standing(id: HoldId) -> impl FnOnce(&Ledger, Timestamp) -> Result<Standing, Refused> {
    move |ledger, now| {
        let hold: &Hold = ledger.hold(id).ok_or(Rejection::UnknownHold)?;
        Ok(Standing { id, status: hold.status_at(now), expires_at: hold.expires_at })
    }
}
