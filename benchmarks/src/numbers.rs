//! Conversions of counts to floating-point figures for people.

/// A count as a figure; above 2^53 it loses precision.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

/// Mean: a sum per item, of which there is at least one.
pub(crate) fn each(sum: f64, count: u64) -> f64 {
    sum / float(count.max(1))
}

/// Bytes in units of 2^20.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    float(bytes) / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_no_items_is_the_sum() {
        assert_eq!((each(0.0, 0), each(10.0, 4)), (0.0, 2.5));
    }
}
