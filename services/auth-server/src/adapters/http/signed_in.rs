//! Person who is signed in, on the pages of the account: who it is, and the forms that only this session can send.

use super::{
    browser::Browser,
    form::{self, Submitted},
    page, sign_in,
    texts::Texts,
};
use crate::{
    application::{
        accounts::person_records::Person,
        authorization::parameters::Parameters,
        error::AuthError,
        sessions::Session,
        sign_in::password::{Attempt, SignInRequest},
    },
    domain::{Rejection, account::Account},
    provider::Provider,
};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;
use transport::Context;
use web::ClientKey;

/// Reason why a page is not shown.
#[derive(Debug)]
pub(crate) enum PageError {
    /// Another page takes its place: the sign-in, or what is wrong.
    Replaced(Box<Response>),
    Failed(AuthError),
}

impl<E: Into<AuthError>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// The page, or the one that takes its place.
pub(crate) fn or_replaced(
    provider: &Provider,
    texts: &'static Texts,
    page: Result<Response, PageError>,
) -> Response {
    page.unwrap_or_else(|error| match error {
        PageError::Replaced(page) => *page,
        PageError::Failed(error) => page::failure(provider, texts, &error),
    })
}

/// The same for a page that a link leads to: what is refused is the link.
pub(crate) fn or_link_invalid(
    provider: &Provider,
    texts: &'static Texts,
    page: Result<Response, AuthError>,
) -> Response {
    page.unwrap_or_else(|error| match error {
        AuthError::Rejected(Rejection::OfferInvalid | Rejection::AddressTaken) => {
            page::error(provider, texts, StatusCode::BAD_REQUEST, texts.link_invalid)
        }
        error => page::failure(provider, texts, &error),
    })
}

/// Data of a form of the account's pages.
#[derive(Serialize, Deserialize)]
struct AccountForm<T> {
    /// Session in which it was shown.
    sid: String,
    data: T,
}

/// Person who is signed in in a browser.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) browser: Browser,
    pub(crate) session: Session,
    pub(crate) account: Arc<Account>,
    pub(crate) person: Person,
}

impl SignedIn {
    /// The person of a browser; otherwise the page on which they sign in.
    pub(crate) async fn of(provider: &Provider, browser: Browser) -> Result<Self, PageError> {
        if let Some(session) = browser.session.clone() {
            let account = provider.accounts.load(session.account).await?;
            let person = provider.accounts.person(session.account).await?;
            if let (Some(account), Some(person)) = (account, person) {
                return Ok(Self { browser, session, account, person });
            }
        }
        let page = sign_in::page_for_account(provider, &browser);
        Err(PageError::Replaced(Box::new(page)))
    }

    /// The person of a request.
    pub(crate) async fn of_headers(
        provider: &Provider,
        headers: &HeaderMap,
    ) -> Result<Self, PageError> {
        Self::of(provider, Browser::of(provider, headers).await?).await
    }

    /// The person who sent a form that was shown in the same session, with what was entered and what the form carried.
    pub(crate) async fn of_form<T: DeserializeOwned>(
        provider: &Provider,
        submitted: Submitted,
        form: &str,
    ) -> Result<(Self, Parameters, T), PageError> {
        let carried = submitted.data::<AccountForm<T>>(provider, form);
        let Submitted { browser, parameters } = submitted;
        let sid = browser.session.as_ref().map(|session| &session.sid);
        let Some(carried) = carried.filter(|carried| Some(&carried.sid) == sid) else {
            let texts = browser.texts;
            let page = page::error(provider, texts, StatusCode::BAD_REQUEST, texts.form_expired);
            return Err(PageError::Replaced(Box::new(page)));
        };
        Ok((Self::of(provider, browser).await?, parameters, carried.data))
    }

    /// Seals data into a form that only this session can send; with the cookie to set along with it.
    pub(crate) fn seal<T: Serialize>(
        &self,
        provider: &Provider,
        form: &str,
        data: T,
    ) -> (String, Option<HeaderValue>) {
        let data = AccountForm { sid: self.session.sid.clone(), data };
        form::seal(provider, &self.browser, form, data)
    }

    /// Checks the present password once more, within the limits of a sign-in; otherwise what is wrong.
    pub(crate) async fn check_password(
        &self,
        provider: &Provider,
        parameters: &Parameters,
    ) -> Result<Result<(), &'static str>, AuthError> {
        let texts = self.browser.texts;
        let attempt = SignInRequest {
            email: self.email(),
            password: parameters.get("password").unwrap_or_default(),
            device: self.browser.device.as_deref(),
            network: &network(),
        };
        Ok(match provider.password_sign_in.attempt(&attempt).await? {
            Attempt::Succeeded(account, _) if account == self.session.account => Ok(()),
            Attempt::Succeeded(..) | Attempt::WrongCredentials => Err(texts.account.wrong_password),
            Attempt::TooMany => Err(texts.too_many_attempts),
            Attempt::Busy => Err(texts.busy),
        })
    }

    /// Address of the person.
    pub(crate) fn email(&self) -> &str {
        self.person.email.as_deref().unwrap_or_default()
    }

    pub(crate) fn has_second_factor(&self) -> bool {
        self.account.second_factor.is_some()
    }

    pub(crate) fn texts(&self) -> &'static Texts {
        self.browser.texts
    }
}

/// What the client of the running request is counted by.
pub(crate) fn network() -> String {
    let key = Context::current_client().map(|address| ClientKey::at(address).to_string());
    key.unwrap_or_else(|| "unknown".to_owned())
}

/// Status of a page that shows what was wrong, or of one that does not.
pub(crate) fn status(error: Option<&str>) -> StatusCode {
    if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}
