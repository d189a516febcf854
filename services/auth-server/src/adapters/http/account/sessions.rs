//! Sessions of the account: where somebody is signed in, and the end of one of them or of all.

use super::back;
use crate::{
    adapters::http::{
        browser::no_session_cookie,
        form::Submitted,
        page::{self, Page},
        signed_in::{PageError, SignedIn, or_replaced},
        texts::{Texts, filled},
    },
    application::sessions::list::ListedSession,
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use maud::{Markup, html};
use std::sync::Arc;

const SESSIONS_FORM: &str = "account-sessions";
/// Value of the button that ends all sessions.
const EVERYWHERE: &str = "everywhere";

/// List of the sessions.
pub(crate) async fn show(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let page = shown(&provider, &headers).await;
    or_replaced(&provider, Texts::negotiate(&headers), page)
}

async fn shown(provider: &Provider, headers: &HeaderMap) -> Result<Response, PageError> {
    let person = SignedIn::of_headers(provider, headers).await?;
    list_page(provider, &person).await
}

/// Ends a session, or all.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    or_replaced(&provider, texts, end(&provider, submitted).await)
}

async fn end(provider: &Provider, submitted: Submitted) -> Result<Response, PageError> {
    let (person, parameters, ()) = SignedIn::of_form(provider, submitted, SESSIONS_FORM).await?;
    let (texts, id) = (person.texts(), person.session.account);
    let sid = parameters.get("end").unwrap_or_default();
    if sid == EVERYWHERE {
        provider.session_list.end_all(id).await?;
        provider.accounts.sign_out_everywhere(id).await?;
        let page = Page::new(provider, &person.browser, texts.signed_out);
        let page = page.response(Some(texts.signed_out_text), &page::to_shop(provider, texts));
        return Ok(page::with_cookie(page, no_session_cookie(provider)));
    }
    // Of the sessions of this account alone: the identifiers of others are not secret.
    let own = provider.session_list.of(id, &person.account).await?;
    if own.iter().any(|session| session.sid == sid) {
        provider.sessions.end_public(sid).await?;
    }
    list_page(provider, &person).await
}

async fn list_page(provider: &Provider, person: &SignedIn) -> Result<Response, PageError> {
    let (texts, account) = (person.texts(), person.texts().account);
    let listed = provider.session_list.of(person.session.account, &person.account).await?;
    let (sealed, cookie) = person.seal(provider, SESSIONS_FORM, ());
    let page = Page::new(provider, &person.browser, account.sessions);
    let page = page.response(
        Some(account.sessions_text),
        &html! {
            form action=(provider.issuer.path("/account/sessions")) method="post" {
                input type="hidden" name="form" value=(sealed);
                ul.scopes { @for session in &listed { (line(texts, session, &person.session.sid)) } }
                button.button #everywhere type="submit" name="end" value=(EVERYWHERE) aria-describedby="everywhere-hint" {
                    (account.sign_out_everywhere)
                }
                p.hint #everywhere-hint { (account.sign_out_everywhere_text) }
            }
            (back(provider, texts))
        },
    );
    Ok(page::with_cookie(page, cookie))
}

fn line(texts: &'static Texts, session: &ListedSession, own_sid: &str) -> Markup {
    let account = texts.account;
    let browser = session.browser.as_deref().unwrap_or(account.unknown_browser);
    let time = session.began.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let text = filled(&filled(account.session_line, "time", &time), "browser", browser);
    html! {
        li.session {
            span { (text) @if session.sid == own_sid { " (" (account.this_session) ")" } }
            @if session.sid != own_sid {
                button.button.plain type="submit" name="end" value=(session.sid)
                    aria-label=(format!("{}: {text}", account.end_session)) { (account.end_session) }
            }
        }
    }
}
