//! Authorization (RFC 6749, section 4.1): from a valid request over sign-in and consent to the code, or to the refusal that the client
//! is told.

pub(crate) mod claims_request;
pub(crate) mod device_grants;
pub(crate) mod parameters;
pub(crate) mod pushed_requests;
pub(crate) mod request;
pub(crate) mod request_object;
pub(crate) mod request_source;
pub(crate) mod response_target;
pub(crate) mod signed_answers;
pub(crate) mod validation;

use super::{
    accounts::Accounts,
    clients::Clients,
    error::AuthError,
    grants::Grants,
    sessions::{
        Session,
        logout_notices::{LogoutNotices, Participant},
    },
    tokens::subjects::Subjects,
};
use crate::domain::{
    client::Client,
    events::{Authorization, AuthorizationExtensions, Registration},
};
use kernel::{Ids, security_checks::holds};
use pushed_requests::PushedRequests;
use request::{AuthorizationRefusal, AuthorizationRequest, WantedPerson};
use std::sync::Arc;

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It has just arrived.
    Arrived,
    /// The person has just signed in for it.
    SignedIn,
    /// The person has just consented to it.
    Consented,
}

/// Next step of a request.
#[derive(Debug)]
pub(crate) enum NextStep {
    /// The person signs in.
    SignIn(Arc<Client>),
    /// The person gets an account.
    SignUp,
    /// The person of this address is asked for consent.
    Consent { client: Arc<Client>, account: String },
    /// The client is given this code.
    Code(String),
    /// The client is told of a refusal.
    Refuse(AuthorizationRefusal),
    /// The client is registered no longer, or otherwise than when the request was validated.
    UnknownClient,
}

const LOGIN_REQUIRED: AuthorizationRefusal = AuthorizationRefusal {
    error: "login_required",
    description: "nobody is signed in as is wanted",
};
const CONSENT_REQUIRED: AuthorizationRefusal =
    AuthorizationRefusal { error: "consent_required", description: "the person has to be asked" };

const USED_REQUEST: AuthorizationRefusal = AuthorizationRefusal {
    error: "invalid_request_uri",
    description: "the request was answered before",
};

/// Authorization of clients by people.
#[derive(Debug)]
pub(crate) struct Authorizations {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) grants: Arc<Grants>,
    pub(crate) subjects: Arc<Subjects>,
    pub(crate) pushed: Arc<PushedRequests>,
    pub(crate) notices: Arc<LogoutNotices>,
    pub(crate) ids: Ids,
}

impl Authorizations {
    /// Next step of a valid request, with the session of the browser if somebody is signed in.
    pub(crate) async fn next(
        &self,
        request: &AuthorizationRequest,
        session: Option<&Session>,
        progress: Progress,
    ) -> Result<NextStep, AuthError> {
        let Some(client) = self.client(request).await? else { return Ok(NextStep::UnknownClient) };
        let Some(registration) = client.registration() else { return Ok(NextStep::UnknownClient) };
        if request.prompt.create {
            return Ok(NextStep::SignUp);
        }
        let is_wanted =
            session.is_none_or(|session| self.is_wanted(request, registration, session));
        let session = session.filter(|session| {
            progress != Progress::Arrived || (is_wanted && self.is_recent(request, session))
        });
        let Some(session) = session else {
            let is_silent = request.prompt.none;
            return Ok(if is_silent {
                NextStep::Refuse(LOGIN_REQUIRED)
            } else {
                NextStep::SignIn(client)
            });
        };
        if !is_wanted {
            // Somebody else signed in than the client wants to hear of.
            return Ok(NextStep::Refuse(LOGIN_REQUIRED));
        }
        let is_agreed = progress == Progress::Consented
            || !self.needs_consent(request, &client, session).await?;
        if !holds("consent", is_agreed) {
            if request.prompt.none {
                return Ok(NextStep::Refuse(CONSENT_REQUIRED));
            }
            let person = self.accounts.person(session.account).await?;
            let account = person.and_then(|person| person.email).unwrap_or_default();
            return Ok(NextStep::Consent { client, account });
        }
        if !holds("pushed_request_once", self.use_up(request).await?) {
            return Ok(NextStep::Refuse(USED_REQUEST));
        }
        match (self.code(request, registration, session).await, &request.pushed) {
            (Err(error), Some(reference)) => {
                self.pushed.put_back(reference).await?;
                Err(error)
            }
            (code, _) => code.map(NextStep::Code),
        }
    }

