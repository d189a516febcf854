//! One-time link: the page on which the person of a new account, or one who lost the password, sets it.

use super::{
    body::ProtocolRequest,
    browser::Browser,
    fields,
    form::{self, Submitted},
    page,
    signed_in::{or_link_invalid, status},
    texts::Texts,
};
use crate::{
    application::{accounts::person_records::Person, error::AuthError, mail::AccountNotice},
    domain::{Rejection, account::Account},
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use identifiers::Email;
use maud::html;
use std::sync::Arc;

/// Form of the page; its data is the handle of the link.
const SET_UP_FORM: &str = "set-up";

/// Page of a link.
pub(crate) async fn show(
    State(provider): State<Arc<Provider>>,
    request: ProtocolRequest,
) -> Response {
    let parameters = request.parameters.unwrap_or_default();
    let handle = parameters.get("link").unwrap_or_default();
    let shown = page_of_link(&provider, &request.headers, handle).await;
    or_link_invalid(&provider, Texts::negotiate(&request.headers), shown)
}

async fn page_of_link(
    provider: &Provider,
    headers: &HeaderMap,
    handle: &str,
) -> Result<Response, AuthError> {
    let browser = Browser::of(provider, headers).await?;
    let (id, person) = provider.accounts.offered(handle).await?;
    let holder = provider.accounts.load(id).await?.ok_or(Rejection::OfferInvalid)?;
    let title = title(browser.texts, &holder);
    Ok(form_page(provider, &browser, title, handle, &person, "", None))
}

/// Sets the password.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    or_link_invalid(&provider, texts, set_up(&provider, submitted).await)
}

async fn set_up(provider: &Provider, submitted: Submitted) -> Result<Response, AuthError> {
    let handle = submitted.data::<String>(provider, SET_UP_FORM);
    let Submitted { browser, parameters } = submitted;
    let texts = browser.texts;
    let Some(handle) = handle else {
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    let (id, person) = provider.accounts.offered(&handle).await?;
    let holder = provider.accounts.load(id).await?.ok_or(Rejection::OfferInvalid)?;
    let typed = parameters.get("email").unwrap_or_default();
    let title = title(texts, &holder);
    let again = |error| form_page(provider, &browser, title, &handle, &person, typed, Some(error));
    let Ok(email) = Email::parse(person.email.as_deref().unwrap_or(typed)) else {
        return Ok(again(texts.wrong_email));
    };
    let password = parameters.get("password").unwrap_or_default();
    let password = match provider.password_policy.choose(password, email.as_str(), false).await? {
        Ok(password) => password,
        Err(refusal) => return Ok(again(fields::refusal(texts, refusal, false))),
    };
    // Of a first password there is nothing to tell.
    let owner = person.email.as_deref().filter(|_| holder.is_set_up);
    let notice = provider.mails.notice(owner, AccountNotice::PasswordChanged, texts.tag)?;
    match provider.accounts.set_up(&handle, &email, &password, notice).await {
        Ok(id) => provider.session_list.end_all(id).await?,
        Err(AuthError::Rejected(Rejection::AddressTaken)) => return Ok(again(texts.address_taken)),
        Err(AuthError::Busy) => return Ok(again(texts.busy)),
        Err(error) => return Err(error),
    }
    let page = page::Page::new(provider, &browser, texts.set_up_done);
    Ok(page.response(Some(texts.set_up_done_text), &page::to_shop(provider, texts)))
}

/// What the person came for: the first password, or another one in place of one that was lost.
fn title(texts: &'static Texts, holder: &Account) -> &'static str {
    if holder.is_set_up { texts.reset } else { texts.set_up }
}

fn form_page(
    provider: &Provider,
    browser: &Browser,
    title: &'static str,
    handle: &str,
    person: &Person,
    typed: &str,
    error: Option<&str>,
) -> Response {
    let texts = browser.texts;
    let (sealed, cookie) = form::seal(provider, browser, SET_UP_FORM, handle);
    let email = person.email.as_deref();
    let page = page::Page { status: status(error), ..page::Page::new(provider, browser, title) };
    let page = page.response(Some(texts.set_up_text), &html! {
        (fields::notice(error))
        form action=(provider.issuer.path("/set-up")) method="post" {
            input type="hidden" name="form" value=(sealed);
            div.field {
                label for="email" { (texts.email) }
                input.input #email name="email" type="email" value=(email.unwrap_or(typed)) autocomplete="username"
                    spellcheck="false" required maxlength="254" readonly[email.is_some()];
            }
            (fields::new_password(texts, "password", texts.password, false))
            button.button #set-password type="submit" { (texts.set_password) }
        }
    });
    page::with_cookie(page, cookie)
}
