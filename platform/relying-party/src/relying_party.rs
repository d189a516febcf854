//! Relying party: beginning and finishing a sign-in, the session of a request, and its end.

use crate::{
    ClientRegistration, Provider, Session, SignInError,
    cookie::Cookie,
    id_token,
    seal::Seal,
    session_store::{SessionSecret, SessionStore},
    sign_in_state::{SECONDS_MAX, SignInState},
};
use http::{HeaderMap, HeaderValue};
use kernel::{Ids, Timestamp};
use std::{sync::Arc, time::Duration};
use storage::KeyValue;

/// Time before its end at which an access token is replaced, in seconds.
const REFRESH_SECONDS: i64 = 30;
/// Longest query of an answer, in bytes.
const QUERY_BYTES_MAX: usize = 8 * 1024;

/// Web origin at which people are (RFC 6454): scheme, host and port, as the browser knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// This origin, such as `https://ops.example`. It comes from settings, or was checked: addresses are made of it.
    pub fn new(origin: impl Into<String>) -> Self {
        Self(origin.into())
    }

    /// Whether it is reached over https.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Address of a path of the origin.
    pub fn at(&self, path: &str) -> String {
        [&self.0, path].concat()
    }
}

/// Parts of a relying party.
#[derive(Clone, Debug)]
pub struct RelyingPartyParts {
    /// Provider of accounts.
    pub provider: Provider,
    /// Key-value store of the service, for the sessions.
    pub values: Arc<dyn KeyValue>,
    /// Time and randomness.
    pub ids: Ids,
    /// Name of the session's cookie over plain HTTP: letters, digits and hyphens. One for each edge, since ports do not separate cookies.
    pub cookie: &'static str,
    /// Scopes that are asked for, with `openid`.
    pub scope: &'static str,
    /// Path of the redirect URI.
    pub redirect_path: &'static str,
    /// Path to which people return after they signed out.
    pub signed_out_path: &'static str,
    /// Time after which a session ends that nobody uses.
    pub session_idle_max: Duration,
    /// Time after which every session ends.
    pub session_lifetime_max: Duration,
}

/// Redirect of the browser, with cookies to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// Address to go to (303).
    pub location: String,
    /// Cookies to set (`Set-Cookie`).
    pub cookies: Vec<HeaderValue>,
}

/// Relying party of one origin.
#[derive(Debug)]
pub struct RelyingParty {
    parts: RelyingPartyParts,
    sessions: SessionStore,
    session_cookie: Cookie,
    state_cookie: Cookie,
}

impl RelyingParty {
    /// Relying party of these parts.
    pub fn new(parts: RelyingPartyParts) -> Self {
        let sessions = SessionStore {
            values: Arc::clone(&parts.values),
            ids: parts.ids.clone(),
            idle_max: parts.session_idle_max,
        };
        let session_cookie = Cookie::named(parts.cookie, "");
        let state_cookie = Cookie::named(parts.cookie, "-sign-in");
        Self { parts, sessions, session_cookie, state_cookie }
    }

    /// Begins a sign-in: the browser goes to the provider, and comes back to the redirect path. Afterwards people return to this path.
    ///
    /// # Errors
    ///
    /// [`SignInError::Unavailable`].
    pub async fn begin(
        &self,
        origin: &WebOrigin,
        return_to: &str,
    ) -> Result<Redirect, SignInError> {
        let registration = self.parts.provider.registration().await?;
        let randomness = &**self.parts.ids.randomness();
        let state = SignInState::new(return_to, self.parts.ids.now(), randomness);
        let (redirect_uri, challenge) = (origin.at(self.parts.redirect_path), state.challenge());
        let location = with_query(
            &registration.authorization_endpoint,
            &[
                ("response_type", "code"),
                ("client_id", &registration.client_id),
                ("redirect_uri", &redirect_uri),
                ("scope", self.parts.scope),
                ("state", state.state()),
                ("nonce", &state.nonce),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ],
        );
        let sealed = state.seal(&state_seal(&registration), randomness);
        let cookie = self.state_cookie.set(origin, &sealed, Some(SECONDS_MAX));
        Ok(Redirect { location, cookies: vec![cookie] })
    }

