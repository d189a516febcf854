//! Outage: a fault during which the shop must go on selling, and the orders that were begun and confirmed within it.

use crate::violation::{CheckResult, Violation};
use std::{
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::Duration,
};
use tokio::time::Instant;

/// How long an outage is kept up until an order has been confirmed, before that counts as none.
const SALE_WITHIN: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Number of the outage while there is none.
const NONE: u64 = 0;

/// Outages of a run, one after the other; customers count the sales.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    /// Number of the present outage.
    present: AtomicU64,
    begun: AtomicU64,
    /// Sales of the present or last outage, and of all.
    sales: AtomicU64,
    all_sales: AtomicU64,
}

impl Outage {
    pub(crate) fn begin(&self) {
        self.sales.store(0, SeqCst);
        self.present.store(self.begun.fetch_add(1, SeqCst) + 1, SeqCst);
    }

    pub(crate) fn end(&self) {
        self.present.store(NONE, SeqCst);
    }

    /// Number of the present outage, which a customer notes before an order.
    pub(crate) fn present(&self) -> u64 {
        self.present.load(SeqCst)
    }

    /// Counts an order that was begun in this outage, if that goes on.
    pub(crate) fn confirmed(&self, begun_in: u64) {
        if begun_in != NONE && begun_in == self.present() {
            self.sales.fetch_add(1, SeqCst);
            self.all_sales.fetch_add(1, SeqCst);
        }
    }

    /// Waits for the first sale of the present outage; it is a violation if none comes.
    pub(crate) async fn wait_for_sale(&self) -> CheckResult {
        let began = Instant::now();
        while self.sales.load(SeqCst) == 0 {
            if began.elapsed() > SALE_WITHIN {
                return Err(Violation::new("no order was confirmed, although sales must go on"));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// Sales of all outages.
    pub(crate) fn all_sales(&self) -> u64 {
        self.all_sales.load(SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sale_counts_where_it_was_begun_and_confirmed_in_the_same_outage() {
        let outage = Outage::default();
        outage.confirmed(outage.present());
        outage.begin();
        let begun_in = outage.present();
        outage.end();
        outage.confirmed(begun_in);
        outage.begin();
        outage.confirmed(begun_in);
        assert_eq!(outage.all_sales(), 0);
        outage.confirmed(outage.present());
        outage.wait_for_sale().await.unwrap();
        assert_eq!(outage.all_sales(), 1);
    }
}
