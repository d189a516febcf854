//! Exact amounts in pounds sterling, with the four decimals of the prices on the invoices.

use kernel::{Currency, Decimal, Money, Rounding, UnitPrice};
use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Neg, Sub},
};

/// The currency of the invoices.
pub(crate) const CURRENCY: Currency = Currency::GBP;
/// Decimals of a pound that are kept.
const DECIMALS: u32 = 4;
/// Ten-thousandths of a pound in a penny.
const PER_PENNY: i64 = 100;

/// Amount in ten-thousandths of a pound; negative where money goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pounds(i64);

impl Pounds {
    /// Zero pounds.
    pub(crate) const ZERO: Self = Self(0);

    /// Parses an amount such as `2.55`; `None` for more than four decimals, or what is not a number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = Decimal::parse(text).ok().filter(|it| it.scale() <= DECIMALS)?;
        i64::try_from(number.rounded(DECIMALS, Rounding::Down)?).ok().map(Self)
    }

    /// An amount in pence; saturates.
    pub(crate) fn from_pence(pence: i64) -> Self {
        Self(pence.saturating_mul(PER_PENNY))
    }

    /// The product with a count; `None` on overflow.
    pub(crate) fn times(self, count: i64) -> Option<Self> {
        self.0.checked_mul(count).map(Self)
    }

    /// The amount in pence; `None` with a fraction of a penny.
    pub(crate) fn whole_pence(self) -> Option<i64> {
        (self.0 % PER_PENNY == 0).then_some(self.0 / PER_PENNY)
    }

    pub(crate) fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The amount as a unit price; `None` when it is negative.
    pub(crate) fn unit_price(self) -> Option<UnitPrice> {
        UnitPrice::parse_major(&self.to_plain_string(), CURRENCY).ok()
    }

    /// Decimal notation with at least two decimals and without separators: `2.55`, `0.001`.
    pub(crate) fn to_plain_string(self) -> String {
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
        let plain = self.to_plain_string();
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
    fn amounts_are_parsed_and_displayed_exactly() {
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
            assert_eq!((&*sum.to_plain_string(), &*sum.to_string()), (plain, shown));
        }
        for wrong in ["", "x", "1,5", "0.00001", "1e3"] {
            assert_eq!(Pounds::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn fractions_of_a_penny_are_kept() {
        assert_eq!(Pounds::parse("2.55").unwrap().whole_pence(), Some(255));
        assert_eq!(Pounds::parse("0.001").unwrap().whole_pence(), None);
        assert_eq!(Pounds::parse("0.001").unwrap().unit_price().unwrap().to_string(), "0.001 GBP");
        assert_eq!(Pounds::parse("-1").unwrap().unit_price(), None);
    }
}
