//! Change of the e-mail address: asked for with the password, done by a link in the mail to the new address.

use super::{back, done};
use crate::{
    adapters::http::{
        body::ProtocolRequest,
        browser::Browser,
        fields,
        form::{self, Submitted},
        page::{self, Page},
        signed_in::{PageError, SignedIn, network, or_link_invalid, or_replaced, status},
        texts::{Texts, filled},
    },
    application::{error::AuthError, mail::links::LinkRequest},
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use identifiers::Email;
use maud::html;
use std::sync::Arc;

const EMAIL_FORM: &str = "account-email";
/// Form of the page of the link; its data is the handle.
const CONFIRM_FORM: &str = "confirm-email";

/// Page of the change.
pub(crate) async fn show(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let page = shown(&provider, &headers).await;
    or_replaced(&provider, Texts::negotiate(&headers), page)
}

async fn shown(provider: &Provider, headers: &HeaderMap) -> Result<Response, PageError> {
    let person = SignedIn::of_headers(provider, headers).await?;
    Ok(form_page(provider, &person, "", None))
}

/// Asks for the change.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    or_replaced(&provider, texts, ask(&provider, submitted).await)
}

async fn ask(provider: &Provider, submitted: Submitted) -> Result<Response, PageError> {
    let (person, parameters, ()) = SignedIn::of_form(provider, submitted, EMAIL_FORM).await?;
    let texts = person.texts();
    let typed = parameters.get("email").unwrap_or_default();
    let again = |error| Ok(form_page(provider, &person, typed, Some(error)));
    let Ok(email) = Email::parse(typed) else { return again(texts.wrong_email) };
    if let Err(error) = person.check_password(provider, &parameters).await? {
        return again(error);
    }
    let links = &provider.mailed_links;
    let asked = links.email_change(person.session.account, &email, &network(), texts.tag).await?;
    if asked == LinkRequest::TooMany {
        return again(texts.too_many_attempts);
    }
    let sentence = filled(texts.account.change_email_sent, "email", email.as_str());
    Ok(done(provider, &person, texts.account.mail_sent, &sentence))
}

/// Page of the link. To open it changes nothing.
pub(crate) async fn show_link(
    State(provider): State<Arc<Provider>>,
    request: ProtocolRequest,
) -> Response {
    let parameters = request.parameters.unwrap_or_default();
    let link = parameters.get("link").unwrap_or_default();
    let texts = Texts::negotiate(&request.headers);
    or_link_invalid(&provider, texts, link_page(&provider, &request.headers, link).await)
}

async fn link_page(
    provider: &Provider,
    headers: &HeaderMap,
    link: &str,
) -> Result<Response, AuthError> {
    let browser = Browser::of(provider, headers).await?;
    let email = provider.mailed_links.offered_email(link).await?;
    let texts = browser.texts;
    let (sealed, cookie) = form::seal(provider, &browser, CONFIRM_FORM, link);
    let introduction = filled(texts.account.confirm_email_text, "email", email.as_str());
    let page = Page::new(provider, &browser, texts.account.confirm_email);
    let page = page.response(
        Some(&introduction),
        &html! {
            form action=(provider.issuer.path("/confirm-email")) method="post" {
                input type="hidden" name="form" value=(sealed);
                button.button #use-address type="submit" { (texts.account.use_address) }
            }
        },
    );
    Ok(page::with_cookie(page, cookie))
}

/// Takes up the new address.
pub(crate) async fn confirm(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    or_link_invalid(&provider, texts, confirmed(&provider, &submitted).await)
}

async fn confirmed(provider: &Provider, submitted: &Submitted) -> Result<Response, AuthError> {
    let browser = &submitted.browser;
    let texts = browser.texts;
    let Some(link) = submitted.data::<String>(provider, CONFIRM_FORM) else {
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    provider.mailed_links.confirm_email(&link, texts.tag).await?;
    let page = Page::new(provider, browser, texts.account.confirm_email);
    Ok(page.response(
        None,
        &html! { (fields::done(texts.account.email_changed)) (back(provider, texts)) },
    ))
}

fn form_page(provider: &Provider, person: &SignedIn, typed: &str, error: Option<&str>) -> Response {
    let texts = person.texts();
    let account = texts.account;
    if !provider.mails.is_open() {
        return page::error(provider, texts, StatusCode::NOT_FOUND, account.no_mail);
    }
    let (sealed, cookie) = person.seal(provider, EMAIL_FORM, ());
    let page = Page::new(provider, &person.browser, account.change_email);
    let page = Page { status: status(error), ..page }.response(
        Some(account.change_email_text),
        &html! {
            (fields::notice(error))
            form action=(provider.issuer.path("/account/email")) method="post" {
                input type="hidden" name="form" value=(sealed);
                (fields::email(account.new_email, typed, error))
                (fields::current_password(account.current_password, error))
                button.button #change-email type="submit" { (account.send_link) }
            }
            (back(provider, texts))
        },
    );
    page::with_cookie(page, cookie)
}