    /// Finishes a sign-in with the query of the answer. An answer counts for the browser in which the sign-in was begun, once, and only if
    /// it is of this provider (RFC 9207). A session that the browser had before ends.
    ///
    /// # Errors
    ///
    /// [`SignInError`].
    pub async fn finish(
        &self,
        origin: &WebOrigin,
        headers: &HeaderMap,
        query: &str,
    ) -> Result<Redirect, SignInError> {
        let registration = self.parts.provider.registration().await?;
        let answer = AuthorizationResponse::parse(query).ok_or(SignInError::UnknownState)?;
        let now = self.parts.ids.now();
        let sealed = self.state_cookie.value(origin, headers).unwrap_or_default();
        let state = SignInState::open(&state_seal(&registration), sealed, &answer.state, now);
        let state = state.ok_or(SignInError::UnknownState)?;
        if answer.issuer.as_deref() != Some(&registration.issuer) {
            return Err(SignInError::Invalid("it is of another provider"));
        }
        let code = match (answer.code, answer.error) {
            (Some(code), None) => code,
            (None, Some(error)) => return Err(SignInError::Refused(error)),
            _ => return Err(SignInError::Invalid("it has neither a code nor an error")),
        };
        let redirect_uri = origin.at(self.parts.redirect_path);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", &state.verifier),
        ];
        let tokens = self.parts.provider.tokens(&registration, &form).await?;
        let id_token = tokens.id_token.as_deref();
        let id_token = id_token.ok_or(SignInError::Invalid("it has no ID token"))?;
        id_token::validate(id_token, &registration, &state.nonce, now)?;
        if let Some(earlier) = self.secret(origin, headers) {
            self.sessions.remove(&earlier).await?;
        }
        let secret = SessionSecret::new(&self.parts.ids);
        self.sessions
            .put(&secret, &Session::begin(tokens, now, self.parts.session_lifetime_max))
            .await?;
        let cookies = vec![
            self.session_cookie.set(origin, &secret.cookie(), None),
            self.state_cookie.remove(origin),
        ];
        Ok(Redirect { location: state.return_to, cookies })
    }

    /// Session of a request; none for a stranger. The access token is replaced before it ends; a session that the provider ended, ends.
    ///
    /// # Errors
    ///
    /// [`SignInError::Storage`], and [`SignInError::Unavailable`] if the access token has ended and the provider does not answer.
    pub async fn session(
        &self,
        origin: &WebOrigin,
        headers: &HeaderMap,
    ) -> Result<Option<Session>, SignInError> {
        let Some(secret) = self.secret(origin, headers) else { return Ok(None) };
        let Some(session) = self.sessions.find(&secret).await? else { return Ok(None) };
        let now = self.parts.ids.now();
        if now.as_second() + REFRESH_SECONDS < session.access_expires {
            return Ok(Some(session));
        }
        match self.refresh(&secret, session.clone(), now).await {
            Err(SignInError::Unavailable) if now.as_second() < session.access_expires => {
                Ok(Some(session))
            }
            refreshed => refreshed,
        }
    }

    async fn refresh(
        &self,
        secret: &SessionSecret,
        session: Session,
        now: Timestamp,
    ) -> Result<Option<Session>, SignInError> {
        let Some(refresh_token) = session.refresh_token.clone() else {
            self.sessions.remove(secret).await?;
            return Ok(None);
        };
        let registration = self.parts.provider.registration().await?;
        let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh_token)];
        match self.parts.provider.tokens(&registration, &form).await {
            Ok(tokens) => {
                let session = session.refreshed(tokens, now);
                self.sessions.put(secret, &session).await?;
                Ok(Some(session))
            }
            Err(SignInError::Refused(_)) => {
                self.sessions.remove(secret).await?;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Ends the session of a request, here and at the provider: the grant is revoked, so that a request that is refreshing it at this
    /// moment cannot keep it alive, and the browser goes on to the provider to sign out there (RP-initiated logout).
    ///
    /// # Errors
    ///
    /// [`SignInError::Storage`]. Without the provider the session ends here.
    pub async fn end(
        &self,
        origin: &WebOrigin,
        headers: &HeaderMap,
    ) -> Result<Redirect, SignInError> {
        let cookies = vec![self.session_cookie.remove(origin)];
        let local =
            Redirect { location: self.parts.signed_out_path.to_owned(), cookies: cookies.clone() };
        let Some(secret) = self.secret(origin, headers) else { return Ok(local) };
        let Some(session) = self.sessions.find(&secret).await? else { return Ok(local) };
        self.sessions.remove(&secret).await?;
        let Ok(registration) = self.parts.provider.registration().await else { return Ok(local) };
        if let Some(refresh_token) = &session.refresh_token {
            self.parts.provider.revoke(&registration, refresh_token).await;
        }
        let return_to = origin.at(self.parts.signed_out_path);
        // An address is logged and remembered, so it has no token: the public identifier of the session says enough. A provider that
        // does not give one asks whoever signs out.
        let session_id = session.id_token.as_deref().and_then(id_token::session_id);
        let mut parameters: Vec<(&str, &str)> = Vec::new();
        parameters.extend(session_id.as_deref().map(|session_id| ("logout_hint", session_id)));
        parameters.push(("client_id", &registration.client_id));
        parameters.push(("post_logout_redirect_uri", &return_to));
        let location = with_query(&registration.end_session_endpoint, &parameters);
        Ok(Redirect { location, cookies })
    }

    fn secret(&self, origin: &WebOrigin, headers: &HeaderMap) -> Option<SessionSecret> {
        SessionSecret::of_cookie(self.session_cookie.value(origin, headers)?)
    }
}

/// Seal of sign-ins under way, the same for every process that has the registration.
fn state_seal(registration: &ClientRegistration) -> Seal {
    Seal::new(registration.client_secret.as_bytes(), "sign-in of a relying party")
}

/// Address with these parameters.
fn with_query(address: &str, parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    [address, "?", &query].concat()
}

/// Response of the provider to an authorization request.
#[derive(Default)]
struct AuthorizationResponse {
    state: String,
    code: Option<String>,
    error: Option<String>,
    issuer: Option<String>,
}

impl AuthorizationResponse {
    /// Response in this query; none if it is too long, or a parameter comes twice.
    fn parse(query: &str) -> Option<Self> {
        if query.len() > QUERY_BYTES_MAX {
            return None;
        }
        let (mut answer, mut state) = (Self::default(), None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "state" => &mut state,
                "code" => &mut answer.code,
                "error" => &mut answer.error,
                "iss" => &mut answer.issuer,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        answer.state = state?;
        Some(answer)
    }
}
