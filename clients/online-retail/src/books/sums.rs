//! The sums of a month, by which the books and the shop are compared.

use super::{Books, Fate, Month, Reason, RefundOf};
use crate::pounds::Pounds;
use std::collections::BTreeMap;

/// The sums of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MonthSums {
    pub(crate) lines: u64,
    /// Quantity times price over all lines.
    pub(crate) input: Pounds,
    pub(crate) ordered: Pounds,
    pub(crate) returned: Pounds,
    pub(crate) refunded: Pounds,
    pub(crate) credited: Pounds,
    /// Lines that are nothing a shop could do.
    pub(crate) rejected: Pounds,
    pub(crate) orders: u64,
    /// What the orders come to, each line rounded to the penny.
    pub(crate) revenue: Pounds,
    pub(crate) units_sold: i64,
    pub(crate) units_returned: i64,
    pub(crate) units_corrected: i64,
    pub(crate) units_received: i64,
}

impl MonthSums {
    /// What is left when every fate is taken off the input: nothing, or lines are not accounted for.
    pub(crate) fn unexplained(&self) -> Pounds {
        self.input - self.ordered + self.returned + self.refunded + self.credited - self.rejected
    }

    /// What rounding lines to the penny added to the revenue.
    pub(crate) fn rounding(&self) -> Pounds {
        self.revenue - self.ordered
    }

    /// What the shop gives back.
    pub(crate) fn given_back(&self) -> Pounds {
        self.returned + self.refunded
    }

    /// Adds another month.
    pub(crate) fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.input += other.input;
        self.ordered += other.ordered;
        self.returned += other.returned;
        self.refunded += other.refunded;
        self.credited += other.credited;
        self.rejected += other.rejected;
        self.orders += other.orders;
        self.revenue += other.revenue;
        self.units_sold += other.units_sold;
        self.units_returned += other.units_returned;
        self.units_corrected += other.units_corrected;
        self.units_received += other.units_received;
    }
}

impl Books {
    /// The sums of every month.
    pub(crate) fn by_month(&self) -> BTreeMap<Month, MonthSums> {
        let mut months: BTreeMap<Month, MonthSums> = BTreeMap::new();
        for (line, fate) in self.lines.iter().zip(&self.fates) {
            let sums = months.entry(self.month_of(line.invoice)).or_default();
            sums.lines += 1;
            sums.input += line.amount();
            match fate {
                Fate::Ordered { .. } => sums.ordered += line.amount(),
                Fate::Corrected => {}
                Fate::Settled(settlement) => {
                    sums.returned += settlement.returned;
                    sums.refunded += settlement.refunded;
                    sums.credited += settlement.credited;
                }
                Fate::Rejected(_) => sums.rejected += line.amount(),
            }
        }
        for order in &self.orders {
            let sums = months.entry(self.month_of(order.invoice)).or_default();
            sums.orders += 1;
            sums.revenue += Pounds::from_pence(order.pence);
            sums.units_sold += order.lines.iter().map(|(_, units)| units).sum::<i64>();
        }
        for refund in self.refunds.iter().filter(|refund| refund.of == RefundOf::Goods) {
            let sums = months.entry(self.month_of(refund.cancellation)).or_default();
            sums.units_returned += refund.lines.iter().map(|(_, units)| units).sum::<i64>();
        }
        for correction in &self.corrections {
            let sums = months.entry(self.month_of(correction.invoice)).or_default();
            sums.units_corrected += correction.units;
        }
        for ((month, _), units) in self.needs() {
            months.entry(month).or_default().units_received += units;
        }
        months
    }

    /// What leaves the shelves, by month and shelf: what has to come in before.
    pub(crate) fn needs(&self) -> BTreeMap<(Month, Shelf), i64> {
        let mut needs: BTreeMap<(Month, Shelf), i64> = BTreeMap::new();
        for order in &self.orders {
            for &(article, units) in &order.lines {
                *needs
                    .entry((self.month_of(order.invoice), Shelf::Article(article)))
                    .or_default() += units;
            }
        }
        for correction in self.corrections.iter().filter(|correction| correction.units < 0) {
            let lost = Shelf::Usual(correction.code);
            *needs.entry((self.month_of(correction.invoice), lost)).or_default() -=
                correction.units;
        }
        needs
    }

    /// Lines and sums by fate and reason, for the table.
    pub(crate) fn by_fate(&self) -> BTreeMap<&'static str, FateSums> {
        let mut fates: BTreeMap<&'static str, FateSums> = BTreeMap::new();
        for (line, fate) in self.lines.iter().zip(&self.fates) {
            let sums = fates.entry(fate.word()).or_default();
            sums.lines += 1;
            sums.amount += line.amount();
            if let Fate::Rejected(reason) = fate {
                *sums.reasons.entry(*reason).or_default() += 1;
            }
        }
        fates
    }
}

/// Lines and their sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FateSums {
    pub(crate) lines: u64,
    pub(crate) amount: Pounds,
    pub(crate) reasons: BTreeMap<Reason, u64>,
}

/// Where units lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Shelf {
    /// Those of a code at a price.
    Article(usize),
    /// Those of a code at its usual price: where lost and found goods are booked.
    Usual(usize),
}

impl Fate {
    /// What became of it, in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Ordered { .. } => "ordered",
            Self::Corrected => "stock corrected",
            Self::Rejected(_) => "rejected",
            Self::Settled(settlement)
                if settlement.credited.is_zero() && settlement.refunded.is_zero() =>
            {
                "returned"
            }
            Self::Settled(settlement) if settlement.credited.is_zero() => "refunded",
            Self::Settled(settlement)
                if settlement.returned.is_zero() && settlement.refunded.is_zero() =>
            {
                "credited"
            }
            Self::Settled(_) => "partly credited",
        }
    }
}
