//! Collector of metrics that another crate keeps, read at each scrape.

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet},
    metrics::MetricType,
    registry::Unit,
};
use std::fmt;

/// Sample of a metric at one moment. Samples of one name differ by their label and come one after the other.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Name of the metric, without the suffix that its kind adds.
    pub name: &'static str,
    /// Help text.
    pub help: &'static str,
    /// Label that distinguishes it from the others of its name.
    pub label: (&'static str, &'static str),
    /// Value of the sample.
    pub value: SampleValue,
}

/// Value of a sample, by the kind of its metric.
#[derive(Clone, Debug)]
pub enum SampleValue {
    /// Value of a counter; the text format adds `_total` to its name.
    Counter(u64),
    /// Value of a gauge; above `i64::MAX` it is shown as that.
    Gauge(u64),
    /// Observations of a histogram of seconds; the text format adds `_seconds` to its name.
    Histogram {
        /// Sum of the observations, in seconds.
        sum: f64,
        /// Upper bounds in seconds, ascending, each with the number of observations between it and the bound before.
        buckets: Vec<(f64, u64)>,
        /// Number of observations above the last bound (the bucket `+Inf`).
        overflow: u64,
    },
}

impl SampleValue {
    fn kind(&self) -> MetricType {
        match self {
            Self::Counter(_) => MetricType::Counter,
            Self::Gauge(_) => MetricType::Gauge,
            Self::Histogram { .. } => MetricType::Histogram,
        }
    }

    fn unit(&self) -> Option<&'static Unit> {
        matches!(self, Self::Histogram { .. }).then_some(&Unit::Seconds)
    }

    fn write(&self, mut page: MetricEncoder<'_>) -> fmt::Result {
        match self {
            Self::Counter(count) => page.encode_counter::<NoLabelSet, _, u64>(count, None),
            Self::Gauge(level) => {
                page.encode_gauge(&i64::try_from(*level).expect("a level is far below 2^63"))
            }
            Self::Histogram { sum, buckets, overflow } => {
                let buckets: Vec<_> =
                    buckets.iter().copied().chain([(f64::INFINITY, *overflow)]).collect();
                let count = buckets.iter().map(|(_, count)| count).sum();
                page.encode_histogram::<NoLabelSet>(*sum, count, &buckets, None)
            }
        }
    }
}

/// Collector that calls a function for its samples.
pub(crate) struct SampleCollector<F>(pub(crate) F);

impl<F: Fn() -> Vec<Sample> + Send + Sync + 'static> Collector for SampleCollector<F> {
    fn encode(&self, mut page: DescriptorEncoder<'_>) -> fmt::Result {
        for family in (self.0)().chunk_by(|one, next| one.name == next.name) {
            let Sample { name, help, value, .. } = &family[0];
            let help = format!("{help}.");
            let mut family_page =
                page.encode_descriptor(name, &help, value.unit(), value.kind())?;
            for sample in family {
                sample.value.write(family_page.encode_family(&[sample.label])?)?;
            }
        }
        Ok(())
    }
}

impl<F> fmt::Debug for SampleCollector<F> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SampleCollector").finish_non_exhaustive()
    }
}