    /// Uses up a request that was pushed, since it is answered now; whether this is the first answer.
    pub(crate) async fn use_up(&self, request: &AuthorizationRequest) -> Result<bool, AuthError> {
        match &request.pushed {
            Some(reference) => Ok(self.pushed.answer(reference).await?),
            None => Ok(true),
        }
    }

    /// Client of a request, if it is still the one that was registered when the request was validated.
    pub(crate) async fn client(
        &self,
        request: &AuthorizationRequest,
    ) -> Result<Option<Arc<Client>>, AuthError> {
        let client = self.clients.find(&request.client).await?;
        Ok(client.filter(|client| {
            holds("client_unchanged", client.changed_at == request.client_changed_at)
        }))
    }

    /// Remembers that a person consented to a request, if it is still valid.
    pub(crate) async fn consent(
        &self,
        request: &AuthorizationRequest,
        session: &Session,
    ) -> Result<(), AuthError> {
        let Some(client) = self.client(request).await? else { return Ok(()) };
        let AuthorizationRequest { client: id, scopes, .. } = request;
        self.accounts.consent(session.account, id, client.registered_at, scopes).await
    }

    async fn code(
        &self,
        request: &AuthorizationRequest,
        client: &Registration,
        session: &Session,
    ) -> Result<String, AuthError> {
        let participant = Participant {
            client: request.client.clone(),
            account: session.account,
            session: session.sid.clone(),
        };
        self.notices.remember(client, participant).await?;
        let request = request.clone();
        let authorization = |code_expires| Authorization {
            client: request.client,
            account: session.account,
            session: session.sid.clone(),
            scopes: request.scopes,
            redirect_uri: request.target.redirect_uri,
            authenticated_at: session.authenticated_at,
            code_expires: request.device.map_or(code_expires, |device| device.expires),
            code_challenge: request.code_challenge,
            nonce: request.nonce,
            extensions: AuthorizationExtensions {
                dpop_key: request.dpop_key,
                id_token_claims: request.id_token_claims,
                methods: session.methods.clone(),
            },
        };
        self.grants.authorize(authorization).await
    }

    /// Whether the person of a session is the one whom the client wants to hear of.
    fn is_wanted(
        &self,
        request: &AuthorizationRequest,
        client: &Registration,
        session: &Session,
    ) -> bool {
        match &request.wanted {
            None => true,
            Some(WantedPerson::Subject(subject)) => {
                holds("wanted_person", *subject == self.subjects.of(session.account, client))
            }
            Some(WantedPerson::Nobody) => false,
        }
    }

    /// Whether a sign-in is recent enough for a request that has just arrived.
    fn is_recent(&self, request: &AuthorizationRequest, session: &Session) -> bool {
        let age = self.ids.now().as_second() - session.authenticated_at.as_second();
        let is_young = request.max_age.is_none_or(|max_age| max_age > 0 && age <= max_age);
        holds("sign_in_age", is_young) && holds("prompt_login", !request.prompt.login)
    }

    /// Whether the person has to be asked. Of a program on a device nobody knows who it is (RFC 8252, section 8.6), so that it is asked
    /// about each time.
    async fn needs_consent(
        &self,
        request: &AuthorizationRequest,
        client: &Client,
        session: &Session,
    ) -> Result<bool, AuthError> {
        let Some(registration) = client.registration() else { return Ok(true) };
        // A device is always asked about: whoever reads its code out to somebody else wants their account.
        if registration.is_trusted && request.device.is_none() {
            return Ok(false);
        }
        let is_on_device =
            !registration.is_confidential() && !request.target.redirect_uri.starts_with("https://");
        if request.prompt.consent || is_on_device {
            return Ok(true);
        }
        let (id, scopes, since) = (&request.client, &request.scopes, client.registered_at);
        let account = self.accounts.load(session.account).await?;
        Ok(!account.is_some_and(|account| account.has_consented(id, since, scopes)))
    }
}
