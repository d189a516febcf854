//! Two-step sign-in: setting up an authenticator app, new recovery codes, and the end of it. Each asks for the present password, so that
//! a browser that somebody left open does not lock its owner out.

use super::{back, done};
use crate::{
    adapters::http::{
        fields,
        form::Submitted,
        page::{self, Page},
        qr_code,
        signed_in::{PageError, SignedIn, or_replaced, status},
        texts::{Texts, filled},
    },
    application::{
        accounts::new_password::is_enough_alone, error::AuthError, mail::AccountNotice,
        sign_in::one_time_password::TotpSecret,
    },
    domain::{Rejection, account::SecondFactor},
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, HeaderValue};
use jose::{base64url_decode, base64url_encode};
use maud::{Markup, html};
use std::sync::Arc;
use storage::Write;

/// Form of the set-up; its data is the secret, which is kept nowhere before the app has shown that it has it.
const SET_UP_FORM: &str = "two-step-set-up";
/// Form of what is there.
const CHANGE_FORM: &str = "two-step-change";

/// What there is, or the set-up.
pub(crate) async fn show(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let page = shown(&provider, &headers).await;
    or_replaced(&provider, Texts::negotiate(&headers), page)
}

async fn shown(provider: &Provider, headers: &HeaderMap) -> Result<Response, PageError> {
    let person = SignedIn::of_headers(provider, headers).await?;
    Ok(if person.has_second_factor() {
        change_page(provider, &person, None)
    } else {
        let secret = TotpSecret::generate(&**provider.ids.randomness());
        set_up_page(provider, &person, &secret, None)
    })
}

/// Turns it on.
pub(crate) async fn turn_on(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    or_replaced(&provider, texts, turned_on(&provider, submitted).await)
}

async fn turned_on(provider: &Provider, submitted: Submitted) -> Result<Response, PageError> {
    let (person, parameters, sealed) =
        SignedIn::of_form::<String>(provider, submitted, SET_UP_FORM).await?;
    let texts = person.texts();
    let secret = base64url_decode(&sealed).ok().and_then(|secret| TotpSecret::of_bytes(&secret));
    let secret = secret.ok_or(Rejection::CodeInvalid)?;
    if let Err(error) = person.check_password(provider, &parameters).await? {
        return Ok(set_up_page(provider, &person, &secret, Some(error)));
    }
    let code = parameters.get("code").unwrap_or_default();
    let writes = notice(provider, &person, AccountNotice::SecondFactorEnabled)?;
    let account = person.session.account;
    match provider.second_factors.enable(account, &secret, code, writes).await {
        Err(AuthError::Rejected(Rejection::CodeInvalid)) => {
            Ok(set_up_page(provider, &person, &secret, Some(texts.account.wrong_code)))
        }
        codes => Ok(codes_page(provider, &person, &codes?)),
    }
}

/// Makes new recovery codes, or turns it off.
pub(crate) async fn change(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    or_replaced(&provider, texts, changed(&provider, submitted).await)
}

async fn changed(provider: &Provider, submitted: Submitted) -> Result<Response, PageError> {
    let (person, parameters, ()) = SignedIn::of_form(provider, submitted, CHANGE_FORM).await?;
    let (texts, account) = (person.texts(), person.session.account);
    if let Err(error) = person.check_password(provider, &parameters).await? {
        return Ok(change_page(provider, &person, Some(error)));
    }
    if parameters.get("change") == Some("codes") {
        let writes = notice(provider, &person, AccountNotice::RecoveryCodesReplaced)?;
        let codes = provider.second_factors.replace_codes(account, writes).await?;
        return Ok(codes_page(provider, &person, &codes));
    }
    if !is_enough_alone(parameters.get("password").unwrap_or_default()) {
        let error = texts.account.two_step_needs_long_password;
        return Ok(change_page(provider, &person, Some(error)));
    }
    let writes = notice(provider, &person, AccountNotice::SecondFactorDisabled)?;
    provider.second_factors.disable(account, writes).await?;
    Ok(done(provider, &person, texts.account.two_step, texts.account.saved))
}

fn notice(
    provider: &Provider,
    person: &SignedIn,
    notice: AccountNotice,
) -> Result<Vec<Write>, AuthError> {
    Ok(provider.mails.notice(person.person.email.as_deref(), notice, person.texts().tag)?)
}

fn set_up_page(
    provider: &Provider,
    person: &SignedIn,
    secret: &TotpSecret,
    error: Option<&str>,
) -> Response {
    let (texts, account) = (person.texts(), person.texts().account);
    let (sealed, cookie) = person.seal(provider, SET_UP_FORM, base64url_encode(secret.expose()));
    let picture = qr_code::svg(&secret.to_uri(&provider.name, person.email()), account.qr_name);
    let content = html! {
        (fields::notice(error))
        @if let Some(picture) = picture { (picture) }
        p { (account.two_step_key) " " code.key #key { (grouped(&secret.to_base32())) } }
        form action=(provider.issuer.path("/account/two-step")) method="post" {
            input type="hidden" name="form" value=(sealed);
            (fields::code(texts, None))
            (fields::account_name(person.email()))
            (fields::current_password(account.current_password, error))
            button.button #turn-on type="submit" { (account.two_step_turn_on) }
        }
        (back(provider, texts))
    };
    let introduction = account.two_step_scan;
    shown_page(provider, person, account.two_step_set_up, introduction, &content, error, cookie)
}

fn change_page(provider: &Provider, person: &SignedIn, error: Option<&str>) -> Response {
    let (texts, account) = (person.texts(), person.texts().account);
    let left = person.account.second_factor.map_or(0, SecondFactor::codes_left);
    let introduction = filled(account.two_step_on, "codes", &left.to_string());
    let (sealed, cookie) = person.seal(provider, CHANGE_FORM, ());
    let content = html! {
        (fields::notice(error))
        form action=(provider.issuer.path("/account/two-step/change")) method="post" {
            (fields::nothing_on_enter())
            input type="hidden" name="form" value=(sealed);
            (fields::account_name(person.email()))
            (fields::current_password(account.current_password, error))
            div.ways {
                button.button #new-codes type="submit" name="change" value="codes" { (account.new_recovery_codes) }
                button.button.plain #turn-off type="submit" name="change" value="off" { (account.two_step_turn_off) }
            }
        }
        (back(provider, texts))
    };
    shown_page(provider, person, account.two_step, &introduction, &content, error, cookie)
}

fn codes_page(provider: &Provider, person: &SignedIn, codes: &[String]) -> Response {
    let (texts, account) = (person.texts(), person.texts().account);
    let content = html! {
        ul.codes { @for code in codes { li { code { (code) } } } }
        (back(provider, texts))
    };
    let introduction = account.recovery_codes_text;
    shown_page(provider, person, account.recovery_codes, introduction, &content, None, None)
}

fn shown_page(
    provider: &Provider,
    person: &SignedIn,
    title: &str,
    introduction: &str,
    content: &Markup,
    error: Option<&str>,
    cookie: Option<HeaderValue>,
) -> Response {
    let page = Page::new(provider, &person.browser, title);
    let page = Page { status: status(error), ..page }.response(Some(introduction), content);
    page::with_cookie(page, cookie)
}

/// A key in groups of four, as people copy it.
fn grouped(key: &str) -> String {
    let groups = key.as_bytes().chunks(4).map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(" ")
}
