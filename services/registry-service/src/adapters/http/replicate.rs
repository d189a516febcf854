//! Replication by peers: batches of changes.

use super::{EurekaServer, NODE, body, empty, read};
use crate::{
    adapters::wire::{Format, batch},
    domain::registry::Origin,
};
use axum::{extract::Request, response::Response};
use http::{HeaderValue, StatusCode};

/// Applies a batch of changes. It is a replication, whether a header says so or not.
pub(super) async fn apply_batch(server: &EurekaServer, request: Request) -> Response {
    let sender = request.headers().get(&NODE).cloned();
    let origin = Origin::Peer { says_override_times: sender.is_some() };
    let body = match body::read(request, body::BATCH_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let Some(changes) = batch::read_batch(&body, server.node.lease_seconds) else {
        return empty(StatusCode::BAD_REQUEST);
    };
    let is_self = sender.is_some_and(|it| it.as_bytes() == server.node.identity.as_bytes());
    let changes = if is_self { Vec::new() } else { changes };
    let answers = server.node.apply(changes, origin);
    let mut response = read::response(Format::Json, batch::write_answers(answers).into());
    if let Ok(identity) = HeaderValue::from_str(&server.node.identity) {
        response.headers_mut().insert(NODE, identity);
    }
    response
}
