//! Second step of the sign-in: a code of the app, or a recovery code. The page carries, sealed for this browser, that the password was right;
//! there is no session before the code is.

use super::{
    browser::Browser,
    fields,
    form::{self, Submitted},
    page::{self, Page},
    sign_in::{Destination, signed_in},
    signed_in::status,
};
use crate::{
    application::{error::AuthError, sessions::Proof, sign_in::second_factors::CodeCheck},
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::StatusCode;
use identifiers::AccountId;
use kernel::Timestamp;
use maud::html;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Form of the page.
const SECOND_STEP_FORM: &str = "second-step";
/// Authentication methods (`amr`, RFC 8176) of both steps. A recovery code is a one-time password as well.
const BOTH_STEPS: &[&str] = &["pwd", "otp", "mfa"];

/// Data of the page: whose password was right, and when.
#[derive(Debug, Serialize, Deserialize)]
struct SecondStep {
    destination: Destination,
    account: AccountId,
    at: Timestamp,
}

/// Page on which the code is entered.
pub(crate) fn page(
    provider: &Provider,
    browser: &Browser,
    destination: Destination,
    account: AccountId,
    at: Timestamp,
    error: Option<&str>,
) -> Response {
    let texts = browser.texts;
    let step = SecondStep { destination, account, at };
    let (sealed, cookie) = form::seal(provider, browser, SECOND_STEP_FORM, step);
    let page = Page::new(provider, browser, texts.account.code_page);
    let page = Page { status: status(error), ..page }.response(
        Some(texts.account.code_page_text),
        &html! {
            (fields::notice(error))
            form action=(provider.issuer.path("/second-step")) method="post" {
                input type="hidden" name="form" value=(sealed);
                (fields::code(texts, Some(texts.account.code_hint)))
                button.button #sign-in type="submit" { (texts.account.continue_to) }
            }
        },
    );
    page::with_cookie(page, cookie)
}

/// Checks the code, and begins the session.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    page::or_failure(&provider, texts, check(&provider, submitted).await)
}

async fn check(provider: &Provider, submitted: Submitted) -> Result<Response, AuthError> {
    let step = submitted.data::<SecondStep>(provider, SECOND_STEP_FORM);
    let Submitted { browser, parameters } = submitted;
    let Some(SecondStep { destination, account, at }) = step else {
        let texts = browser.texts;
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    let browser = destination.in_its_language(browser);
    let texts = browser.texts;
    // A password that was set since ends what the one before began.
    let holder = provider.accounts.load(account).await?;
    if !holder.is_some_and(|holder| holder.admits(at)) {
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    }
    let code = parameters.get("code").unwrap_or_default();
    let error = match provider.second_factors.check(account, code, texts.tag).await? {
        CodeCheck::OneTimePassword | CodeCheck::RecoveryCode => {
            let proof = Proof::by(BOTH_STEPS, account, at);
            return signed_in(provider, &browser, destination, &proof).await;
        }
        CodeCheck::Wrong => texts.account.wrong_code,
        CodeCheck::TooMany => texts.too_many_attempts,
    };
    Ok(page(provider, &browser, destination, account, at, Some(error)))
}
