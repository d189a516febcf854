//! Sign-in with a passkey: the form that the script fills, and its answer. The script asks the browser, which offers the passkeys of this
//! name; without it, or without one, people use their passwords.

use super::{
    assets::{PASSKEYS_INTEGRITY, PASSKEYS_PATH},
    form::{Sealer, Submitted},
    page,
    sign_in::{Destination, signed_in},
    texts::Texts,
};
use crate::{
    application::{
        error::AuthError,
        sessions::Proof,
        sign_in::passkeys::{Challenge, PasskeyAnswer},
    },
    domain::Rejection,
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// Form of a sign-in with a passkey.
const PASSKEY_FORM: &str = "passkey";
/// Content security policy of a page with the script.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Authentication methods (`amr`, RFC 8176) of a passkey: a key of one device, or of several, and whoever was verified by it.
const ONE_DEVICE: &[&str] = &["hwk", "user", "mfa"];
const SEVERAL_DEVICES: &[&str] = &["swk", "user", "mfa"];

/// Data of the form.
#[derive(Serialize, Deserialize)]
struct PasskeyForm {
    destination: Destination,
    challenge: Challenge,
}

/// Form for a passkey below that for a password. Nothing where passkeys cannot be used.
pub(crate) fn sign_in_form(
    provider: &Provider,
    texts: &'static Texts,
    sealer: &Sealer<'_>,
    destination: &Destination,
) -> Markup {
    let Some(party) = &provider.passkeys.party else { return html! {} };
    let challenge = provider.passkeys.challenge();
    // Discoverable: no credential is named, so that nothing is told about any address.
    let options = json!({
        "challenge": challenge.as_str(),
        "rpId": party.id(),
        "userVerification": "required",
        "timeout": 300_000,
    });
    let data = PasskeyForm { destination: destination.clone(), challenge };
    let form = sealer.seal(PASSKEY_FORM, data);
    html! {
        form #passkey-form action=(provider.issuer.path("/passkey")) method="post" data-options=(options) {
            input type="hidden" name="form" value=(form);
            @for name in ["credential", "user_handle", "client_data", "authenticator_data", "signature"] {
                input type="hidden" name=(name);
            }
            button.button.plain #passkey type="submit" disabled hidden { (texts.account.passkey_sign_in) }
            (failure(texts.account.passkey_unanswered))
        }
        (script(provider))
    }
}

/// Sentence that the script shows when the browser did not answer with a passkey.
pub(crate) fn failure(sentence: &str) -> Markup {
    html! { p.notice #passkey-failure role="alert" hidden { (sentence) } }
}

/// The script, which a browser runs only if it is the one that was meant.
pub(crate) fn script(provider: &Provider) -> Markup {
    let path = provider.issuer.path(&PASSKEYS_PATH);
    html! { script src=(path) integrity=(*PASSKEYS_INTEGRITY) defer {} }
}

/// The page, on which the script may run.
pub(crate) fn with_script(mut page: Response) -> Response {
    let policy = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    page
}

/// Signs in with a passkey.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    page::or_failure(&provider, texts, sign_in(&provider, submitted).await)
}

async fn sign_in(provider: &Provider, submitted: Submitted) -> Result<Response, AuthError> {
    let form = submitted.data::<PasskeyForm>(provider, PASSKEY_FORM);
    let Submitted { browser, parameters } = submitted;
    let texts = browser.texts;
    let Some(PasskeyForm { destination, challenge }) = form else {
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    let browser = destination.in_its_language(browser);
    let value = |name| parameters.get(name).unwrap_or_default();
    let answer = PasskeyAnswer {
        credential: value("credential"),
        user_handle: value("user_handle"),
        client_data: value("client_data"),
        authenticator_data: value("authenticator_data"),
        signature: value("signature"),
    };
    // Before the account is looked at: a password that is set meanwhile ends what this begins.
    let at = provider.ids.now();
    match provider.passkeys.authenticate(&challenge, &answer).await {
        Ok(used) => {
            let methods = if used.is_synced { SEVERAL_DEVICES } else { ONE_DEVICE };
            let proof = Proof::by(methods, used.account, at);
            signed_in(provider, &browser, destination, &proof).await
        }
        Err(AuthError::Rejected(Rejection::PasskeyInvalid)) => {
            let error = browser.texts.account.passkey_invalid;
            super::sign_in::page_for(provider, &browser, destination, "", Some(error)).await
        }
        Err(error) => Err(error),
    }
}
