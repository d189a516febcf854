//! Figures that somebody else keeps, read anew for every page.

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet},
    metrics::MetricType,
    registry::Unit,
};
use std::fmt;

/// One figure as it stands. Figures of one name differ by their label and are handed over one after the other.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its name, without the ending that its kind adds.
    pub name: &'static str,
    /// What it is, for people.
    pub help: &'static str,
    /// What tells it from the others of its name.
    pub label: (&'static str, &'static str),
    /// How much.
    pub amount: SampleValue,
}

/// What a figure is made of.
#[derive(Clone, Debug)]
pub enum SampleValue {
    /// It only grows; the text adds `_total` to its name.
    Counter(u64),
    /// It goes up and down.
    Gauge(u64),
    /// Times; the text adds `_seconds` to its name.
    Seconds {
        /// Their sum.
        sum: f64,
        /// Upper bounds, ascending, each with how many lie between it and the one before.
        buckets: Vec<(f64, u64)>,
        /// How many lie above the last bound.
        beyond: u64,
    },
}

impl SampleValue {
    fn kind(&self) -> MetricType {
        match self {
            Self::Counter(_) => MetricType::Counter,
            Self::Gauge(_) => MetricType::Gauge,
            Self::Seconds { .. } => MetricType::Histogram,
        }
    }

    fn unit(&self) -> Option<&'static Unit> {
        matches!(self, Self::Seconds { .. }).then_some(&Unit::Seconds)
    }

    fn write(&self, mut page: MetricEncoder<'_>) -> fmt::Result {
        match self {
            Self::Counter(count) => page.encode_counter::<NoLabelSet, _, u64>(count, None),
            Self::Gauge(level) => page.encode_gauge(&i64::try_from(*level).unwrap_or(i64::MAX)),
            Self::Seconds { sum, buckets, beyond } => {
                let buckets: Vec<_> =
                    buckets.iter().copied().chain([(f64::INFINITY, *beyond)]).collect();
                let count = buckets.iter().map(|(_, count)| count).sum();
                page.encode_histogram::<NoLabelSet>(*sum, count, &buckets, None)
            }
        }
    }
}

/// Whoever keeps the figures.
pub(crate) struct Readings<F>(pub(crate) F);

impl<F: Fn() -> Vec<Sample> + Send + Sync + 'static> Collector for Readings<F> {
    fn encode(&self, mut page: DescriptorEncoder<'_>) -> fmt::Result {
        for family in (self.0)().chunk_by(|one, next| one.name == next.name) {
            let Sample { name, help, amount, .. } = &family[0];
            let help = format!("{help}.");
            let mut family_page =
                page.encode_descriptor(name, &help, amount.unit(), amount.kind())?;
            for reading in family {
                reading.amount.write(family_page.encode_family(&[reading.label])?)?;
            }
        }
        Ok(())
    }
}

impl<F> fmt::Debug for Readings<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Readings").finish_non_exhaustive()
    }
}
