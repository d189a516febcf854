//! Writing: registration, heartbeat, cancellation, override, metadata.

use super::{EurekaServer, body, busy, empty, not_found, origin_of, read, target::Target};
use crate::{
    adapters::wire::{Detail, Document, Format, InvalidInstance, check_metadata, read_instance},
    domain::{
        overrides::StatusOverride,
        registry::{Heartbeat, Origin, RegistryFull, Renewal},
        status::InstanceStatus,
    },
};
use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;
use std::collections::BTreeMap;

const FULL: &str = "the registry has as many instances as it may have";

/// Registers the instance in the body of a request.
pub(super) async fn register(server: &EurekaServer, target: Target, request: Request) -> Response {
    let Target::Register { app } = target else { return not_found() };
    let origin = origin_of(request.headers());
    let body = match body::read(request, body::INSTANCE_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    match read_instance(&body, Format::of_body(&body), &app, server.node.lease_seconds) {
        Ok(instance) => match server.node.register(instance, origin) {
            Ok(()) => empty(StatusCode::NO_CONTENT),
            Err(RegistryFull) => busy(FULL),
        },
        Err(InvalidInstance::Unreadable) => {
            let error = json!({ "error": InvalidInstance::Unreadable.to_string() });
            (StatusCode::BAD_REQUEST, axum::Json(error)).into_response()
        }
        Err(invalid) => bad_request(&invalid.to_string()),
    }
}

/// Does what a request without a body asks for.
pub(super) fn write(server: &EurekaServer, target: &Target, request: &Request) -> Response {
    let parameters = Parameters::of(request.uri().query());
    let origin = origin_of(request.headers());
    let is_deletion = *request.method() == Method::DELETE;
    match target {
        Target::Instance { app, id } if is_deletion => known(server.node.cancel(app, id, origin)),
        Target::Instance { app, id } => {
            heartbeat(server, (app, id), &parameters, origin, request.headers())
        }
        Target::Status { app, id } => {
            let status = match parameters.status("value", is_deletion) {
                Ok(status) => status,
                Err(response) => return response,
            };
            let dirty_ms = parameters.last_dirty_ms();
            known(if is_deletion {
                server.node.remove_override(app, id, status, dirty_ms, origin)
            } else {
                server.node.set_override(app, id, status, dirty_ms, origin)
            })
        }
        Target::Metadata { app, id } => metadata(server, (app, id), parameters, origin),
        // Groups are Amazon's, where this registry does not look.
        _ => empty(StatusCode::BAD_REQUEST),
    }
}

fn heartbeat(
    server: &EurekaServer,
    (app, id): (&str, &str),
    parameters: &Parameters,
    origin: Origin,
    headers: &HeaderMap,
) -> Response {
    let overridden = parameters.get("overriddenstatus").and_then(InstanceStatus::parse);
    let heartbeat = Heartbeat {
        last_dirty_ms: parameters.last_dirty_ms(),
        overridden: overridden.map(|status| StatusOverride { changed_ms: 0, status }),
        peer_status: parameters.get("status").and_then(InstanceStatus::parse),
    };
    // A single heartbeat does not say when the override was changed.
    let origin = match origin {
        Origin::Peer { .. } => Origin::Peer { says_override_times: false },
        Origin::Client => Origin::Client,
    };
    match server.node.renew(app, id, &heartbeat, origin) {
        Renewal::Renewed => empty(StatusCode::OK),
        Renewal::Unknown => not_found(),
        Renewal::Conflict(leased) => {
            let format = read::accepted(headers);
            let bytes = format.render(&Document::Instance(leased), Detail::Full);
            let mut response = read::response(format, bytes.into());
            *response.status_mut() = StatusCode::CONFLICT;
            response
        }
    }
}

fn metadata(
    server: &EurekaServer,
    (app, id): (&str, &str),
    parameters: Parameters,
    origin: Origin,
) -> Response {
    let known_metadata = server
        .node
        .read(|registry| registry.instance(app, id).map(|leased| leased.instance.metadata.clone()));
    let Some(mut merged) = known_metadata else { return not_found() };
    merged.extend(parameters.0.clone());
    if let Err(invalid) = check_metadata(&merged) {
        return bad_request(&invalid.to_string());
    }
    match server.node.merge_metadata(app, id, parameters.0.into_iter().collect(), origin) {
        Ok(merged) => known(merged.is_some()),
        Err(RegistryFull) => busy(FULL),
    }
}

fn known(is_known: bool) -> Response {
    empty(if is_known { StatusCode::OK } else { StatusCode::NOT_FOUND })
}

fn bad_request(sentence: &str) -> Response {
    (StatusCode::BAD_REQUEST, sentence.to_owned()).into_response()
}

/// Parameters of a query; of several with one name the first.
struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn of(query: Option<&str>) -> Self {
        let mut parameters = BTreeMap::new();
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            parameters.entry(key.into_owned()).or_insert_with(|| value.into_owned());
        }
        Self(parameters)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn last_dirty_ms(&self) -> Option<u64> {
        self.get("lastDirtyTimestamp")?.parse().ok()
    }

    /// Status of this name; one that is missing is `Unknown` where it may be.
    fn status(&self, name: &str, may_be_missing: bool) -> Result<InstanceStatus, Response> {
        match self.get(name) {
            None if may_be_missing => Ok(InstanceStatus::Unknown),
            text => text.and_then(InstanceStatus::parse).ok_or_else(|| {
                let names = InstanceStatus::ALL.map(InstanceStatus::name).join(", ");
                bad_request(&format!("{name} must be one of {names}"))
            }),
        }
    }
}
