//! Sums of a month, by which the books and the shop are compared.

use super::{Books, LineOutcome, Month, RefundKind, RejectReason};
use crate::pounds::Pounds;
use std::collections::BTreeMap;

/// Sums of a month in the books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MonthSums {
    pub(crate) lines: u64,
    /// Quantity times price over all lines.
    pub(crate) input: Pounds,
    pub(crate) ordered: Pounds,
    pub(crate) returned: Pounds,
    pub(crate) refunded: Pounds,
    pub(crate) credited: Pounds,
    /// Lines that were rejected.
    pub(crate) rejected: Pounds,
    pub(crate) orders: u64,
    /// Total of the orders, each line rounded to the penny.
    pub(crate) revenue: Pounds,
    pub(crate) units_sold: i64,
    pub(crate) units_returned: i64,
    pub(crate) units_corrected: i64,
    pub(crate) units_received: i64,
}

impl MonthSums {
    /// Input minus all outcomes: zero, unless lines are not accounted for.
    pub(crate) fn unexplained(&self) -> Pounds {
        self.input - self.ordered + self.returned + self.refunded + self.credited - self.rejected
    }

    /// Effect on the revenue of rounding each line to the penny.
    pub(crate) fn rounding(&self) -> Pounds {
        self.revenue - self.ordered
    }

    /// Total of the refunds.
    pub(crate) fn refunded_total(&self) -> Pounds {
        self.returned + self.refunded
    }

    /// Adds the sums of another month.
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
    /// Sums by month.
    pub(crate) fn by_month(&self) -> BTreeMap<Month, MonthSums> {
        let mut months: BTreeMap<Month, MonthSums> = BTreeMap::new();
        for (line, outcome) in self.lines.iter().zip(&self.outcomes) {
            let sums = months.entry(self.month_of(line.invoice)).or_default();
            sums.lines += 1;
            sums.input += line.amount();
            match outcome {
                LineOutcome::Ordered { .. } => sums.ordered += line.amount(),
                LineOutcome::Corrected => {}
                LineOutcome::Settled(settlement) => {
                    sums.returned += settlement.returned;
                    sums.refunded += settlement.refunded;
                    sums.credited += settlement.credited;
                }
                LineOutcome::Rejected(_) => sums.rejected += line.amount(),
            }
        }
        for order in &self.orders {
            let sums = months.entry(self.month_of(order.invoice)).or_default();
            sums.orders += 1;
            sums.revenue += Pounds::from_pence(order.pence);
            sums.units_sold += order.lines.iter().map(|(_, units)| units).sum::<i64>();
        }
        for refund in self.refunds.iter().filter(|refund| refund.kind == RefundKind::Goods) {
            let sums = months.entry(self.month_of(refund.cancellation)).or_default();
            sums.units_returned += refund.lines.iter().map(|(_, units)| units).sum::<i64>();
        }
        for correction in &self.corrections {
            let sums = months.entry(self.month_of(correction.invoice)).or_default();
            sums.units_corrected += correction.units;
        }
        for ((month, _), units) in self.required_stock() {
            months.entry(month).or_default().units_received += units;
        }
        months
    }

    /// Units sold or lost, by month and stock key, which have to be received before.
    pub(crate) fn required_stock(&self) -> BTreeMap<(Month, StockKey), i64> {
        let mut required_stock: BTreeMap<(Month, StockKey), i64> = BTreeMap::new();
        for order in &self.orders {
            for &(variant, units) in &order.lines {
                *required_stock
                    .entry((self.month_of(order.invoice), StockKey::Variant(variant)))
                    .or_default() += units;
            }
        }
        for correction in self.corrections.iter().filter(|correction| correction.units < 0) {
            let lost = StockKey::Usual(correction.code);
            *required_stock.entry((self.month_of(correction.invoice), lost)).or_default() -=
                correction.units;
        }
        required_stock
    }

    /// Sums by outcome and reason.
    pub(crate) fn by_outcome(&self) -> BTreeMap<&'static str, OutcomeSums> {
        let mut outcomes: BTreeMap<&'static str, OutcomeSums> = BTreeMap::new();
        for (line, outcome) in self.lines.iter().zip(&self.outcomes) {
            let sums = outcomes.entry(outcome.label()).or_default();
            sums.lines += 1;
            sums.amount += line.amount();
            if let LineOutcome::Rejected(reason) = outcome {
                *sums.reasons.entry(*reason).or_default() += 1;
            }
        }
        outcomes
    }
}

/// Number and total of the lines with one outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OutcomeSums {
    pub(crate) lines: u64,
    pub(crate) amount: Pounds,
    pub(crate) reasons: BTreeMap<RejectReason, u64>,
}

/// Key of a stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum StockKey {
    /// Stock of a variant.
    Variant(usize),
    /// Stock of a code at its usual price, which takes the corrections.
    Usual(usize),
}

impl LineOutcome {
    /// Label for tables and reports.
    pub(crate) fn label(&self) -> &'static str {
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
