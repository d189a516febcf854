//! Consent page, submitted.

use super::{
    authorize::{ACCESS_DENIED, CONSENT_FORM, ConsentForm, Progress, proceed, refuse},
    body,
    browser::{Browser, is_same_origin},
    form, page,
    texts::Texts,
};
use crate::{
    application::{error::AuthError, parameters::Parameters},
    provider::Provider,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

/// Takes the decision of a person, and tells the client.
pub(crate) async fn submit(State(provider): State<Arc<Provider>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let texts = Texts::negotiate(&head.headers);
    let parameters = body::form(&head.headers, body).await.ok();
    let parameters = parameters.filter(|_| is_same_origin(&provider, &head.headers));
    let Some(parameters) = parameters else {
        return page::error(&provider, texts, StatusCode::BAD_REQUEST, texts.form_expired);
    };
    match decide(&provider, &head.headers, &parameters).await {
        Ok(response) => response,
        Err(error) => page::failure(&provider, texts, &error),
    }
}

async fn decide(
    provider: &Provider,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Response, AuthError> {
    let browser = Browser::of(provider, headers).await?;
    let sealed = parameters.get("form").unwrap_or_default();
    let form = form::open::<ConsentForm>(provider, &browser, CONSENT_FORM, sealed);
    // The person who was asked must be the one who answers.
    let session = browser.session.as_ref();
    let asked = form.zip(session).filter(|(form, session)| form.sid == session.sid);
    let Some((ConsentForm { request, .. }, session)) = asked else {
        let texts = browser.texts;
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    if parameters.get("decision") != Some("allow") {
        return Ok(refuse(provider, &browser, &request.target, ACCESS_DENIED));
    }
    provider.accounts.consent(session.account, &request.client, &request.scopes).await?;
    proceed(provider, &browser, request, Some(session), Progress::Consented).await
}
