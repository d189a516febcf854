//! Sign-up and forgotten password: the pages on which people enter an address, and the answer, which is the same for every address.

use super::{
    browser::Browser,
    fields,
    form::{self, Submitted},
    page::{self, Page},
    signed_in::{network, status},
    texts::{Texts, filled},
};
use crate::{
    application::{error::AuthError, mailed_links::LinkRequest},
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use identifiers::Email;
use maud::html;
use std::sync::Arc;

/// What a person asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkKind {
    Account,
    Password,
}

/// Page on which an account is asked for.
pub(crate) async fn show(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    shown(&provider, &headers, LinkKind::Account).await
}

/// Asks for an account.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    page::or_failure(&provider, texts, ask(&provider, submitted, LinkKind::Account).await)
}

/// Page on which a new password is asked for.
pub(crate) async fn show_forgot(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
) -> Response {
    shown(&provider, &headers, LinkKind::Password).await
}

/// Asks for a new password.
pub(crate) async fn submit_forgot(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    page::or_failure(&provider, texts, ask(&provider, submitted, LinkKind::Password).await)
}

async fn shown(provider: &Provider, headers: &HeaderMap, wanted: LinkKind) -> Response {
    let texts = Texts::negotiate(headers);
    let page = match Browser::of(provider, headers).await {
        Ok(browser) => Ok(form_page(provider, &browser, wanted, "", None)),
        Err(error) => Err(error.into()),
    };
    page::or_failure(provider, texts, page)
}

async fn ask(
    provider: &Provider,
    submitted: Submitted,
    wanted: LinkKind,
) -> Result<Response, AuthError> {
    let is_its_own = submitted.data::<()>(provider, wanted.form()).is_some();
    let Submitted { browser, parameters } = submitted;
    let texts = browser.texts;
    if !is_its_own {
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    }
    let typed = parameters.get("email").unwrap_or_default();
    let again = |error| Ok(form_page(provider, &browser, wanted, typed, Some(error)));
    let Ok(email) = Email::parse(typed) else { return again(texts.wrong_email) };
    let (links, network) = (&provider.mailed_links, network());
    let asked = match wanted {
        LinkKind::Account => links.sign_up(&email, &network, texts.tag).await?,
        LinkKind::Password => links.reset(&email, &network, texts.tag).await?,
    };
    if asked == LinkRequest::TooMany {
        return again(texts.too_many_attempts);
    }
    let sentence = match wanted {
        LinkKind::Account => texts.account.sign_up_sent,
        LinkKind::Password => texts.account.forgot_sent,
    };
    let introduction = filled(sentence, "email", email.as_str());
    let page = Page::new(provider, &browser, texts.account.mail_sent);
    Ok(page.response(Some(&introduction), &html! { p { a href="/" { (texts.to_shop) } } }))
}

fn form_page(
    provider: &Provider,
    browser: &Browser,
    wanted: LinkKind,
    typed: &str,
    error: Option<&str>,
) -> Response {
    let texts = browser.texts;
    if !provider.mails.is_open() {
        let sentence = texts.account.no_mail;
        return page::error(provider, texts, StatusCode::NOT_FOUND, sentence);
    }
    let (sealed, cookie) = form::seal(provider, browser, wanted.form(), ());
    let (title, introduction) = match wanted {
        LinkKind::Account => (texts.account.sign_up, texts.account.sign_up_text),
        LinkKind::Password => (texts.account.forgot, texts.account.forgot_text),
    };
    let page = Page { status: status(error), ..Page::new(provider, browser, title) };
    let page = page.response(
        Some(introduction),
        &html! {
            (fields::notice(error))
            form action=(wanted.path()) method="post" {
                input type="hidden" name="form" value=(sealed);
                (fields::email(texts.email, typed, error))
                button.button #send-link type="submit" { (texts.account.send_link) }
            }
        },
    );
    page::with_cookie(page, cookie)
}

impl LinkKind {
    fn form(self) -> &'static str {
        match self {
            Self::Account => "sign-up",
            Self::Password => "forgot",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Account => "/auth/sign-up",
            Self::Password => "/auth/forgot",
        }
    }
}
