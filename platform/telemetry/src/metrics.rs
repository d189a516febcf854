//! Figures of a process in the text format of Prometheus.

use crate::collector::{Readings, Sample};
use parking_lot::Mutex;
use prometheus_client::encoding::text;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::registry::{Registry, Unit};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A figure that only grows.
pub type Counter = prometheus_client::metrics::counter::Counter;
/// A figure that goes up and down.
pub type Gauge = prometheus_client::metrics::gauge::Gauge;
/// How figures are spread over buckets.
pub type Histogram = prometheus_client::metrics::histogram::Histogram;

/// The media type of [`Metrics::encode`].
pub const METRICS_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds, in seconds, for how long something took: from a call within the process to a slow provider.
pub const LATENCY_BUCKETS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

type Labels = Vec<(&'static str, String)>;

/// The figures of the process. Clones share them. Ask once for a figure and keep it: counting is then one atomic
/// operation, while asking takes a lock.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<Figures>>);

#[derive(Default)]
struct Figures {
    registry: Registry,
    families: HashMap<&'static str, AnyFamily>,
}

enum AnyFamily {
    Counter(Family<Labels, Counter>),
    Gauge(Family<Labels, Gauge>),
    Histogram(Family<Labels, Histogram, Buckets>),
}

/// Makes the histograms of one family.
#[derive(Clone, Debug)]
struct Buckets(&'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

impl Metrics {
    /// No figures yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The counter of this name with these labels, and always the same one. The text adds `_total` to its name and
    /// a full stop to `help`.
    pub fn counter(
        &self,
        name: &'static str,
        help: &str,
        labels: &[(&'static str, &str)],
    ) -> Counter {
        let Figures { registry, families } = &mut *self.0.lock();
        let family = families.entry(name).or_insert_with(|| {
            let family = Family::default();
            registry.register(name, help, Family::clone(&family));
            AnyFamily::Counter(family)
        });
        match family {
            AnyFamily::Counter(family) => family.get_or_create(&owned(labels)).clone(),
            _ => clash(name),
        }
    }

    /// The gauge of this name with these labels, and always the same one.
    pub fn gauge(&self, name: &'static str, help: &str, labels: &[(&'static str, &str)]) -> Gauge {
        let Figures { registry, families } = &mut *self.0.lock();
        let family = families.entry(name).or_insert_with(|| {
            let family = Family::default();
            registry.register(name, help, Family::clone(&family));
            AnyFamily::Gauge(family)
        });
        match family {
            AnyFamily::Gauge(family) => family.get_or_create(&owned(labels)).clone(),
            _ => clash(name),
        }
    }

    /// The histogram of seconds of this name with these labels, and always the same one. `name` comes without its
    /// unit: the text adds `_seconds`. The buckets are those of the first who asks.
    pub fn seconds(
        &self,
        name: &'static str,
        help: &str,
        labels: &[(&'static str, &str)],
        buckets: &'static [f64],
    ) -> Histogram {
        let Figures { registry, families } = &mut *self.0.lock();
        let family = families.entry(name).or_insert_with(|| {
            let family = Family::new_with_constructor(Buckets(buckets));
            registry.register_with_unit(name, help, Unit::Seconds, Family::clone(&family));
            AnyFamily::Histogram(family)
        });
        let AnyFamily::Histogram(family) = family else {
            clash::<Counter>(name);
            return Histogram::new(buckets.iter().copied());
        };
        family.get_or_create(&owned(labels)).clone()
    }

    /// Puts figures on the page that somebody else keeps: `read` is asked whenever the page is.
    pub fn register_collector(&self, read: impl Fn() -> Vec<Sample> + Send + Sync + 'static) {
        self.0.lock().registry.register_collector(Box::new(Readings(read)));
    }

    /// All figures as text; see [`METRICS_CONTENT_TYPE`].
    pub fn encode(&self) -> String {
        let mut page = String::new();
        if let Err(error) = text::encode(&mut page, &self.0.lock().registry) {
            tracing::error!(%error, "a figure could not be written");
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

/// A figure that nobody sees, for a name that is taken by another kind: a wrong figure must not stop a sale.
fn clash<F: Default>(name: &str) -> F {
    tracing::error!(name, "two kinds of figure want this name; the later one is not shown");
    F::default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SampleValue;

    #[test]
    fn one_name_and_its_labels_are_one_figure() {
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
    fn readings_are_taken_when_the_page_is_asked_for() {
        let metrics = Metrics::new();
        let (flushes, kept) = (Counter::default(), Counter::default());
        let shared = kept.clone();
        metrics.register_collector(move || {
            let reading = |name, help, label, amount| Sample { name, help, label, amount };
            vec![
                reading("flushes", "Flushes", ("log", "one"), SampleValue::Counter(shared.get())),
                reading("flushes", "Flushes", ("log", "two"), SampleValue::Counter(flushes.get())),
                reading("backlog", "Waiting", ("log", "one"), SampleValue::Gauge(3)),
                reading(
                    "flush",
                    "Time of one",
                    ("log", "one"),
                    SampleValue::Seconds {
                        sum: 0.5,
                        buckets: vec![(0.25, 1), (0.5, 2)],
                        beyond: 1,
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
    fn a_name_of_two_kinds_keeps_the_first() {
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
