//! Operator's routes of parked messages: list and replay.

use super::{Parked, store};
use journal::ServiceStorage;
use kernel::{Cursor, Problem};
use schemars::JsonSchema;
use serde::Serialize;
use storage::{IndexPosition, StorageError, durability};
use web::{
    ApiResult, ApiRouter, Json, Paging, Path, Query,
    routing::{get, post},
};

/// Name of the list in its cursors.
const LIST: &str = "parked";

/// Parked messages, the longest parked first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
struct ParkedPage {
    /// The messages.
    items: Vec<Parked>,
    /// Cursor of the next page.
    next_cursor: Option<Cursor>,
}

/// Operator's routes of a service's parked messages: `GET /api/v1/parked/{service}` lists those of all its consumers,
/// `POST /api/v1/parked/{service}/{key}/replay` requests a replay of the message's subject, in order.
pub fn parking_routes(service: &'static str, storage: ServiceStorage) -> ApiRouter {
    let listing = storage.clone();
    let list = move |Query(paging): Query<Paging>| {
        let storage = listing.clone();
        async move { ApiResult::Ok(Json(page(&storage, &paging).await?)) }
    };
    let replay = move |Path(key): Path<String>| {
        let storage = storage.clone();
        async move { ApiResult::Ok(Json(request_replay(&storage, &key).await?)) }
    };
    ApiRouter::new()
        .api_route(
            &format!("/api/v1/parked/{service}"),
            get(list).describe(move |operation| {
                let id = format!("listParkedMessages_{}", service.replace('-', "_"));
                operation.id(&id).summary("List parked messages").tag("Feeds")
            }),
        )
        .api_route(
            &format!("/api/v1/parked/{service}/{{key}}/replay"),
            post(replay).describe(move |operation| {
                let id = format!("replayParkedMessage_{}", service.replace('-', "_"));
                operation
                    .id(&id)
                    .summary("Replay a parked message, and all of its subject, in order")
                    .tag("Feeds")
            }),
        )
}

async fn page(storage: &ServiceStorage, paging: &Paging) -> Result<ParkedPage, Problem> {
    let limit = paging.limit()?.get();
    let after: Option<IndexPosition> = paging.position(LIST)?;
    let (items, next) = store::page(storage, after, limit).await.map_err(|error| failed(&error))?;
    Ok(ParkedPage { items, next_cursor: next.map(|place| Cursor::encode(LIST, &place)) })
}

async fn request_replay(storage: &ServiceStorage, key: &str) -> Result<Parked, Problem> {
    let parked = store::find(storage, key).await.map_err(|error| failed(&error))?;
    let parked = parked.ok_or_else(|| Problem::not_found("parked message", key))?;
    let asked = storage.documents.write(vec![store::replay_request(&parked)]).await;
    durability::depend_on(&asked.map_err(|error| failed(&error))?);
    Ok(parked)
}

fn failed(error: &StorageError) -> Problem {
    tracing::error!(%error, "parked messages cannot be reached");
    Problem::unavailable("the parking lot")
}
