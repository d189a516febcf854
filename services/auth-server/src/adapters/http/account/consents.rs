//! Consents of the account: which programs may do what since when, each of which can be taken back; and what the shop itself asks for.

use super::back;
use crate::{
    adapters::http::{
        fields,
        form::Submitted,
        page::{self, Page},
        scopes,
        signed_in::{PageError, SignedIn, or_replaced},
        texts::{Texts, filled},
    },
    domain::{events::ClientId, redirect_uri},
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use kernel::Timestamp;
use maud::{Markup, html};
use std::sync::Arc;

const CONSENTS_FORM: &str = "account-consents";

/// What a person allowed one program.
struct GivenConsent {
    client: ClientId,
    /// Name of the program, and the host at which it gets its answers if it has one.
    name: String,
    host: String,
    scopes: Vec<String>,
    /// Since when it may do anything of this.
    since: Timestamp,
}

/// List of the consents.
pub(crate) async fn show(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let page = shown(&provider, &headers).await;
    or_replaced(&provider, Texts::negotiate(&headers), page)
}

async fn shown(provider: &Provider, headers: &HeaderMap) -> Result<Response, PageError> {
    let person = SignedIn::of_headers(provider, headers).await?;
    list_page(provider, &person, None).await
}

/// Takes a consent back.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    or_replaced(&provider, texts, withdraw(&provider, submitted).await)
}

async fn withdraw(provider: &Provider, submitted: Submitted) -> Result<Response, PageError> {
    let (person, parameters, ()) = SignedIn::of_form(provider, submitted, CONSENTS_FORM).await?;
    let wanted = parameters.get("withdraw").unwrap_or_default();
    let given = given(provider, &person).await?;
    let Some(consent) = given.into_iter().find(|consent| consent.client.as_str() == wanted) else {
        // It was taken back in another window.
        return list_page(provider, &person, None).await;
    };
    let account = person.session.account;
    provider.accounts.withdraw_consent(account, &consent.client).await?;
    let done = filled(person.texts().account.consent_withdrawn, "client", &consent.name);
    let person = SignedIn::of(provider, person.browser).await?;
    list_page(provider, &person, Some(&done)).await
}

/// Consents that count: of programs that are registered, since they are.
async fn given(provider: &Provider, person: &SignedIn) -> Result<Vec<GivenConsent>, PageError> {
    let mut given = Vec::new();
    for id in person.account.consents().map(|(client, _)| client) {
        let Some(client) = provider.clients.find(id).await? else { continue };
        let Some(registration) = client.registration() else { continue };
        let scopes: Vec<_> = person.account.consents_to(id, client.registered_at).collect();
        let Some(since) = scopes.iter().map(|(_, since)| *since).min() else { continue };
        let host = registration.redirect_uris.first().map(|uri| redirect_uri::host(uri));
        given.push(GivenConsent {
            client: id.clone(),
            name: registration.name.clone(),
            host: host.unwrap_or_default().to_owned(),
            scopes: scopes.into_iter().map(|(scope, _)| scope.to_owned()).collect(),
            since,
        });
    }
    Ok(given)
}

async fn list_page(
    provider: &Provider,
    person: &SignedIn,
    done: Option<&str>,
) -> Result<Response, PageError> {
    let (texts, account) = (person.texts(), person.texts().account);
    let given = given(provider, person).await?;
    let (sealed, cookie) = person.seal(provider, CONSENTS_FORM, ());
    let page = Page::new(provider, &person.browser, account.consents);
    let page = page.response(
        Some(account.consents_text),
        &html! {
            @if let Some(done) = done { (fields::done(done)) }
            @if given.is_empty() { p { (account.consents_none) } }
            @else {
                form action=(provider.issuer.path("/account/consents")) method="post" {
                    input type="hidden" name="form" value=(sealed);
                    @for (number, consent) in given.iter().enumerate() { (program(texts, number, consent)) }
                }
            }
            section aria-labelledby="of-shop" {
                h2 #of-shop { (account.consents_of_shop) }
                p { (account.consents_of_shop_none) }
            }
            (back(provider, texts))
        },
    );
    Ok(page::with_cookie(page, cookie))
}

fn program(texts: &'static Texts, number: usize, consent: &GivenConsent) -> Markup {
    let account = texts.account;
    let GivenConsent { client, name, host, scopes: allowed, since } = consent;
    let time = since.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let text =
        if host.is_empty() { account.consent_since_of_device } else { account.consent_since };
    // The host is put in last, so that nothing in it is taken for a place to fill.
    let since = filled(&filled(text, "time", &time), "host", host);
    let id = format!("program-{number}");
    html! {
        section.program aria-labelledby=(id) {
            h2 id=(id) { (name) }
            p.hint { (since) }
            ul.scopes { @for scope in allowed { li { (scopes::in_words(texts, scope)) } } }
            button.button.plain type="submit" name="withdraw" value=(client.as_str())
                aria-label=(format!("{}: {name}", account.consent_withdraw)) { (account.consent_withdraw) }
        }
    }
}
