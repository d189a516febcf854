//! Passkeys of the account: the list, a new one, and the end of one.

use super::back;
use crate::{
    adapters::http::{
        account_texts::AccountTexts,
        fields,
        form::Submitted,
        page::{self, Page},
        passkey::{failure, script, with_script},
        signed_in::{PageError, SignedIn, or_replaced, status},
        texts::{Texts, filled},
    },
    application::{
        authorization::parameters::Parameters,
        error::AuthError,
        mail::AccountNotice,
        sign_in::passkeys::{Challenge, ListedPasskey},
    },
    domain::Rejection,
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use maud::{Markup, html};
use serde_json::json;
use std::sync::Arc;
use storage::Write;
use webauthn::ALGORITHMS;

/// Form of the page; its data is the challenge for a new passkey.
const PASSKEYS_FORM: &str = "account-passkeys";

/// List.
pub(crate) async fn show(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let page = shown(&provider, &headers).await;
    or_replaced(&provider, Texts::negotiate(&headers), page)
}

async fn shown(provider: &Provider, headers: &HeaderMap) -> Result<Response, PageError> {
    let person = SignedIn::of_headers(provider, headers).await?;
    list_page(provider, &person, None).await
}

/// Registers the passkey that the browser made, or removes one.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    or_replaced(&provider, texts, change(&provider, submitted).await)
}

async fn change(provider: &Provider, submitted: Submitted) -> Result<Response, PageError> {
    let (person, parameters, challenge) =
        SignedIn::of_form::<Challenge>(provider, submitted, PASSKEYS_FORM).await?;
    if let Err(error) = person.check_password(provider, &parameters).await? {
        return list_page(provider, &person, Some(error)).await;
    }
    let error = match parameters.get("remove") {
        Some(passkey) => {
            remove(provider, &person, passkey).await?;
            None
        }
        None => add(provider, &person, &parameters, &challenge).await?,
    };
    list_page(provider, &person, error).await
}

async fn remove(provider: &Provider, person: &SignedIn, passkey: &str) -> Result<(), AuthError> {
    if !person.account.has_passkey(passkey) {
        return Ok(());
    }
    let writes = notice(provider, person, AccountNotice::PasskeyRemoved)?;
    provider.passkeys.remove(person.session.account, passkey, writes).await
}

/// Registers a passkey; what was wrong with it, if anything was.
async fn add(
    provider: &Provider,
    person: &SignedIn,
    parameters: &Parameters,
    challenge: &Challenge,
) -> Result<Option<&'static str>, AuthError> {
    let value = |name| parameters.get(name).unwrap_or_default();
    let (client_data, attestation) = (value("client_data"), value("attestation"));
    let writes = notice(provider, person, AccountNotice::PasskeyAdded)?;
    let (passkeys, id) = (&provider.passkeys, person.session.account);
    match passkeys.register(id, challenge, client_data, attestation, writes).await {
        Ok(()) => Ok(None),
        Err(AuthError::Rejected(
            Rejection::PasskeyInvalid
            | Rejection::PasskeyExists
            | Rejection::TooManyPasskeys { .. },
        )) => Ok(Some(person.texts().account.passkey_not_added)),
        Err(error) => Err(error),
    }
}

fn notice(
    provider: &Provider,
    person: &SignedIn,
    notice: AccountNotice,
) -> Result<Vec<Write>, AuthError> {
    Ok(provider.mails.notice(person.person.email.as_deref(), notice, person.texts().tag)?)
}

async fn list_page(
    provider: &Provider,
    person: &SignedIn,
    error: Option<&str>,
) -> Result<Response, PageError> {
    let (texts, account) = (person.texts(), person.texts().account);
    let page = Page::new(provider, &person.browser, account.passkeys);
    let page = Page { status: status(error), ..page };
    let listed = provider.passkeys.of(person.session.account).await?;
    let introduction = account.passkeys_text;
    let Some(party) = &provider.passkeys.party else {
        let sentence = filled(account.passkeys_need_name, "origin", provider.issuer.origin());
        let content = html! { p.notice #error { (sentence) } (back(provider, texts)) };
        return Ok(page.response(Some(introduction), &content));
    };
    let challenge = provider.passkeys.challenge();
    let options = json!({
        "challenge": challenge.as_str(),
        "rp": { "id": party.id(), "name": provider.name },
        "user": {
            "id": provider.passkeys.user_handle(person.session.account),
            "name": person.email(),
            "displayName": person.email(),
        },
        "pubKeyCredParams": ALGORITHMS.map(|alg| json!({ "type": "public-key", "alg": alg })),
        "excludeCredentials": listed.iter().map(|it| json!({ "type": "public-key", "id": it.credential })).collect::<Vec<_>>(),
        "authenticatorSelection": { "residentKey": "required", "userVerification": "required" },
        "attestation": "none",
        "timeout": 300_000,
    });
    let (sealed, cookie) = person.seal(provider, PASSKEYS_FORM, challenge);
    let content = html! {
        (fields::notice(error))
        form #passkey-form action=(provider.issuer.path("/account/passkeys")) method="post" data-options=(options) {
            input type="hidden" name="form" value=(sealed);
            @for name in ["client_data", "attestation"] { input type="hidden" name=(name); }
            (fields::account_name(person.email()))
            (fields::current_password(account.current_password, error))
            // The first button of a form is what Enter presses: adding a passkey, or nothing without the script. It must remove none.
            button.button #passkey type="submit" disabled hidden { (account.passkey_add) }
            (failure(account.passkey_not_added))
            (list(account, &listed))
        }
        noscript { p.hint { (account.passkeys_need_script) } }
        (back(provider, texts))
        (script(provider))
    };
    let page = with_script(page.response(Some(introduction), &content));
    Ok(page::with_cookie(page, cookie))
}

fn list(account: &'static AccountTexts, listed: &[ListedPasskey]) -> Markup {
    let line = |passkey: &ListedPasskey| {
        let time = passkey.added.strftime("%Y-%m-%d %H:%M UTC").to_string();
        let text =
            if passkey.is_synced { account.passkey_synced } else { account.passkey_on_device };
        filled(text, "time", &time)
    };
    html! {
        @if listed.is_empty() { p { (account.passkeys_none) } }
        @else {
            ul.scopes {
                @for passkey in listed {
                    li.session {
                        span { (line(passkey)) }
                        button.button.plain type="submit" name="remove" value=(passkey.id)
                            aria-label=(format!("{}: {}", account.passkey_remove, line(passkey))) { (account.passkey_remove) }
                    }
                }
            }
        }
    }
}
