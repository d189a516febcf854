//! Pages of the own account: an overview, and a page for each thing that its owner changes.

pub(crate) mod consents;
pub(crate) mod email;
pub(crate) mod passkeys;
pub(crate) mod password;
pub(crate) mod sessions;
pub(crate) mod two_step;

use super::{
    fields,
    page::Page,
    signed_in::{PageError, SignedIn, or_replaced},
    texts::{Texts, filled},
};
use crate::provider::Provider;
use axum::{extract::State, response::Response};
use http::HeaderMap;
use maud::{Markup, html};
use std::sync::Arc;

/// Path of the overview below the issuer.
pub(crate) const ACCOUNT_PATH: &str = "/account";

/// Overview.
pub(crate) async fn show(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let page = overview(&provider, &headers).await;
    or_replaced(&provider, Texts::negotiate(&headers), page)
}

async fn overview(provider: &Provider, headers: &HeaderMap) -> Result<Response, PageError> {
    let person = SignedIn::of_headers(provider, headers).await?;
    let texts = person.texts();
    let (account, path) = (texts.account, |path: &str| provider.issuer.path(path));
    let introduction = filled(account.signed_in_as, "email", person.email());
    let page = Page::new(provider, &person.browser, account.account);
    let two_step = match &person.account.second_factor {
        None => account.two_step_off.to_owned(),
        Some(factor) => filled(account.two_step_on, "codes", &factor.codes_left().to_string()),
    };
    Ok(page.response(
        Some(&introduction),
        &html! {
            ul.links {
                li { a href=(path("/account/password")) { (account.change_password) } }
                @if provider.mails.is_open() {
                    li { a href=(path("/account/email")) { (account.change_email) } }
                }
                li { a href=(path("/account/two-step")) { (account.two_step) } p.hint { (two_step) } }
                li { a href=(path("/account/passkeys")) { (account.passkeys) } }
                li { a href=(path("/account/consents")) { (account.consents) } }
                li { a href=(path("/account/sessions")) { (account.sessions) } }
                li { a href=(path("/logout")) { (texts.sign_out) } }
                @if let Some(shop) = provider.shop_address() {
                    li { a href=(shop) { (texts.to_shop) } }
                }
            }
        },
    ))
}

/// Link back to the overview.
fn back(provider: &Provider, texts: &'static Texts) -> Markup {
    html! { p { a href=(provider.issuer.path(ACCOUNT_PATH)) { (texts.account.back) } } }
}

/// Page that says what was done.
fn done(provider: &Provider, person: &SignedIn, title: &str, sentence: &str) -> Response {
    let page = Page::new(provider, &person.browser, title);
    page.response(None, &html! { (fields::done(sentence)) (back(provider, person.texts())) })
}
