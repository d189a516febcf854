//! Public API of the shop: what customers who are signed in are told about their accounts.

use crate::provider::Provider;
use contracts::{
    auth::{AccountProfile, SERVICE},
    shared::CustomerActor,
};
use kernel::Problem;
use std::sync::Arc;
use web::{ApiResult, ApiRouter, Caller, Json, routes};

/// Routes.
pub(crate) fn routes(provider: Arc<Provider>) -> ApiRouter {
    routes! {
        tag "Accounts";
        /// Get the profile of the customer who is signed in
        get "/api/v1/account/profile" => profile as getAccountProfile;
    }
    .with_state(provider)
}

async fn profile(
    provider: web::State<Arc<Provider>>,
    caller: Caller,
) -> ApiResult<Json<AccountProfile>> {
    let CustomerActor(account) = caller.require_actor()?;
    let person = provider.accounts.person(account).await.map_err(|error| {
        tracing::error!(%error, "the profile of a customer could not be read");
        Problem::unavailable(SERVICE)
    })?;
    Ok(Json(AccountProfile { email: person.and_then(|person| person.email) }))
}
