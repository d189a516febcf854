//! From figures to places on an axis.

/// Figures that differ by more than this are told apart by powers of ten.
const SPREAD_EVEN_MAX: f64 = 30.0;
/// About so many marks on an axis.
const MARKS: f64 = 5.0;

/// An axis: its ends, and how figures lie between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// From nothing to `end`, evenly, with a mark at every `step`.
    Even { end: f64, step: f64 },
    /// From one power of ten to another.
    Powers { first: i32, last: i32 },
}

impl Scale {
    /// From nothing, evenly.
    pub(super) fn even(figures: impl Iterator<Item = f64>) -> Self {
        let most = figures.filter(|figure| figure.is_finite()).fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let step = round_step(most / MARKS);
        Self::Even { end: (most / step).ceil() * step, step }
    }

    /// Evenly, unless the figures differ too much for that.
    pub(super) fn fitting(figures: impl Iterator<Item = f64>) -> Self {
        let figures: Vec<f64> =
            figures.filter(|figure| figure.is_finite() && *figure > 0.0).collect();
        let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let most = figures.iter().copied().fold(0.0, f64::max);
        if figures.is_empty() || most / least <= SPREAD_EVEN_MAX {
            return Self::even(figures.into_iter());
        }
        Self::Powers { first: power(least.log10().floor()), last: power(most.log10().ceil()) }
    }

    /// Where a figure lies, from 0 at the beginning of the axis to 1 at its end.
    pub(super) fn place(&self, figure: f64) -> f64 {
        match *self {
            Self::Even { end, .. } => (figure / end).clamp(0.0, 1.0),
            Self::Powers { first, last } => {
                let powers = f64::from((last - first).max(1));
                ((figure.max(f64::MIN_POSITIVE).log10() - f64::from(first)) / powers)
                    .clamp(0.0, 1.0)
            }
        }
    }

    /// The figures that are marked.
    pub(super) fn marks(&self) -> Vec<f64> {
        match *self {
            Self::Even { end, step } => {
                let count = power((end / step).round());
                (0..=count).map(|mark| f64::from(mark) * step).collect()
            }
            Self::Powers { first, last } => {
                (first..=last).map(|power| 10_f64.powi(power)).collect()
            }
        }
    }
}

/// The least of 1, 2, 5, 10, 20, 50 … that is not below this.
fn round_step(least: f64) -> f64 {
    let unit = 10_f64.powi(power(least.log10().floor()));
    let round = [1.0, 2.0, 5.0, 10.0].map(|round| round * unit);
    round.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(10.0 * unit)
}

#[expect(clippy::cast_possible_truncation, reason = "powers and marks are small")]
fn power(whole: f64) -> i32 {
    whole as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_axis_ends_at_a_round_figure() {
        let scale = Scale::even([3.0, 87.0, 41.0].into_iter());
        assert_eq!(scale, Scale::Even { end: 100.0, step: 20.0 });
        assert_eq!(scale.marks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        for (figure, place) in [(0.0, 0.0), (25.0, 0.25), (100.0, 1.0), (200.0, 1.0)] {
            assert!((scale.place(figure) - place).abs() < 1e-9, "{figure}");
        }
    }

    #[test]
    fn figures_far_apart_lie_by_powers_of_ten() {
        let scale = Scale::fitting([120.0, 90_000.0].into_iter());
        assert_eq!(scale, Scale::Powers { first: 2, last: 5 });
        assert_eq!(scale.marks(), [100.0, 1_000.0, 10_000.0, 100_000.0]);
        assert!((scale.place(1_000.0) - 1.0 / 3.0).abs() < 1e-9);
        assert!((scale.place(1.0)).abs() < 1e-9, "below the axis is at its beginning");
    }

    #[test]
    fn figures_close_together_lie_evenly() {
        assert_eq!(
            Scale::fitting([200.0, 1_000.0].into_iter()),
            Scale::Even { end: 1_000.0, step: 200.0 }
        );
        assert_eq!(Scale::fitting(std::iter::empty()), Scale::even(std::iter::once(1.0)));
    }

    #[test]
    fn steps_are_round() {
        for (least, step) in [(0.13, 0.2), (1.0, 1.0), (2.1, 5.0), (51.0, 100.0)] {
            assert!((round_step(least) - step).abs() < 1e-9, "{least}: {}", round_step(least));
        }
    }
}
