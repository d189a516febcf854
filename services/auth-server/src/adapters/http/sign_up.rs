//! Sign-up and forgotten password: the pages on which people enter an address, and the answer, which is the same for every address. Whoever
//! comes here for a client (`prompt=create`) goes on with its request afterwards.

use super::{
    authorize::proceed,
    browser::Browser,
    fields,
    form::{Sealer, Submitted},
    page::{self, Page},
    signed_in::{network, status},
    texts::{Texts, filled},
};
use crate::{
    application::{
        authorization::{Progress, request::AuthorizationRequest},
        error::AuthError,
        mail::links::LinkRequest,
    },
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};
use identifiers::Email;
use maud::{Markup, html};
use std::sync::Arc;

/// Form with which a person goes on with the request of a client.
const GO_ON_FORM: &str = "sign-up-go-on";

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

/// Page on which an account is asked for at the wish of a client.
pub(crate) fn page_for(
    provider: &Provider,
    browser: &Browser,
    request: &AuthorizationRequest,
) -> Response {
    let email = request.login_hint.as_deref().unwrap_or_default();
    form_page(provider, browser, LinkKind::Account, Some(request), email, None)
}

/// Goes on with the request of a client.
pub(crate) async fn go_on(State(provider): State<Arc<Provider>>, submitted: Submitted) -> Response {
    let request = submitted.data::<AuthorizationRequest>(&provider, GO_ON_FORM);
    let browser = submitted.browser;
    let Some(request) = request else {
        let texts = browser.texts;
        return page::error(&provider, texts, StatusCode::BAD_REQUEST, texts.form_expired);
    };
    let browser = browser.in_language(request.ui_locales.as_deref());
    let session = browser.session.as_ref();
    proceed(&provider, &browser, request, session, Progress::Arrived).await
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
        Ok(browser) => Ok(form_page(provider, &browser, wanted, None, "", None)),
        Err(error) => Err(error.into()),
    };
    page::or_failure(provider, texts, page)
}

async fn ask(
    provider: &Provider,
    submitted: Submitted,
    wanted: LinkKind,
) -> Result<Response, AuthError> {
    let waiting = submitted.data::<Option<AuthorizationRequest>>(provider, wanted.form());
    let Submitted { browser, parameters } = submitted;
    let Some(waiting) = waiting else {
        let texts = browser.texts;
        return Ok(page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired));
    };
    let locales = waiting.as_ref().and_then(|request| request.ui_locales.as_deref());
    let browser = browser.in_language(locales);
    let texts = browser.texts;
    let typed = parameters.get("email").unwrap_or_default();
    let again =
        |error| Ok(form_page(provider, &browser, wanted, waiting.as_ref(), typed, Some(error)));
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
    let Some(request) = waiting else {
        return Ok(
            page.response(Some(&introduction), &html! { p { a href="/" { (texts.to_shop) } } })
        );
    };
    let sealer = Sealer::new(provider, &browser);
    let request = AuthorizationRequest { login_hint: Some(email.as_str().to_owned()), ..request };
    let go_on = go_on_form(&sealer, request, texts.continue_to);
    let content = html! { p { (texts.account.sign_up_go_on) } (go_on) };
    Ok(page::with_cookie(page.response(Some(&introduction), &content), sealer.cookie))
}

/// Form with which the person goes on with a request.
fn go_on_form(sealer: &Sealer<'_>, request: AuthorizationRequest, label: &str) -> Markup {
    let form = sealer.seal(GO_ON_FORM, request.with_account());
    html! {
        form action="/auth/sign-up/go-on" method="post" {
            input type="hidden" name="form" value=(form);
            button.button.plain #go-on type="submit" { (label) }
        }
    }
}

fn form_page(
    provider: &Provider,
    browser: &Browser,
    wanted: LinkKind,
    waiting: Option<&AuthorizationRequest>,
    typed: &str,
    error: Option<&str>,
) -> Response {
    let texts = browser.texts;
    if !provider.mails.is_open() {
        let sentence = texts.account.no_mail;
        return page::error(provider, texts, StatusCode::NOT_FOUND, sentence);
    }
    let sealer = Sealer::new(provider, browser);
    let form = sealer.seal(wanted.form(), waiting);
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
                input type="hidden" name="form" value=(form);
                (fields::email(texts.email, typed, error))
                button.button #send-link type="submit" { (texts.account.send_link) }
            }
            @if let Some(request) = waiting {
                (go_on_form(&sealer, request.clone(), texts.account.have_account))
            }
        },
    );
    page::with_cookie(page, sealer.cookie)
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
