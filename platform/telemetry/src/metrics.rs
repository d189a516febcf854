//! Metrics of a process, in the `OpenMetrics` text format that Prometheus scrapes.

use crate::collector::{Sample, SampleCollector};
use parking_lot::Mutex;
use prometheus_client::encoding::text;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::registry::{Registry, Unit};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// Counter: a metric that only grows.
pub type Counter = prometheus_client::metrics::counter::Counter;
/// Gauge: a metric that goes up and down.
pub type Gauge = prometheus_client::metrics::gauge::Gauge;
/// Histogram: a metric of observations, counted by bucket.
pub type Histogram = prometheus_client::metrics::histogram::Histogram;

/// Media type of [`Metrics::encode`] (`OpenMetrics` 1.0).
pub const METRICS_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of latency buckets, in seconds: from a call within the process to a slow provider.
pub const LATENCY_BUCKETS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

type Labels = Vec<(&'static str, String)>;

/// Metrics registry of the process. Clones share it. Ask once for a metric and keep it: counting is then one atomic
/// operation, while asking takes a lock.
///
/// ```
/// use telemetry::{LATENCY_BUCKETS, Metrics};
///
/// let metrics = Metrics::new();
/// let jobs = metrics.counter("jobs", "Jobs done", &[("kind", "letter")]);
/// jobs.inc();
/// metrics.seconds("job", "Time for a job", &[], LATENCY_BUCKETS).observe(0.003);
///
/// let page = metrics.encode();
/// assert!(page.contains("jobs_total{kind=\"letter\"} 1"));
/// assert!(page.contains("job_seconds_bucket{le=\"0.005\"} 1"));
/// ```
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<MetricsInner>>);

#[derive(Default)]
struct MetricsInner {
    registry: Registry,
    families: HashMap<&'static str, MetricFamily>,
}

enum MetricFamily {
    Counter(Family<Labels, Counter>),
    Gauge(Family<Labels, Gauge>),
    Histogram(Family<Labels, Histogram, HistogramBuckets>),
}

