//! Metrics of the registry, read at each scrape.

use crate::{application::node::RegistryNode, domain::status::InstanceStatus};
use std::sync::Arc;
use telemetry::{Metrics, Sample, SampleValue};

pub(crate) fn register_metrics(metrics: &Metrics, node: &Arc<RegistryNode>) {
    let node = Arc::clone(node);
    metrics.register_collector(move || samples(&node));
}

fn samples(node: &RegistryNode) -> Vec<Sample> {
    let (counts, state) =
        node.change(|registry, now_ms| (*registry.counts(), registry.self_preservation(now_ms)));
    let present: Vec<_> = counts.present().collect();
    let count_of = |status| {
        present.iter().find(|(it, _)| *it == status).map_or(0, |(_, count)| u64::from(*count))
    };
    let instances = InstanceStatus::ALL.into_iter().map(|status| Sample {
        name: "registry_instances",
        help: "Registered instances by status",
        label: ("status", status.name()),
        value: SampleValue::Gauge(count_of(status)),
    });
    let renewals = [("received", state.received), ("threshold", state.threshold)];
    let renewals = renewals.into_iter().map(|(kind, count)| Sample {
        name: "registry_renewals_per_minute",
        help: "Heartbeats of the last full minute, and how many must be exceeded for evictions",
        label: ("kind", kind),
        value: SampleValue::Gauge(count),
    });
    instances.chain(renewals).collect()
}
