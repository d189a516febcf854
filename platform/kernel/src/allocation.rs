//! Splits an amount over weights so that the parts add up to it: largest remainder, ties to the earlier.

/// Why an amount could not be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllocationError {
    /// A weight below zero.
    #[error("the weight at position {position} is negative")]
    NegativeWeight {
        /// Which, from 0.
        position: usize,
    },
    /// There is an amount but no weight to give it to.
    #[error("an amount cannot be split when every weight is zero")]
    NoWeight,
    /// A cap below zero.
    #[error("the cap at position {position} is negative")]
    NegativeCap {
        /// Which, from 0.
        position: usize,
    },
    /// Not one cap for each weight.
    #[error("there are {caps} caps for {weights} weights")]
    CapsMissing {
        /// How many weights came.
        weights: usize,
        /// How many caps came.
        caps: usize,
    },
}

/// Splits `amount` in proportion to `weights`. Each share is within one unit of the exact one, the shares add up
/// to the amount, a weight of 0 gets 0, and a negative amount mirrors the positive one.
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

/// Splits `amount` like [`allocate`], but gives no position more than its cap (a size, never negative). What one
/// position cannot take goes to the others in the same proportion; what none can take is not given.
pub fn allocate_capped(
    amount: i64,
    weights: &[i64],
    caps: &[i64],
) -> Result<Vec<i64>, AllocationError> {
    refuse_negative(weights)?;
    if weights.len() != caps.len() {
        return Err(AllocationError::CapsMissing { weights: weights.len(), caps: caps.len() });
    }
    if let Some(position) = caps.iter().position(|cap| *cap < 0) {
        return Err(AllocationError::NegativeCap { position });
    }
    if amount != 0 && weights.iter().all(|weight| *weight == 0) {
        return Err(AllocationError::NoWeight);
    }
    let mut open = weights.to_vec();
    let mut fixed = vec![0; weights.len()];
    let mut rest = amount.unsigned_abs();
    // Every round but the last fixes at least one position, so there are at most as many rounds as positions.
    loop {
        let shares = split(rest, &open);
        let mut fixed_one = false;
        for (position, share) in shares.iter().enumerate() {
            let cap = caps[position].unsigned_abs();
            if *share > cap {
                (fixed[position], open[position]) = (cap, 0);
                rest -= cap;
                fixed_one = true;
            }
        }
        if !fixed_one {
            return Ok(fixed
                .into_iter()
                .zip(shares)
                .map(|(one, other)| signed(one + other, amount))
                .collect());
        }
    }
}

fn refuse_negative(weights: &[i64]) -> Result<(), AllocationError> {
    match weights.iter().position(|weight| *weight < 0) {
        Some(position) => Err(AllocationError::NegativeWeight { position }),
        None => Ok(()),
    }
}

/// Shares of `size` by weights that are not negative; all zero when no weight is left.
fn split(size: u64, weights: &[i64]) -> Vec<u64> {
    let total: u128 = weights.iter().map(|weight| u128::from(weight.unsigned_abs())).sum();
    if total == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: i64| u128::from(size) * u128::from(weight.unsigned_abs());
    // A share is at most `size`, so it fits.
    let mut shares: Vec<u64> = weights.iter().map(|weight| clamp(exact(*weight) / total)).collect();
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

fn clamp(share: u128) -> u64 {
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// A size with the sign of the amount it is a share of.
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
    fn what_cannot_be_split_is_refused() {
        assert_eq!(allocate(1, &[0, 0]), Err(AllocationError::NoWeight));
        assert_eq!(allocate(1, &[]), Err(AllocationError::NoWeight));
        assert_eq!(allocate(0, &[0, 0]), Ok(vec![0, 0]));
        assert_eq!(allocate(1, &[1, -1]), Err(AllocationError::NegativeWeight { position: 1 }));
        assert_eq!(
            allocate_capped(1, &[1], &[-1]),
            Err(AllocationError::NegativeCap { position: 0 })
        );
        assert_eq!(
            allocate_capped(1, &[1], &[]),
            Err(AllocationError::CapsMissing { weights: 1, caps: 0 })
        );
        assert_eq!(allocate_capped(1, &[0], &[1]), Err(AllocationError::NoWeight));
    }

    #[test]
    fn the_ends_of_the_range_are_split_exactly() {
        assert_eq!(allocate(i64::MIN, &[5]), Ok(vec![i64::MIN]));
        assert_eq!(
            allocate(i64::MAX, &[i64::MAX, i64::MAX]),
            Ok(vec![i64::MAX / 2 + 1, i64::MAX / 2])
        );
    }

    #[test]
    fn a_position_that_reaches_its_cap_late_is_fixed_too() {
        // 90 over 1:1:1 is 30 each; the first takes 10, so 80 over two is 40 each, and the second takes only 35.
        assert_eq!(allocate_capped(90, &[1, 1, 1], &[10, 35, 100]), Ok(vec![10, 35, 45]));
        assert_eq!(allocate_capped(-90, &[1, 1, 1], &[10, 35, 100]), Ok(vec![-10, -35, -45]));
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
        fn the_larger_remainder_gets_the_unit_and_of_equal_ones_the_earlier(
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

        #[test]
        fn caps_hold_and_all_is_given_that_can_be(
            amount in 0_i64..10_000,
            lines in proptest::collection::vec((0_i64..100, 0_i64..2_000), 1..8),
        ) {
            let (weights, caps): (Vec<i64>, Vec<i64>) = lines.into_iter().unzip();
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let shares = allocate_capped(amount, &weights, &caps).unwrap();
            prop_assert!(shares.iter().zip(&caps).all(|(share, cap)| (0..=*cap).contains(share)));
            let room: i64 = weights.iter().zip(&caps).filter(|(weight, _)| **weight > 0).map(|(_, cap)| cap).sum();
            prop_assert_eq!(shares.iter().sum::<i64>(), amount.min(room));
        }

        #[test]
        fn caps_that_bind_nobody_change_nothing(amount in any::<i64>(), weights in weights()) {
            let caps = vec![i64::MAX; weights.len()];
            prop_assume!(amount != i64::MIN);
            prop_assert_eq!(allocate_capped(amount, &weights, &caps), allocate(amount, &weights));
        }
    }
}
