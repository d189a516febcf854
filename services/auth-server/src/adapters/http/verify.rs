//! Link of a sign-up: the page on which the password is chosen, and with it the account made. To open the link changes nothing, because
//! programs that look for harmful mail open links as well.

use super::{
    account::ACCOUNT_PATH,
    body::ProtocolRequest,
    browser::Browser,
    fields,
    form::{self, Submitted},
    page::{self, Page},
    sign_up,
    signed_in::{or_link_invalid, status},
    texts::Texts,
};
use crate::{application::error::AuthError, provider::Provider};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use identifiers::Email;
use maud::html;
use std::sync::Arc;

/// Form of the page; its data is the handle of the link.
const VERIFY_FORM: &str = "verify";

/// Page of a link.
pub(crate) async fn show(
    State(provider): State<Arc<Provider>>,
    request: ProtocolRequest,
) -> Response {
    let parameters = request.parameters.unwrap_or_default();
    let link = parameters.get("link").unwrap_or_default();
    let texts = Texts::negotiate(&request.headers);
    or_link_invalid(&provider, texts, page_of_link(&provider, &request.headers, link).await)
}

async fn page_of_link(
    provider: &Provider,
    headers: &HeaderMap,
    link: &str,
) -> Result<Response, AuthError> {
    let browser = Browser::of(provider, headers).await?;
    let (email, _) = provider.mailed_links.sign_up.pending(link).await?;
    Ok(form_page(provider, &browser, link, &email, None))
}

/// Creates the account.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    or_link_invalid(&provider, texts, create(&provider, submitted).await)
}

async fn create(provider: &Provider, submitted: Submitted) -> Result<Response, AuthError> {
    let link = submitted.data::<String>(provider, VERIFY_FORM);
    let Submitted { browser, parameters } = submitted;
    let texts = browser.texts;
    let Some(link) = link else {
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    let (email, waiting) = provider.mailed_links.sign_up.pending(&link).await?;
    let again = |error| Ok(form_page(provider, &browser, &link, &email, Some(error)));
    let password = parameters.get("password").unwrap_or_default();
    let chosen = provider.password_policy.choose(password, email.as_str(), false).await?;
    let password = match chosen {
        Ok(password) => password,
        Err(refusal) => return again(fields::refusal(texts, refusal, false)),
    };
    match provider.mailed_links.sign_up.finish(&link, &password).await {
        Err(AuthError::Busy) => return again(texts.busy),
        created => drop(created?),
    }
    let page = Page::new(provider, &browser, texts.account.account_created);
    let text = Some(texts.account.account_created_text);
    let go_on = waiting.and_then(|it| sign_up::go_on_after(provider, &browser, it, &email));
    if let Some((form, cookie)) = go_on {
        return Ok(page::with_cookie(page.response(text, &form), cookie));
    }
    let account = provider.issuer.path(ACCOUNT_PATH);
    let way = html! { p { a #to-account href=(account) { (texts.account.continue_to) } } };
    Ok(page.response(text, &way))
}

fn form_page(
    provider: &Provider,
    browser: &Browser,
    link: &str,
    email: &Email,
    error: Option<&str>,
) -> Response {
    let texts = browser.texts;
    let (sealed, cookie) = form::seal(provider, browser, VERIFY_FORM, link);
    let page = Page { status: status(error), ..Page::new(provider, browser, texts.account.verify) };
    let page = page.response(
        Some(texts.account.verify_text),
        &html! {
            (fields::notice(error))
            form action=(provider.issuer.path("/verify")) method="post" {
                input type="hidden" name="form" value=(sealed);
                div.field {
                    label for="email" { (texts.email) }
                    input.input #email name="email" type="email" value=(email.as_str()) autocomplete="username" readonly;
                }
                (fields::new_password(texts, "password", texts.password, false))
                button.button #create-account type="submit" { (texts.account.create_account) }
            }
        },
    );
    page::with_cookie(page, cookie)
}
