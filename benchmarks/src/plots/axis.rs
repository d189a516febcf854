//! Axis of a chart: linear or logarithmic scale, with ticks.

/// Ratio of the largest to the smallest figure above which an axis is logarithmic.
const LINEAR_RATIO_MAX: f64 = 30.0;
/// Approximate number of ticks on an axis.
const TICKS: f64 = 5.0;

/// Axis: its ends and its scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Axis {
    /// Linear from zero to `end`, with a tick at every `step`.
    Linear { end: f64, step: f64 },
    /// Logarithmic from one power of ten to another.
    Logarithmic { first: i32, last: i32 },
}

impl Axis {
    /// A linear axis from zero.
    pub(super) fn linear(figures: impl Iterator<Item = f64>) -> Self {
        let most = figures.filter(|figure| figure.is_finite()).fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let step = round_step(most / TICKS);
        Self::Linear { end: (most / step).ceil() * step, step }
    }

    /// A linear axis, or a logarithmic one if the figures differ too much.
    pub(super) fn linear_or_logarithmic(figures: impl Iterator<Item = f64>) -> Self {
        let figures: Vec<f64> =
            figures.filter(|figure| figure.is_finite() && *figure > 0.0).collect();
        let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
        let most = figures.iter().copied().fold(0.0, f64::max);
        if figures.is_empty() || most / least <= LINEAR_RATIO_MAX {
            return Self::linear(figures.into_iter());
        }
        Self::Logarithmic { first: power(least.log10().floor()), last: power(most.log10().ceil()) }
    }

    /// Position of a figure, from 0 at the start of the axis to 1 at its end.
    pub(super) fn position(&self, figure: f64) -> f64 {
        match *self {
            Self::Linear { end, .. } => (figure / end).clamp(0.0, 1.0),
            Self::Logarithmic { first, last } => {
                let powers = f64::from((last - first).max(1));
                ((figure.max(f64::MIN_POSITIVE).log10() - f64::from(first)) / powers)
                    .clamp(0.0, 1.0)
            }
        }
    }

    /// Figures with a tick.
    pub(super) fn ticks(&self) -> Vec<f64> {
        match *self {
            Self::Linear { end, step } => {
                let count = power((end / step).round());
                (0..=count).map(|mark| f64::from(mark) * step).collect()
            }
            Self::Logarithmic { first, last } => {
                (first..=last).map(|power| 10_f64.powi(power)).collect()
            }
        }
    }
}

/// The least of 1, 2, 5, 10, 20, 50 … that is not below `least`.
fn round_step(least: f64) -> f64 {
    let unit = 10_f64.powi(power(least.log10().floor()));
    let round = [1.0, 2.0, 5.0, 10.0].map(|round| round * unit);
    round.into_iter().find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(10.0 * unit)
}

#[expect(clippy::cast_possible_truncation, reason = "exponents and tick counts are small")]
fn power(whole: f64) -> i32 {
    whole as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_axis_ends_at_a_round_figure() {
        let axis = Axis::linear([3.0, 87.0, 41.0].into_iter());
        assert_eq!(axis, Axis::Linear { end: 100.0, step: 20.0 });
        assert_eq!(axis.ticks(), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        for (figure, position) in [(0.0, 0.0), (25.0, 0.25), (100.0, 1.0), (200.0, 1.0)] {
            assert!((axis.position(figure) - position).abs() < 1e-9, "{figure}");
        }
    }

    #[test]
    fn figures_far_apart_have_a_logarithmic_axis() {
        let axis = Axis::linear_or_logarithmic([120.0, 90_000.0].into_iter());
        assert_eq!(axis, Axis::Logarithmic { first: 2, last: 5 });
        assert_eq!(axis.ticks(), [100.0, 1_000.0, 10_000.0, 100_000.0]);
        assert!((axis.position(1_000.0) - 1.0 / 3.0).abs() < 1e-9);
        assert!((axis.position(1.0)).abs() < 1e-9, "a figure below the axis is at its start");
    }

    #[test]
    fn figures_close_together_have_a_linear_axis() {
        assert_eq!(
            Axis::linear_or_logarithmic([200.0, 1_000.0].into_iter()),
            Axis::Linear { end: 1_000.0, step: 200.0 }
        );
        assert_eq!(
            Axis::linear_or_logarithmic(std::iter::empty()),
            Axis::linear(std::iter::once(1.0))
        );
    }

    #[test]
    fn steps_are_round() {
        for (least, step) in [(0.13, 0.2), (1.0, 1.0), (2.1, 5.0), (51.0, 100.0)] {
            assert!((round_step(least) - step).abs() < 1e-9, "{least}: {}", round_step(least));
        }
    }
}
