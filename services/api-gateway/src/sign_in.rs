//! Sign-in and sign-out in the browser: the steps at both edges, and their responses at the operator edge.

use crate::{authentication::Authentication, leaving, operator_page, registrar::CALLBACK};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use relying_party::{Redirect, RelyingParty, SignInError, WebOrigin};

/// Path of the sign-in.
pub(crate) const SIGN_IN: &str = "/sign-in";
/// Path of the sign-out.
pub(crate) const SIGN_OUT: &str = "/sign-out";
/// Parameter with the path to which somebody returns.
const RETURN_TO: &str = "return_to";
/// Parameter that says that the browser was sent here from another name of this edge: once is enough.
const HERE: &str = "here";

/// Step of signing in or out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignInStep {
    /// Somebody wants to sign in.
    Begin,
    /// The provider answers.
    Finish,
    /// Somebody wants to sign out.
    End,
}

impl SignInStep {
    /// Step at a path of an edge.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path {
            SIGN_IN => Some(Self::Begin),
            CALLBACK => Some(Self::Finish),
            SIGN_OUT => Some(Self::End),
            _ => None,
        }
    }

    /// Method by which it is asked for. Signing out changes something, so a link of another site cannot do it.
    pub(crate) fn method(self) -> Method {
        match self {
            Self::Begin | Self::Finish => Method::GET,
            Self::End => Method::POST,
        }
    }

    /// The method, as the value of `Allow`.
    pub(crate) fn allow(self) -> HeaderValue {
        match self {
            Self::Begin | Self::Finish => HeaderValue::from_static("GET"),
            Self::End => HeaderValue::from_static("POST"),
        }
    }

    /// Redirect to which the step leads.
    pub(crate) async fn execute(
        self,
        relying_party: &RelyingParty,
        site: &WebOrigin,
        head: &Parts,
    ) -> Result<Redirect, SignInError> {
        let query = head.uri.query().unwrap_or_default();
        match self {
            Self::Begin => begin(relying_party, site, &head.headers, query).await,
            Self::Finish => relying_party.finish(site, &head.headers, query).await,
            Self::End => relying_party.end(site, &head.headers).await,
        }
    }

    /// Response with a redirect to which the step leads: after a form, a page where it leads away from this site.
    pub(crate) fn response(self, site: &WebOrigin, redirect: Redirect) -> Response {
        let leaving = || leaving::page(site, &redirect);
        let page = (self == Self::End).then(leaving).flatten();
        page.unwrap_or_else(|| see_other(redirect))
    }

    /// Response to the step at the operator edge.
    pub(crate) async fn respond(self, authentication: &Authentication, head: &Parts) -> Response {
        let Some((relying_party, site)) = &authentication.sign_in else {
            let text = "Nobody can sign in here, since the address of this edge is not known: set api-gateway.operator_url.";
            return page(StatusCode::NOT_FOUND, text);
        };
        match self.execute(relying_party, site, head).await {
            Ok(redirect) => self.response(site, redirect),
            Err(error) => failure(&error),
        }
    }
}

/// Redirect of a browser that asked for an API path to the sign-in; none for a program, which wants to be told what is missing.
pub(crate) fn redirect_of_browser(
    authentication: &Authentication,
    head: &Parts,
) -> Option<Response> {
    let is_navigation = head.headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate");
    if head.method != Method::GET || !is_navigation || authentication.sign_in.is_none() {
        return None;
    }
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    Some(see_other(Redirect { location: sign_in_path(path), cookies: Vec::new() }))
}

/// Begins the sign-in at the name under which this edge is registered: cookies belong to a name, and `localhost` is another one than
/// `127.0.0.1`.
async fn begin(
    relying_party: &RelyingParty,
    site: &WebOrigin,
    headers: &HeaderMap,
    query: &str,
) -> Result<Redirect, SignInError> {
    let parameter = |name: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    };
    let return_to = parameter(RETURN_TO).unwrap_or_else(|| "/".to_owned());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_here = host.is_some_and(|host| site.at("").ends_with(&["://", host].concat()));
    if is_here || parameter(HERE).is_some() {
        return relying_party.begin(site, &return_to).await;
    }
    let location = [&site.at(&sign_in_path(&return_to)), "&", HERE, "="].concat();
    Ok(Redirect { location, cookies: Vec::new() })
}

/// Path of the sign-in that returns to this one.
fn sign_in_path(return_to: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    [SIGN_IN, "?", &query.append_pair(RETURN_TO, return_to).finish()].concat()
}

/// Redirect with its cookies. It is stored nowhere.
pub(crate) fn see_other(redirect: Redirect) -> Response {
    let Ok(location) = HeaderValue::from_str(&redirect.location) else {
        return page(StatusCode::BAD_REQUEST, "This address cannot be gone to.");
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in redirect.cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

fn failure(error: &SignInError) -> Response {
    let (status, text) = match error {
        SignInError::UnknownState => (
            StatusCode::BAD_REQUEST,
            "This sign-in was begun in another browser, or too long ago. Please sign in again.",
        ),
        SignInError::Refused(_) => (StatusCode::FORBIDDEN, "The sign-in was refused."),
        SignInError::Invalid(_) => {
            (StatusCode::BAD_REQUEST, "The answer to the sign-in is not valid.")
        }
        SignInError::Unavailable | SignInError::Storage(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "Nobody can sign in at the moment. Please try again.")
        }
    };
    tracing::warn!(%error, "an operator could not sign in or out");
    page(status, text)
}

fn page(status: StatusCode, text: &str) -> Response {
    let mut response = operator_page::response(operator_page::message(text));
    *response.status_mut() = status;
    response
}
