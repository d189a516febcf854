//! Device authorization endpoint (RFC 8628, section 3.1), and the page on which a person enters the code that a device shows.

use super::{
    authorize::proceed,
    body::ProtocolRequest,
    browser::Browser,
    client_credentials::{self, ClientRequest},
    error_response::ErrorResponse,
    form::{self, Submitted},
    page, respond,
    signed_in::network,
    texts::Texts,
};
use crate::{
    application::{
        authorization::{
            Progress,
            device_grants::{DeviceCodes, INTERVAL_SECONDS, LIFETIME, WaitingDevice},
            request::{AuthorizationRequest, DeviceTarget, Prompt},
            response_target::{ResponseMode, ResponseTarget},
        },
        error::AuthError,
    },
    domain::events::GrantType,
    provider::Provider,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use http::StatusCode;
use maud::html;
use serde_json::{Value, json};
use std::sync::Arc;

/// Form of the page.
const DEVICE_FORM: &str = "device";

/// Gives a device the codes with which it waits.
pub(crate) async fn authorization(
    State(provider): State<Arc<Provider>>,
    request: Request,
) -> Response {
    respond::with_cors(respond::answer(begin(&provider, request).await))
}

async fn begin(provider: &Provider, request: Request) -> Result<Value, ErrorResponse> {
    let ClientRequest { client, parameters, .. } =
        client_credentials::authenticated(provider, request).await?;
    let registration = client.registration();
    if !registration.allows(GrantType::DeviceCode) {
        let refused = "the client may not use this grant_type";
        return Err(ErrorResponse::new("unauthorized_client", refused));
    }
    let network = network();
    if !registration.is_confidential() && !provider.device_starts.begin(&network).await? {
        return Err(ErrorResponse::unavailable());
    }
    let scopes = registration.permitted(&parameters.scopes().unwrap_or_default());
    if scopes.is_empty() {
        return Err(ErrorResponse::new(
            "invalid_scope",
            "none of the scopes is open to this client",
        ));
    }
    let begun = provider.devices.begin(&client.id, client.changed_at(), scopes).await?;
    let DeviceCodes { device_code, user_code } = begun;
    let uri = provider.issuer.at("/device");
    Ok(json!({
        "device_code": device_code,
        "verification_uri_complete": format!("{uri}?user_code={user_code}"),
        "verification_uri": uri,
        "user_code": user_code,
        "expires_in": LIFETIME.as_secs(),
        "interval": INTERVAL_SECONDS,
    }))
}

/// Shows the page, with the code if the address has it. Nothing is decided by coming here.
pub(crate) async fn show(
    State(provider): State<Arc<Provider>>,
    request: ProtocolRequest,
) -> Response {
    let texts = Texts::negotiate(&request.headers);
    let code = request.parameters.unwrap_or_default();
    let code = code.get("user_code").unwrap_or_default();
    let shown = match Browser::of(&provider, &request.headers).await {
        Ok(browser) => Ok(code_page(&provider, &browser, code, None)),
        Err(error) => Err(error.into()),
    };
    page::or_failure(&provider, texts, shown)
}

/// Takes a code, and goes on to sign-in and consent.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    page::or_failure(&provider, texts, entered(&provider, submitted).await)
}

async fn entered(provider: &Provider, submitted: Submitted) -> Result<Response, AuthError> {
    let is_shown = submitted.data::<()>(provider, DEVICE_FORM).is_some();
    let Submitted { browser, parameters } = submitted;
    let texts = browser.texts;
    if !is_shown {
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    }
    let typed = parameters.get("user_code").unwrap_or_default();
    // Counted before it is looked at: a code has few letters.
    let network = network();
    if !provider.device_attempts.begin(&network).await? {
        return Ok(code_page(provider, &browser, "", Some(texts.too_many_attempts)));
    }
    let Some(device) = provider.devices.find(typed).await? else {
        return Ok(code_page(provider, &browser, typed, Some(texts.unknown_device_code)));
    };
    provider.device_attempts.forgive(&network).await?;
    let session = browser.session.as_ref();
    let request = request_of(device);
    Ok(proceed(provider, &browser, request, session, Progress::Arrived).await)
}

/// Authorization request of a device: the person is asked in any case, and the answer goes to the device.
fn request_of(device: WaitingDevice) -> AuthorizationRequest {
    AuthorizationRequest {
        client: device.client,
        client_changed_at: device.client_changed_at,
        target: ResponseTarget {
            redirect_uri: String::new(),
            mode: ResponseMode::Query,
            state: None,
            signature: None,
            is_self_registered: false,
        },
        scopes: device.scopes,
        code_challenge: Some(device.digest.clone()),
        nonce: None,
        dpop_key: None,
        prompt: Prompt { consent: true, ..Prompt::default() },
        id_token_claims: Vec::new(),
        pushed: None,
        device: Some(DeviceTarget { digest: device.digest, expires: device.expires }),
        max_age: None,
        wanted: None,
        login_hint: None,
        ui_locales: None,
    }
}

fn code_page(provider: &Provider, browser: &Browser, code: &str, error: Option<&str>) -> Response {
    let texts = browser.texts;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (sealed, cookie) = form::seal(provider, browser, DEVICE_FORM, ());
    let page = page::Page { status, ..page::Page::new(provider, browser, texts.device_title) };
    let page = page.response(
        Some(texts.device_text),
        &html! {
            @if let Some(error) = error { p.notice #error role="alert" { (error) } }
            form action=(provider.issuer.path("/device")) method="post" {
                input type="hidden" name="form" value=(sealed);
                div.field {
                    label for="user-code" { (texts.device_code) }
                    input.input #user-code name="user_code" value=(code) autocomplete="off" autocapitalize="characters"
                        spellcheck="false" required maxlength="20" aria-describedby=[error.map(|_| "error")];
                }
                button.button #continue type="submit" { (texts.continue_to) }
            }
        },
    );
    page::with_cookie(page, cookie)
}

/// Page that says that a decision about a device was taken.
pub(crate) fn decided(provider: &Provider, browser: &Browser, is_allowed: bool) -> Response {
    let texts = browser.texts;
    let (title, text) = if is_allowed {
        (texts.device_allowed, texts.device_allowed_text)
    } else {
        (texts.device_denied, texts.device_denied_text)
    };
    page::Page::new(provider, browser, title).response(Some(text), &html! {})
}
