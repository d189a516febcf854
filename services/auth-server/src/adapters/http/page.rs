//! Pages: plain HTML, which works without a script, in the style of the shop.

use super::{
    browser::Browser,
    fields,
    passkey::with_script,
    scopes as scope_words,
    texts::{Texts, filled},
};
use crate::{
    application::error::AuthError,
    domain::{Rejection, events::Registration},
    provider::Provider,
};
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use maud::{DOCTYPE, Markup, html};
use std::sync::Arc;

/// Content security policy. There is no `form-action`: browsers apply it to the redirect that follows a form as well, and would stop
/// the way back to the client.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Page with a heading.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) texts: &'static Texts,
    pub(crate) title: String,
    pub(crate) status: StatusCode,
}

impl<'a> Page<'a> {
    pub(crate) fn new(provider: &'a Provider, browser: &Browser, title: impl Into<String>) -> Self {
        Self { provider, texts: browser.texts, title: title.into(), status: StatusCode::OK }
    }

    /// Response with this content below the heading.
    pub(crate) fn response(self, introduction: Option<&str>, content: &Markup) -> Response {
        let page = html! {
            (DOCTYPE)
            html lang=(self.texts.tag) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    title { (self.title) " – " (self.provider.name) }
                    link rel="stylesheet" href=(self.provider.issuer.path(&self.provider.style.path));
                }
                body {
                    header.top { a.mark href=(self.provider.home()) { (self.provider.name) } }
                    main {
                        div.head {
                            h1 { (self.title) }
                            @if let Some(introduction) = introduction { p.quiet { (introduction) } }
                        }
                        (content)
                    }
                }
            }
        };
        let mut response = Response::new(Body::from(page.into_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("permissions-policy"), "publickey-credentials-get=(self)"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// Page that says why a request is not answered. The sentence is stable.
pub(crate) fn error(
    provider: &Provider,
    texts: &'static Texts,
    status: StatusCode,
    sentence: &str,
) -> Response {
    let title = texts.error_title.to_owned();
    let page = Page { provider, texts, title, status };
    page.response(
        None,
        &html! {
            p.notice #error role="alert" { (sentence) }
            (to_shop(provider, texts))
        },
    )
}

/// Link to the shop, where its address is known.
pub(crate) fn to_shop(provider: &Provider, texts: &'static Texts) -> Markup {
    html! {
        @if let Some(shop) = provider.shop_address() {
            p { a href=(shop) { (texts.to_shop) } }
        }
    }
}

/// The page, or the one for what went wrong.
pub(crate) fn or_failure(
    provider: &Provider,
    texts: &'static Texts,
    page: Result<Response, AuthError>,
) -> Response {
    page.unwrap_or_else(|error| failure(provider, texts, &error))
}

/// Page for what went wrong.
pub(crate) fn failure(provider: &Provider, texts: &'static Texts, failure: &AuthError) -> Response {
    let (status, sentence) = match failure {
        AuthError::Rejected(Rejection::TooManyConsents { .. }) => {
            (StatusCode::CONFLICT, texts.too_many_consents)
        }
        AuthError::Rejected(_) => (StatusCode::BAD_REQUEST, texts.form_expired),
        AuthError::Busy => (StatusCode::SERVICE_UNAVAILABLE, texts.busy),
        AuthError::Storage(_) | AuthError::Signing => {
            tracing::error!(error = %failure, "a page could not be answered");
            (StatusCode::SERVICE_UNAVAILABLE, texts.unavailable)
        }
    };
    let mut response = error(provider, texts, status, sentence);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

/// Page for an address at which there is nothing.
pub(crate) async fn not_found(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
) -> Response {
    let texts = Texts::negotiate(&headers);
    error(&provider, texts, StatusCode::NOT_FOUND, texts.not_found)
}

/// Content of the sign-in page.
#[derive(Debug)]
pub(crate) struct SignInPage<'a> {
    pub(crate) introduction: &'a str,
    pub(crate) form: &'a str,
    pub(crate) email: &'a str,
    pub(crate) error: Option<&'a str>,
    /// Form for a passkey; empty where none can be used.
    pub(crate) passkey: Markup,
    /// Address at which an account is made.
    pub(crate) sign_up: &'a str,
}

/// Fields and buttons of the sign-in.
pub(crate) fn sign_in(provider: &Provider, browser: &Browser, shown: &SignInPage<'_>) -> Response {
    let SignInPage { introduction, form, email, error, passkey, sign_up } = shown;
    let texts = browser.texts;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Page { status, ..Page::new(provider, browser, texts.sign_in) };
    let page = page.response(
        Some(introduction),
        &html! {
            (fields::notice(*error))
            form action=(provider.issuer.path("/sign-in")) method="post" {
                input type="hidden" name="form" value=(form);
                (fields::sign_in_email(texts.email, email, *error))
                (fields::current_password(texts.password, *error))
                button.button #sign-in type="submit" { (texts.sign_in) }
            }
            (passkey)
            @if provider.mails.is_open() {
                ul.links {
                    li { a href=(provider.issuer.path("/forgot")) { (texts.account.forgot_link) } }
                    li { a href=(sign_up) { (texts.account.sign_up_link) } }
                }
            }
        },
    );
    if passkey.0.is_empty() { page } else { with_script(page) }
}

/// Question whether a client may have what it asks for.
pub(crate) fn consent(
    provider: &Provider,
    browser: &Browser,
    client: &Registration,
    form: &str,
    scopes: &[String],
    account: &str,
    host: &str,
) -> Response {
    let texts = browser.texts;
    let page = Page::new(provider, browser, filled(texts.consent_title, "client", &client.name));
    // The names of others are put in last, so that none of them is taken for a place to fill.
    let introduction = filled(&filled(texts.consent_intro, "host", host), "account", account);
    let policy = &client.policy;
    let logo = policy.logo_uri.as_deref().zip(policy.logo_uri.as_deref().and_then(https_origin));
    let mut response = page.response(Some(&introduction), &html! {
        @if let Some((uri, _)) = &logo { img.logo src=(uri) alt="" width="64" height="64"; }
        ul.scopes { @for scope in scopes { li { (scope_words::in_words(texts, scope)) } } }
        @if let Some(uri) = &policy.policy_uri { p { a #policy href=(uri) rel="noopener" { (texts.client_policy) } } }
        @if let Some(uri) = &policy.terms_uri { p { a #terms href=(uri) rel="noopener" { (texts.client_terms) } } }
        form action=(provider.issuer.path("/consent")) method="post" {
            input type="hidden" name="form" value=(form);
            div.ways {
                button.button #allow type="submit" name="decision" value="allow" { (texts.allow) }
                button.button.plain #deny type="submit" name="decision" value="deny" { (texts.deny) }
            }
        }
    });
    if let Some((_, origin)) = logo
        && let Ok(policy) =
            HeaderValue::from_str(&format!("{CONTENT_SECURITY_POLICY}; img-src {origin}"))
    {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Origin of an address over https, from which the page may load the logo of the client and nothing else.
fn https_origin(uri: &str) -> Option<String> {
    let url = url::Url::parse(uri).ok().filter(|url| url.scheme() == "https")?;
    Some(url.origin().ascii_serialization())
}

/// The response, with a cookie if there is one to set.
pub(crate) fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response.into_response()
}
