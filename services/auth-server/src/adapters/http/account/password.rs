//! Change of the password. Whoever else is signed in is signed out, and this browser gets a new session.

use super::{back, done};
use crate::{
    adapters::http::{
        browser::session_cookie,
        fields,
        form::Submitted,
        page::{self, Page},
        sign_in::PASSWORD,
        signed_in::{PageError, SignedIn, or_replaced, status},
        texts::Texts,
    },
    application::{accounts::new_password, error::AuthError, mail::AccountNotice, sessions::Proof},
    provider::Provider,
};
use axum::{extract::State, response::Response};
use http::HeaderMap;
use maud::html;
use std::sync::Arc;

const PASSWORD_FORM: &str = "account-password";

/// Page of the change.
pub(crate) async fn show(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let page = shown(&provider, &headers).await;
    or_replaced(&provider, Texts::negotiate(&headers), page)
}

async fn shown(provider: &Provider, headers: &HeaderMap) -> Result<Response, PageError> {
    let person = SignedIn::of_headers(provider, headers).await?;
    Ok(form_page(provider, &person, None))
}

/// Changes the password.
pub(crate) async fn submit(
    State(provider): State<Arc<Provider>>,
    submitted: Submitted,
) -> Response {
    let texts = submitted.browser.texts;
    or_replaced(&provider, texts, change(&provider, submitted).await)
}

async fn change(provider: &Provider, submitted: Submitted) -> Result<Response, PageError> {
    let (person, parameters, ()) = SignedIn::of_form(provider, submitted, PASSWORD_FORM).await?;
    let texts = person.texts();
    if let Err(error) = person.check_password(provider, &parameters).await? {
        return Ok(form_page(provider, &person, Some(error)));
    }
    let (new, has_second_factor) =
        (parameters.get("new-password").unwrap_or_default(), person.has_second_factor());
    // Somebody who changes it because others may know it must not believe that it was changed.
    if new_password::is_same(new, parameters.get("password").unwrap_or_default()) {
        return Ok(form_page(provider, &person, Some(texts.account.same_password)));
    }
    let policy = &provider.password_policy;
    let password = match policy.choose(new, person.email(), has_second_factor).await? {
        Ok(password) => password,
        Err(refusal) => {
            let error = fields::refusal(texts, refusal, has_second_factor);
            return Ok(form_page(provider, &person, Some(error)));
        }
    };
    let email = Some(person.email()).filter(|email| !email.is_empty());
    let notice = provider.mails.notice(email, AccountNotice::PasswordChanged, texts.tag)?;
    let account = person.session.account;
    let at = match provider.accounts.change_password(account, &password, notice).await {
        Err(AuthError::Busy) => return Ok(form_page(provider, &person, Some(texts.busy))),
        changed => changed?,
    };
    provider.session_list.end_all(account).await?;
    // How the session began counts on, and the password was entered once more.
    let earlier = person.session.methods.iter().map(String::as_str);
    let earlier = earlier.filter(|method| !PASSWORD.contains(method));
    let methods: Vec<_> = PASSWORD.iter().copied().chain(earlier).collect();
    let proof = Proof::by(&methods, account, at);
    let (id, session) = provider.sessions.begin(&proof, person.browser.session_id.as_ref()).await?;
    provider.session_list.add(&session, person.browser.name.clone()).await?;
    let title = texts.account.change_password;
    let page = done(provider, &person, title, texts.account.password_changed);
    Ok(page::with_cookie(page, session_cookie(provider, &id)))
}

fn form_page(provider: &Provider, person: &SignedIn, error: Option<&str>) -> Response {
    let texts = person.texts();
    let account = texts.account;
    let (sealed, cookie) = person.seal(provider, PASSWORD_FORM, ());
    let page = Page::new(provider, &person.browser, account.change_password);
    let page = Page { status: status(error), ..page }.response(
        Some(account.change_password_text),
        &html! {
            (fields::notice(error))
            form action=(provider.issuer.path("/account/password")) method="post" {
                input type="hidden" name="form" value=(sealed);
                (fields::account_name(person.email()))
                (fields::current_password(account.current_password, error))
                (fields::new_password(texts, "new-password", account.new_password, person.has_second_factor()))
                button.button #change-password type="submit" { (account.change_password) }
            }
            (back(provider, texts))
        },
    );
    page::with_cookie(page, cookie)
}
