//! Consent page, submitted.

use super::{
    authorize::{CONSENT_FORM, ConsentForm, deny, proceed},
    browser::Browser,
    form::Submitted,
    page,
};
use crate::{
    application::{
        authorization::{Progress, request::AuthorizationRefusal},
        error::AuthError,
    },
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use std::sync::Arc;

/// The person does not want it.
const ACCESS_DENIED: AuthorizationRefusal =
    AuthorizationRefusal { error: "access_denied", description: "the person did not allow it" };

/// Takes the decision of a person, and tells the client.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    page::or_failure(&provider, texts, decide(&provider, submitted).await)
}

async fn decide(provider: &Provider, submitted: Submitted) -> Result<Response, AuthError> {
    let form = submitted.data::<ConsentForm>(provider, CONSENT_FORM);
    let Submitted { browser, parameters } = submitted;
    let expired = |browser: &Browser| {
        let texts = browser.texts;
        Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired))
    };
    let Some(ConsentForm { request, sid }) = form else { return expired(&browser) };
    let browser = browser.in_language(request.ui_locales.as_deref());
    // The person who was asked must be the one who answers.
    let Some(session) = browser.session.as_ref().filter(|session| session.sid == sid) else {
        return expired(&browser);
    };
    if parameters.get("decision") != Some("allow") {
        return Ok(deny(provider, &browser, &request, ACCESS_DENIED, Progress::Consented).await);
    }
    provider.authorizations.consent(&request, session).await?;
    Ok(proceed(provider, &browser, request, Some(session), Progress::Consented).await)
}