/// Constructor of the histograms of one family, by their bucket bounds.
#[derive(Clone, Debug)]
struct HistogramBuckets(&'static [f64]);

impl MetricConstructor<Histogram> for HistogramBuckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

impl Metrics {
    /// Registry without metrics.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counter of this name with these labels, and always the same one. The text format adds `_total` to its name and a
    /// full stop to `help`. A name that another kind of metric has gives a counter that is not shown, and an error in the
    /// log.
    pub fn counter(
        &self,
        name: &'static str,
        help: &str,
        labels: &[(&'static str, &str)],
    ) -> Counter {
        let MetricsInner { registry, families } = &mut *self.0.lock();
        let family = families.entry(name).or_insert_with(|| {
            let family = Family::default();
            registry.register(name, help, Family::clone(&family));
            MetricFamily::Counter(family)
        });
        match family {
            MetricFamily::Counter(family) => family.get_or_create(&owned(labels)).clone(),
            _ => unregistered(name),
        }
    }

    /// Gauge of this name with these labels, and always the same one; as for [`Metrics::counter`].
    pub fn gauge(&self, name: &'static str, help: &str, labels: &[(&'static str, &str)]) -> Gauge {
        let MetricsInner { registry, families } = &mut *self.0.lock();
        let family = families.entry(name).or_insert_with(|| {
            let family = Family::default();
            registry.register(name, help, Family::clone(&family));
            MetricFamily::Gauge(family)
        });
        match family {
            MetricFamily::Gauge(family) => family.get_or_create(&owned(labels)).clone(),
            _ => unregistered(name),
        }
    }

    /// Histogram of seconds of this name with these labels, and always the same one; as for [`Metrics::counter`]. `name` has
    /// no unit, because the text format adds `_seconds`. The first call for a name decides its buckets.
    pub fn seconds(
        &self,
        name: &'static str,
        help: &str,
        labels: &[(&'static str, &str)],
        buckets: &'static [f64],
    ) -> Histogram {
        let MetricsInner { registry, families } = &mut *self.0.lock();
        let family = families.entry(name).or_insert_with(|| {
            let family = Family::new_with_constructor(HistogramBuckets(buckets));
            registry.register_with_unit(name, help, Unit::Seconds, Family::clone(&family));
            MetricFamily::Histogram(family)
        });
        let MetricFamily::Histogram(family) = family else {
            unregistered::<Counter>(name);
            return Histogram::new(buckets.iter().copied());
        };
        family.get_or_create(&owned(labels)).clone()
    }

    /// Registers a collector of metrics that another crate keeps; `read` is called for each scrape. Samples of one name come
    /// one after the other.
    pub fn register_collector(&self, read: impl Fn() -> Vec<Sample> + Send + Sync + 'static) {
        self.0.lock().registry.register_collector(Box::new(SampleCollector(read)));
    }

    /// Encodes all metrics as text; see [`METRICS_CONTENT_TYPE`].
    pub fn encode(&self) -> String {
        let mut page = String::new();
        if let Err(error) = text::encode(&mut page, &self.0.lock().registry) {
            tracing::error!(%error, "a metric could not be encoded");
        }
        page
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn owned(labels: &[(&'static str, &str)]) -> Labels {
    labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// Metric that is not shown, for a name that another kind has taken: a wrong metric must not stop the process.
fn unregistered<F: Default>(name: &str) -> F {
    tracing::error!(name, "two kinds of metric have this name; the later one is not shown");
    F::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SampleValue;

    #[test]
    fn one_name_with_its_labels_is_one_metric() {
        let metrics = Metrics::new();
        let other_crate = metrics.clone();
        metrics.counter("jobs", "Jobs done", &[("kind", "a")]).inc();
        other_crate.counter("jobs", "Jobs done", &[("kind", "a")]).inc_by(2);
        other_crate.counter("jobs", "Jobs done", &[("kind", "b")]).inc();
        metrics.gauge("queue_length", "Jobs waiting", &[]).set(7);
        metrics.seconds("job", "Time for a job", &[], LATENCY_BUCKETS).observe(0.003);

        let page = metrics.encode();
        for line in [
            "# HELP jobs Jobs done.",
            "# TYPE jobs counter",
            "jobs_total{kind=\"a\"} 3",
            "jobs_total{kind=\"b\"} 1",
            "queue_length{} 7",
            "job_seconds_bucket{le=\"0.0025\"} 0",
            "job_seconds_bucket{le=\"0.005\"} 1",
            "job_seconds_count{} 1",
            "# EOF",
        ] {
            assert!(page.lines().any(|it| it == line), "{line} is missing in\n{page}");
        }
    }

    #[test]
    fn samples_are_collected_at_each_scrape() {
        let metrics = Metrics::new();
        let (flushes, kept) = (Counter::default(), Counter::default());
        let shared = kept.clone();
        metrics.register_collector(move || {
            let sample = |name, help, label, value| Sample { name, help, label, value };
            vec![
                sample("flushes", "Flushes", ("log", "one"), SampleValue::Counter(shared.get())),
                sample("flushes", "Flushes", ("log", "two"), SampleValue::Counter(flushes.get())),
                sample("backlog", "Waiting", ("log", "one"), SampleValue::Gauge(3)),
                sample(
                    "flush",
                    "Time of one",
                    ("log", "one"),
                    SampleValue::Histogram {
                        sum: 0.5,
                        buckets: vec![(0.25, 1), (0.5, 2)],
                        overflow: 1,
                    },
                ),
            ]
        });
        kept.inc_by(7);
        let page = metrics.encode();
        for line in [
            "# HELP flushes Flushes.",
            "flushes_total{log=\"one\"} 7",
            "flushes_total{log=\"two\"} 0",
            "backlog{log=\"one\"} 3",
            "# TYPE flush_seconds histogram",
            "flush_seconds_sum{log=\"one\"} 0.5",
            "flush_seconds_count{log=\"one\"} 4",
            "flush_seconds_bucket{le=\"0.5\",log=\"one\"} 3",
            "flush_seconds_bucket{le=\"+Inf\",log=\"one\"} 4",
        ] {
            assert!(page.lines().any(|it| it == line), "{line} is missing in\n{page}");
        }
        assert_eq!(page.matches("# TYPE flushes ").count(), 1);
    }

    #[test]
    fn a_name_of_two_kinds_keeps_the_first_kind() {
        let metrics = Metrics::new();
        metrics.counter("jobs", "Jobs done", &[]).inc();
        metrics.gauge("jobs", "Jobs waiting", &[]).set(5);
        metrics.seconds("jobs", "Time", &[], LATENCY_BUCKETS).observe(1.0);
        let page = metrics.encode();
        assert!(page.contains("jobs_total{} 1") && !page.contains('5'), "{page}");
    }

    #[test]
    fn a_label_cannot_break_out_of_its_line() {
        let metrics = Metrics::new();
        metrics.counter("jobs", "Jobs done", &[("kind", "a\"} 9\nx \\")]).inc();
        let page = metrics.encode();
        assert!(page.contains(r#"jobs_total{kind="a\"} 9\nx \\"} 1"#), "{page}");
    }
}
