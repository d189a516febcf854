//! Administration of accounts on the operator edge: the commands of `icommerce auth` for a shop that is running.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::post,
};
use contracts::auth::{
    SERVICE,
    administration::{AccountAdministration, AccountCommand},
};
use kernel::Problem;
use rpc::Contract;
use runtime::Assembly;
use std::{fmt, sync::Arc};
use transport::DirectoryError;
use web::{Json, ProblemResponse};

/// Path of the administration of accounts on the operator edge.
pub(crate) const ACCOUNTS_PATH: &str = "/maintenance/accounts";

/// The auth server, wherever it runs.
#[derive(Clone)]
pub(crate) struct AccountCommands(Arc<dyn AccountAdministration>);

impl AccountCommands {
    /// That of this process, or the one that it reaches.
    pub(crate) fn of(assembly: &Assembly) -> Result<Self, DirectoryError> {
        if assembly.routers.contains_key(SERVICE) {
            return Ok(Self(assembly.contracts.contract::<dyn AccountAdministration>()));
        }
        let channel = assembly.directory.channel(SERVICE)?;
        Ok(Self(<dyn AccountAdministration as Contract>::client(channel)))
    }

    /// Routes of the operator edge.
    pub(crate) fn routes(self) -> Router {
        Router::new().route(ACCOUNTS_PATH, post(administer)).with_state(self)
    }
}

impl fmt::Debug for AccountCommands {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AccountCommands")
    }
}

async fn administer(
    State(AccountCommands(accounts)): State<AccountCommands>,
    Json(command): Json<AccountCommand>,
) -> Response {
    match accounts.administer(command).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => ProblemResponse(Problem::from(error)).into_response(),
    }
}
