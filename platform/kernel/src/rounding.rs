//! Exact division with the roundings that accountants use, all symmetric about zero.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What happens to a fraction. Giving back is the exact negative of taking, so every mode mirrors at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest, a half away from zero.
    #[default]
    HalfUp,
    /// To the nearest, a half to the even neighbour.
    HalfEven,
    /// To the nearest, a half towards zero.
    HalfDown,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

/// `numerator / denominator`, rounded; `None` if the denominator is 0 or the result does not fit.
pub fn divide(numerator: i128, denominator: i128, mode: Rounding) -> Option<i128> {
    let (size, by) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    let whole = size.checked_div(by)?;
    let rest = size % by;
    let away = match mode {
        Rounding::Down => false,
        Rounding::Up => rest > 0,
        // Against what is missing to the next whole number: doubling the rest could overflow.
        Rounding::HalfUp => rest >= by - rest,
        Rounding::HalfDown => rest > by - rest,
        Rounding::HalfEven => match rest.cmp(&(by - rest)) {
            Ordering::Less => false,
            Ordering::Equal => whole % 2 == 1,
            Ordering::Greater => true,
        },
    };
    let rounded = whole.checked_add(u128::from(away))?;
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
    fn halves_and_parts_go_where_the_mode_says() {
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
    fn the_ends_of_the_range_do_not_panic() {
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
        fn a_result_is_within_one_and_nearest_modes_within_a_half(
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
