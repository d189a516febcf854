//! Status of the server, for programs.

use super::{EurekaServer, read};
use crate::{
    adapters::wire::Format,
    application::replication_link::LinkState,
    domain::{
        registry::Eviction,
        self_preservation::{RENEWAL_SHARE_MIN, SelfPreservation},
    },
};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// Root of the status in XML, as the original has it.
const XML_ROOT: &str = "com.netflix.eureka.util.StatusInfo";

/// Status object of the protocol, on whose content no client depends.
pub(super) fn status(server: &EurekaServer, format: Format) -> Response {
    let node = &server.node;
    let uptime = node.now_ms().saturating_sub(node.started_ms) / 1_000;
    let uptime = format!("{:02}:{:02}:{:02}", uptime / 3_600, uptime / 60 % 60, uptime % 60);
    let (mut all, mut available, mut unavailable) = (Vec::new(), Vec::new(), Vec::new());
    for link in &node.links {
        let LinkState { failure, is_self, .. } = link.state();
        if is_self {
            continue;
        }
        all.push(link.address());
        let list = if failure.is_none() { &mut available } else { &mut unavailable };
        list.push(link.address());
    }
    let (all, available) = (all.join(","), available.join(","));
    let (unavailable, is_healthy) = (unavailable.join(","), unavailable.is_empty());
    match format {
        Format::Json => axum::Json(json!({ "status": {
            "generalStats": { "server-uptime": uptime, "environment": "icommerce" },
            "applicationStats": {
                "registered-replicas": all,
                "available-replicas": available,
                "unavailable-replicas": unavailable,
            },
            "isHeathly": is_healthy,
        }}))
        .into_response(),
        Format::Xml => {
            let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
            let (all, available) = (escaped(&all), escaped(&available));
            let unavailable = escaped(&unavailable);
            let xml = format!(
                "<{XML_ROOT}><generalStats><server-uptime>{uptime}</server-uptime><environment>icommerce</environment></generalStats>\
                 <applicationStats><registered-replicas>{all}</registered-replicas><available-replicas>{available}</available-replicas>\
                 <unavailable-replicas>{unavailable}</unavailable-replicas></applicationStats><isHeathly>{is_healthy}</isHeathly></{XML_ROOT}>"
            );
            read::response(format, xml.into())
        }
    }
}

/// Overrides by id of the instance.
pub(super) fn overrides(server: &EurekaServer) -> Response {
    let overrides: Map<String, Value> = server.node.read(|registry| {
        let in_force = registry.overrides().in_force();
        in_force.map(|(id, status)| (id.to_owned(), status.name().into())).collect()
    });
    axum::Json(overrides).into_response()
}

/// Arithmetic of self-preservation, with a sentence that says what follows from it.
pub(super) fn self_preservation(server: &EurekaServer) -> Response {
    let (state, eviction) = server.node.change(|registry, now_ms| {
        (registry.self_preservation(now_ms), registry.last_eviction().copied())
    });
    let eviction = eviction.map(|Eviction { at_ms, expired, evicted, .. }| {
        json!({ "at_ms": at_ms, "expired": expired, "evicted": evicted })
    });
    axum::Json(json!({
        "enabled": state.is_enabled,
        "instances": state.instances,
        "promised_renewals_per_minute": state.promised_per_minute,
        "renewal_share_min": RENEWAL_SHARE_MIN,
        "threshold_per_minute": state.threshold,
        "received_in_last_minute": state.received,
        "may_evict": state.may_evict(),
        "explanation": explanation(&state),
        "last_eviction": eviction,
    }))
    .into_response()
}

/// What follows from the arithmetic, in words.
pub(super) fn explanation(state: &SelfPreservation) -> String {
    let SelfPreservation { instances, promised_per_minute, threshold, received, .. } = state;
    let share = RENEWAL_SHARE_MIN * 100.0;
    if !state.is_enabled {
        return "Self-preservation is turned off: every instance is evicted when its lease expires."
            .to_owned();
    }
    let sum = format!(
        "{instances} instances promise {promised_per_minute:.1} heartbeats a minute together; {share:.0} % of that, rounded down, is {threshold}"
    );
    if *instances == 0 {
        "No instance is registered, so there is nothing to evict.".to_owned()
    } else if state.may_evict() {
        format!(
            "{sum}. In the last full minute {received} arrived, which is more: instances whose leases expire are evicted."
        )
    } else if *threshold == 0 {
        format!("{sum}. With a threshold of 0 nothing is evicted.")
    } else {
        format!(
            "{sum}. In the last full minute {received} arrived, which is not more: the network is the likelier cause, so nothing is evicted until more arrive. registry-service.self_preservation = false turns this off."
        )
    }
}
