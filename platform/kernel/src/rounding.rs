//! Rounding modes of accounting, all symmetric about zero, and exact integer division with them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// Rounding mode. Giving back is the exact negative of taking, so every mode is symmetric about zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest; a half away from zero.
    #[default]
    HalfUp,
    /// To the nearest; a half to the even neighbour (banker's rounding).
    HalfEven,
    /// To the nearest; a half towards zero.
    HalfDown,
    /// Towards zero (truncation).
    Down,
    /// Away from zero.
    Up,
}

/// Divides and rounds once. `None` if the denominator is 0 or the result does not fit into 128 bits.
///
/// ```
/// use kernel::{Rounding, rounding::divide};
///
/// assert_eq!(divide(5, 2, Rounding::HalfUp), Some(3));
/// assert_eq!(divide(-5, 2, Rounding::HalfUp), Some(-3));
/// assert_eq!(divide(5, 2, Rounding::HalfEven), Some(2));
/// assert_eq!(divide(5, 0, Rounding::HalfUp), None);
/// ```
pub fn divide(numerator: i128, denominator: i128, mode: Rounding) -> Option<i128> {
    let (dividend, divisor) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    let quotient = dividend.checked_div(divisor)?;
    let remainder = dividend % divisor;
    let away_from_zero = match mode {
        Rounding::Down => false,
        Rounding::Up => remainder > 0,
        // Compared with what is missing to the next whole number, because doubling the remainder could overflow.
        Rounding::HalfUp => remainder >= divisor - remainder,
        Rounding::HalfDown => remainder > divisor - remainder,
        Rounding::HalfEven => match remainder.cmp(&(divisor - remainder)) {
            Ordering::Less => false,
            Ordering::Equal => quotient % 2 == 1,
            Ordering::Greater => true,
        },
    };
    let rounded = quotient.checked_add(u128::from(away_from_zero))?;
    if (numerator < 0) == (denominator < 0) {
        i128::try_from(rounded).ok()
    } else {
        0_i128.checked_sub_unsigned(rounded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rounding::{Down, HalfDown, HalfEven, HalfUp, Up};
    use proptest::prelude::*;

    #[test]
    fn each_mode_rounds_halves_and_other_fractions_its_own_way() {
        for (mode, of_20, of_25, of_26, of_35) in [
            (HalfUp, 2, 3, 3, 4),
            (HalfEven, 2, 2, 3, 4),
            (HalfDown, 2, 2, 3, 3),
            (Down, 2, 2, 2, 3),
            (Up, 2, 3, 3, 4),
        ] {
            for (tenths, expected) in [(20, of_20), (25, of_25), (26, of_26), (35, of_35)] {
                assert_eq!(divide(tenths, 10, mode), Some(expected), "{tenths} {mode:?}");
                assert_eq!(divide(-tenths, 10, mode), Some(-expected), "-{tenths} {mode:?}");
                assert_eq!(divide(tenths, -10, mode), Some(-expected), "{tenths}/-10 {mode:?}");
            }
        }
    }

    #[test]
    fn the_limits_of_the_range_do_not_panic() {
        for mode in [HalfUp, HalfEven, HalfDown, Down, Up] {
            assert_eq!(divide(1, 0, mode), None);
            assert_eq!(divide(i128::MIN, 1, mode), Some(i128::MIN));
            assert_eq!(divide(i128::MIN, -1, mode), None);
            assert_eq!(divide(i128::MIN, i128::MIN, mode), Some(1));
        }
        assert_eq!(divide(i128::MAX, i128::MIN, HalfUp), Some(-1));
        assert_eq!(divide(i128::MAX, i128::MIN, Down), Some(0));
    }

    proptest! {
        #[test]
        fn the_error_is_below_one_and_in_nearest_modes_at_most_a_half(
            numerator in -1_000_000_i128..1_000_000,
            denominator in (-500_i128..500).prop_filter("not zero", |it| *it != 0),
        ) {
            for mode in [HalfUp, HalfEven, HalfDown, Down, Up] {
                let error = (divide(numerator, denominator, mode).unwrap() * denominator - numerator).abs();
                prop_assert!(error < denominator.abs());
                if matches!(mode, HalfUp | HalfEven | HalfDown) {
                    prop_assert!(error * 2 <= denominator.abs());
                }
            }
        }
    }
}
