//! Sign-up and forgotten password: the pages on which people enter an address, and the answer, which is the same for every address. Whoever
//! comes here for a client (`prompt=create`) goes on with its request afterwards.

use super::{
    authorize::proceed,
    body::ProtocolRequest,
    browser::Browser,
    fields,
    form::{self, Sealer, Submitted},
    page::{self, Page},
    sign_in::Destination,
    signed_in::{network, status},
    texts::{Texts, filled},
};
use crate::{
    application::{
        accounts::sign_up::Waiting,
        authorization::{Progress, request::AuthorizationRequest},
        error::AuthError,
        keys::seal::digest,
        mail::links::LinkRequest,
    },
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode};
use identifiers::Email;
use maud::{Markup, html};
use std::sync::Arc;

/// Form with which a person goes on with the request of a client.
const GO_ON_FORM: &str = "sign-up-go-on";
/// Purpose of the request that the link to this page carries.
const WAITING_LINK: &str = "sign-up-for";
/// Parameter that carries it.
const WAITING_PARAMETER: &str = "for";
/// Longest request that a link carries, in bytes; a longer one is not gone on with.
const WAITING_BYTES_MAX: usize = 4 * 1024;
/// Path of the page.
const PATH: &str = "/sign-up";

/// Address of this page for somebody who came for this destination.
pub(crate) fn address(sealer: &Sealer<'_>, destination: &Destination) -> String {
    let path = sealer.provider.issuer.path(PATH);
    let Destination::Client(request) = destination else { return path };
    let waiting = sealer.seal(WAITING_LINK, request);
    if waiting.len() > WAITING_BYTES_MAX {
        return path;
    }
    [&path, "?", WAITING_PARAMETER, "=", &waiting].concat()
}

/// What a person asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkKind {
    Account,
    Password,
}

/// Page on which an account is asked for.
pub(crate) async fn show(
    State(provider): State<Arc<Provider>>,
    request: ProtocolRequest,
) -> Response {
    let parameters = request.parameters.unwrap_or_default();
    let waiting = parameters.get(WAITING_PARAMETER);
    shown(&provider, &request.headers, LinkKind::Account, waiting).await
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
    shown(&provider, &headers, LinkKind::Password, None).await
}

/// Asks for a new password.
pub(crate) async fn submit_forgot(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    page::or_failure(&provider, texts, ask(&provider, submitted, LinkKind::Password).await)
}

async fn shown(
    provider: &Provider,
    headers: &HeaderMap,
    wanted: LinkKind,
    waiting: Option<&str>,
) -> Response {
    let texts = Texts::negotiate(headers);
    let page = match Browser::of(provider, headers).await {
        Ok(browser) => {
            // Without it, or when it is too old, people sign up all the same.
            let open = |sealed| form::open(provider, &browser, WAITING_LINK, sealed);
            let waiting: Option<AuthorizationRequest> = waiting.and_then(open);
            let locales = waiting.as_ref().and_then(|request| request.ui_locales.clone());
            let browser = browser.in_language(locales.as_deref());
            Ok(form_page(provider, &browser, wanted, waiting.as_ref(), "", None))
        }
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
        LinkKind::Account => {
            let browser = digest(browser.binding());
            let waiting = waiting.clone().map(|request| Waiting { request, browser });
            links.sign_up(&email, &network, texts.tag, waiting).await?
        }
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
        return Ok(page.response(Some(&introduction), &page::to_shop(provider, texts)));
    };
    let sealer = Sealer::new(provider, &browser);
    let request = AuthorizationRequest { login_hint: Some(email.as_str().to_owned()), ..request };
    let go_on = go_on_form(&sealer, request, texts.continue_to);
    let content = html! { p { (texts.account.sign_up_go_on) } (go_on) };
    Ok(page::with_cookie(page.response(Some(&introduction), &content), sealer.cookie))
}

/// Form with which whoever has an account now goes on with the request for which it was made, in the browser in which that was.
pub(crate) fn go_on_after(
    provider: &Provider,
    browser: &Browser,
    waiting: Waiting,
    email: &Email,
) -> Option<(Markup, Option<HeaderValue>)> {
    if browser.binding().is_empty() || waiting.browser != digest(browser.binding()) {
        return None;
    }
    let login_hint = Some(email.as_str().to_owned());
    let request = AuthorizationRequest { login_hint, ..waiting.request };
    let sealer = Sealer::new(provider, browser);
    let form = go_on_form(&sealer, request, browser.texts.continue_to);
    Some((form, sealer.cookie))
}

/// Form with which the person goes on with a request.
fn go_on_form(sealer: &Sealer<'_>, request: AuthorizationRequest, label: &str) -> Markup {
    let form = sealer.seal(GO_ON_FORM, request.with_account());
    html! {
        form action=(sealer.provider.issuer.path("/sign-up/go-on")) method="post" {
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
            form action=(provider.issuer.path(wanted.path())) method="post" {
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
            Self::Account => PATH,
            Self::Password => "/forgot",
        }
    }
}
