//! Export and erasure of personal data, on the operator edge: it asks each service that has personal data, wherever that runs.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use contracts::order;
use kernel::{Cursor, Problem};
use rpc::Contract;
use runtime::Assembly;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};
use transport::DirectoryError;
use web::{Json, ProblemResponse};

/// Path of personal data on the operator edge.
pub(crate) const PERSONS_PATH: &str = "/maintenance/persons";

/// Request about a person. The address is in the body, because addresses of requests are logged.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonRequest {
    /// E-mail address.
    pub(crate) email: String,
    /// Cursor of an export that goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Cursor>,
}

/// Services that have personal data.
#[derive(Clone)]
pub(crate) struct PersonalData {
    customers: Arc<dyn order::Customers>,
}

impl PersonalData {
    /// The services of this process, and those that it reaches.
    pub(crate) fn of(assembly: &Assembly) -> Result<Self, DirectoryError> {
        let customers = if assembly.routers.contains_key(order::SERVICE) {
            assembly.contracts.contract::<dyn order::Customers>()
        } else {
            let channel = assembly.directory.channel(order::SERVICE)?;
            <dyn order::Customers as Contract>::client(channel)
        };
        Ok(Self { customers })
    }

    /// Routes of the operator edge.
    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route(&[PERSONS_PATH, "/export"].concat(), post(export))
            .route(&[PERSONS_PATH, "/erase"].concat(), post(erase))
            .with_state(self)
    }
}

impl fmt::Debug for PersonalData {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PersonalData")
    }
}

async fn export(
    State(services): State<PersonalData>,
    Json(person): Json<PersonRequest>,
) -> Response {
    let exported = services.customers.export(person.email, person.after).await;
    respond(exported.map_err(Problem::from))
}

async fn erase(
    State(services): State<PersonalData>,
    Json(person): Json<PersonRequest>,
) -> Response {
    respond(services.customers.erase(person.email).await.map_err(Problem::from))
}

fn respond(answer: Result<impl Serialize, Problem>) -> Response {
    match answer {
        Ok(answer) => Json(answer).into_response(),
        Err(problem) => ProblemResponse(problem).into_response(),
    }
}
