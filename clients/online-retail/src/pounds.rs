//! Exact sums of British money, as finely as the invoices write their prices.

use kernel::{Currency, Decimal, Money, Rounding, UnitPrice};
use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Neg, Sub},
};

/// The currency of the invoices.
pub(crate) const CURRENCY: Currency = Currency::GBP;
/// How many decimals of a pound are kept.
const DECIMALS: u32 = 4;
/// Ten-thousandths of a pound in a penny.
const PER_PENNY: i64 = 100;

/// A sum in ten-thousandths of a pound; below zero where money goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pounds(i64);

impl Pounds {
    /// Nothing.
    pub(crate) const ZERO: Self = Self(0);

    /// The sum that `text` writes, such as `2.55`; nothing when it has more than four decimals or is no number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = Decimal::parse(text).ok().filter(|it| it.scale() <= DECIMALS)?;
        i64::try_from(number.rounded(DECIMALS, Rounding::Down)?).ok().map(Self)
    }

    /// So many pence.
    pub(crate) fn from_pence(pence: i64) -> Self {
        Self(pence.saturating_mul(PER_PENNY))
    }

    /// This many times the sum; nothing when it is too large to be kept.
    pub(crate) fn times(self, count: i64) -> Option<Self> {
        self.0.checked_mul(count).map(Self)
    }

    /// The sum in pence, if it is whole pence.
    pub(crate) fn whole_pence(self) -> Option<i64> {
        (self.0 % PER_PENNY == 0).then_some(self.0 / PER_PENNY)
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// As the price of a unit; nothing when it is below zero.
    pub(crate) fn unit_price(self) -> Option<UnitPrice> {
        UnitPrice::parse_major(&self.plain(), CURRENCY).ok()
    }

    /// As digits with at least two decimals and nothing else: `2.55`, `0.001`.
    pub(crate) fn plain(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fine) = (self.0.unsigned_abs() / 10_000, self.0.unsigned_abs() % 10_000);
        let text = format!("{sign}{whole}.{fine:04}");
        let rest = text.trim_end_matches('0');
        let decimals = rest.len() - rest.find('.').unwrap_or(0) - 1;
        text[..rest.len() + 2_usize.saturating_sub(decimals)].to_owned()
    }
}

impl From<Money> for Pounds {
    fn from(money: Money) -> Self {
        Self::from_pence(money.amount)
    }
}

impl Add for Pounds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Pounds {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Pounds {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Pounds {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for Pounds {
    fn sum<I: Iterator<Item = Self>>(sums: I) -> Self {
        sums.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Pounds {
    /// With commas between thousands, for tables.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.plain();
        let (sign, digits) = plain.strip_prefix('-').map_or(("", &*plain), |digits| ("-", digits));
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "00"));
        let mut grouped = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        out.pad(&format!("{sign}{grouped}.{decimals}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_and_written_exactly() {
        for (text, plain, shown) in [
            ("2.55", "2.55", "2.55"),
            ("0.001", "0.001", "0.001"),
            ("-11062.06", "-11062.06", "-11,062.06"),
            ("0", "0.00", "0.00"),
            ("3.0", "3.00", "3.00"),
            ("5761931.382", "5761931.382", "5,761,931.382"),
            ("100.5", "100.50", "100.50"),
        ] {
            let sum = Pounds::parse(text).unwrap();
            assert_eq!((&*sum.plain(), &*sum.to_string()), (plain, shown));
        }
        for wrong in ["", "x", "1,5", "0.00001", "1e3"] {
            assert_eq!(Pounds::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn fractions_of_a_penny_are_known_as_such() {
        assert_eq!(Pounds::parse("2.55").unwrap().whole_pence(), Some(255));
        assert_eq!(Pounds::parse("0.001").unwrap().whole_pence(), None);
        assert_eq!(Pounds::parse("0.001").unwrap().unit_price().unwrap().to_string(), "0.001 GBP");
        assert_eq!(Pounds::parse("-1").unwrap().unit_price(), None);
    }
}
