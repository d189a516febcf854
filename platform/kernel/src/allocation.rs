//! Allocation of an amount over weights by the largest remainder method, so that the shares add up to the amount.

/// Reasons why an amount cannot be allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllocationError {
    /// Weight below zero.
    #[error("the weight at position {position} is negative")]
    NegativeWeight {
        /// Index of the weight, from 0.
        position: usize,
    },
    /// Amount other than zero without any weight above zero.
    #[error("an amount cannot be split when every weight is zero")]
    NoWeight,
}

/// Allocates `amount` in proportion to `weights` by the largest remainder method (Hamilton's), with ties to the earlier
/// position. The shares add up to the amount, each is within one unit of the exact one, a weight of 0 gets 0, and a negative
/// amount mirrors the positive one.
///
/// ```
/// use kernel::allocation::{AllocationError, allocate};
///
/// assert_eq!(allocate(1000, &[1, 1, 1]), Ok(vec![334, 333, 333]));
/// assert_eq!(allocate(-1000, &[1, 1, 1]), Ok(vec![-334, -333, -333]));
/// assert_eq!(allocate(1, &[0, 0]), Err(AllocationError::NoWeight));
/// ```
///
/// # Errors
///
/// * [`AllocationError::NegativeWeight`] for the first weight below zero.
/// * [`AllocationError::NoWeight`] for an amount other than zero when every weight is zero, or there is none.
pub fn allocate(amount: i64, weights: &[i64]) -> Result<Vec<i64>, AllocationError> {
    refuse_negative(weights)?;
    if amount == 0 {
        return Ok(vec![0; weights.len()]);
    }
    if weights.iter().all(|weight| *weight == 0) {
        return Err(AllocationError::NoWeight);
    }
    let sizes = split(amount.unsigned_abs(), weights);
    Ok(sizes.into_iter().map(|size| signed(size, amount)).collect())
}

fn refuse_negative(weights: &[i64]) -> Result<(), AllocationError> {
    match weights.iter().position(|weight| *weight < 0) {
        Some(position) => Err(AllocationError::NegativeWeight { position }),
        None => Ok(()),
    }
}

/// Shares of `size` by weights of which none is negative and at least one is positive.
fn split(size: u64, weights: &[i64]) -> Vec<u64> {
    let total: u128 = weights.iter().map(|weight| u128::from(weight.unsigned_abs())).sum();
    let exact = |weight: i64| u128::from(size) * u128::from(weight.unsigned_abs());
    let share = |weight: &i64| u64::try_from(exact(*weight) / total).expect("it is at most `size`");
    let mut shares: Vec<u64> = weights.iter().map(share).collect();
    let left = size - shares.iter().sum::<u64>();
    if left > 0 {
        let mut order: Vec<usize> = (0..weights.len()).collect();
        // The sort is stable: of equal remainders the earlier position comes first.
        order.sort_by_key(|position| std::cmp::Reverse(exact(weights[*position]) % total));
        for position in order.into_iter().zip(0..left).map(|(position, _)| position) {
            shares[position] += 1;
        }
    }
    shares
}

/// Share with the sign of the amount.
fn signed(size: u64, amount: i64) -> i64 {
    if amount < 0 {
        0_i64.saturating_sub_unsigned(size)
    } else {
        0_i64.saturating_add_unsigned(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn invalid_weights_are_refused() {
        assert_eq!(allocate(1, &[0, 0]), Err(AllocationError::NoWeight));
        assert_eq!(allocate(1, &[]), Err(AllocationError::NoWeight));
        assert_eq!(allocate(0, &[0, 0]), Ok(vec![0, 0]));
        assert_eq!(allocate(1, &[1, -1]), Err(AllocationError::NegativeWeight { position: 1 }));
    }

    #[test]
    fn the_limits_of_the_range_are_split_exactly() {
        assert_eq!(allocate(i64::MIN, &[5]), Ok(vec![i64::MIN]));
        assert_eq!(
            allocate(i64::MAX, &[i64::MAX, i64::MAX]),
            Ok(vec![i64::MAX / 2 + 1, i64::MAX / 2])
        );
    }

    fn weights() -> impl Strategy<Value = Vec<i64>> {
        let weight = prop_oneof![3 => 0_i64..50, 2 => 0_i64..1_000_000, 1 => Just(i64::MAX)];
        proptest::collection::vec(weight, 1..12)
            .prop_filter("some weight", |it| it.iter().any(|weight| *weight > 0))
    }

    proptest! {
        #[test]
        fn shares_add_up_and_stay_within_one_unit(amount in any::<i64>(), weights in weights()) {
            let shares = allocate(amount, &weights).unwrap();
            prop_assert_eq!(shares.iter().map(|share| i128::from(*share)).sum::<i128>(), i128::from(amount));
            let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            for (share, weight) in shares.iter().zip(&weights) {
                let exact = i128::from(amount) * i128::from(*weight);
                let floor = exact.abs() / total;
                let size = i128::from(*share).abs();
                prop_assert!(size == floor || (size == floor + 1 && exact.abs() % total > 0), "{} of {}", share, floor);
                prop_assert!(*share == 0 || share.signum() == amount.signum());
            }
        }

        #[test]
        fn the_larger_remainder_gets_the_unit_and_a_tie_goes_to_the_earlier_position(
            amount in 1_i64..100_000, weights in weights(),
        ) {
            let shares = allocate(amount, &weights).unwrap();
            let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
            let parts: Vec<(i128, bool)> = shares.iter().zip(&weights).map(|(share, weight)| {
                let exact = i128::from(amount) * i128::from(*weight);
                (exact % total, i128::from(*share) > exact / total)
            }).collect();
            for (later, (remainder, unit)) in parts.iter().enumerate() {
                for (earlier_remainder, earlier_unit) in &parts[..later] {
                    prop_assert!(!unit || *earlier_unit || earlier_remainder < remainder);
                    prop_assert!(!earlier_unit || *unit || earlier_remainder >= remainder);
                }
            }
        }

        #[test]
        fn a_negative_amount_mirrors_the_positive(amount in 0..i64::MAX, weights in weights()) {
            let mirrored: Vec<i64> = allocate(-amount, &weights).unwrap().into_iter().map(|share| -share).collect();
            prop_assert_eq!(allocate(amount, &weights).unwrap(), mirrored);
        }
    }
}
