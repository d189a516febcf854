//! Authentication: whose request it is, by its bearer token, by the session of a browser at the operator edge, or by the token of the
//! settings or of this process itself.

use crate::{
    access::Refusal,
    own_issuer,
    registrar::{self, OPERATOR_EDGE},
    settings::GatewaySettings,
};
use axum::http::{HeaderMap, request::Parts};
use contracts::auth::{READ_SCOPE, Role, TokenIssuer, WRITE_SCOPE};
use kernel::{Problem, codes};
use relying_party::{RelyingParty, SignInError, WebOrigin};
use resource_server::{
    AuthSettings, DpopVerifier, PresentedToken, Principal, TokenError, TokenScheme, TokenVerifier,
    presented_proof, presented_token,
};
use runtime::{BuildContext, BuildError};
use settings::Secret;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use transport::Edge;

/// Issuer of the token of this process.
const PROCESS: &str = "process";
/// Actor of operators whom nothing names, and the beginning of the names of all others.
const OPERATOR: &str = "operator";
/// Longest subject that names an actor as it is, in bytes.
const ACTOR_BYTES_MAX: usize = 120;

/// Bytes of the key of nonces.
const NONCE_KEY_BYTES: usize = 32;

/// Authentication of requests.
#[derive(Debug)]
pub(crate) struct Authentication {
    verifier: TokenVerifier,
    /// Verifier of the proofs of those to whose keys tokens are bound.
    proofs: DpopVerifier,
    /// Token of the settings or of this process, if there is one, and whom it stands for.
    process: Option<(Secret, Arc<Principal>)>,
    /// Actor of operators whom nothing names: those of an edge that is open, and the commands of this process.
    pub(crate) operator: Arc<str>,
    /// Whether the operator edge asks who somebody is.
    pub(crate) asks_operators: bool,
    /// Sign-in in the browser, and where; none where the address of the operator edge is not known.
    pub(crate) sign_in: Option<(RelyingParty, WebOrigin)>,
}

impl Authentication {
    pub(crate) fn new(
        context: &BuildContext,
        settings: &GatewaySettings,
    ) -> Result<Self, BuildError> {
        let own = context.contract::<dyn TokenIssuer>()?;
        let auth: AuthSettings = context.section(resource_server::SECTION.name())?;
        if let Some(role) = auth.roles().find(|role| Role::parse(role).is_none()) {
            let known = Role::ALL.map(Role::name).join(", ");
            return Err(BuildError::Other(format!(
                "auth.issuers: {role:?} is no role: expected {known}"
            )));
        }
        // An outside issuer knows none of our scopes: what its tokens may do is the matter of their roles.
        let scopes = [READ_SCOPE, WRITE_SCOPE];
        let issuers = auth.issuers.iter().map(|issuer| issuer.trusted(&scopes, outside_actor));
        let issuers = issuers.chain([own_issuer::trusted(context, own_actor)?]).collect();
        let operator = Arc::from(OPERATOR);
        let token = settings.operator_token.clone();
        Ok(Self {
            verifier: TokenVerifier::new(issuers, Arc::clone(context.ids.clock())),
            proofs: proofs(context, settings.requires_dpop_nonces),
            process: (!token.is_empty()).then(|| (token, Arc::new(process_principal(&operator)))),
            operator,
            asks_operators: settings.operator_sign_in,
            sign_in: registrar::sign_in(context, OPERATOR_EDGE, &settings.operator_url, own)?,
        })
    }

    /// Principal of a request; none for a stranger. A token that does not count is refused, also where none is needed.
    pub(crate) async fn principal(
        &self,
        edge: Edge,
        head: &Parts,
        sender: &Sender,
    ) -> Result<Option<Arc<Principal>>, Refusal> {
        let headers = &head.headers;
        let presented = presented_token(headers).map_err(|error| Refusal::malformed(&error))?;
        if let Some((scheme, token)) = presented {
            if edge == Edge::Operator
                && scheme == TokenScheme::Bearer
                && let Some(process) = self.of_process(token)
            {
                return Ok(Some(Arc::clone(process)));
            }
            let presented = PresentedToken {
                scheme,
                token,
                proof: presented_proof(headers),
                method: head.method.as_str(),
                uris: &sender.uris,
                certificate: sender.certificate.as_deref(),
            };
            let principal = self.verifier.verify_presented(&presented, &self.proofs).await;
            let refused = |error| Refusal::of_token(error, scheme, self.proofs.nonce());
            return principal.map(Some).map_err(refused);
        }
        match edge {
            // Rare, and not to be a part of the future of every request.
            Edge::Operator => Box::pin(self.signed_in(headers)).await,
            Edge::Shop | Edge::Internal => Ok(None),
        }
    }

    /// Principal of a browser's session. A session whose token ended early is none.
    async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<Arc<Principal>>, Refusal> {
        let Some((relying_party, site)) = &self.sign_in else { return Ok(None) };
        let session =
            relying_party.session(site, headers).await.map_err(|error| unavailable(&error))?;
        let Some(session) = session else { return Ok(None) };
        match self.verifier.verify(&session.access_token).await {
            Ok(principal) => Ok(Some(principal)),
            Err(error @ TokenError::Unavailable) => {
                Err(Refusal::of_token(error, TokenScheme::Bearer, None))
            }
            Err(_) => Ok(None),
        }
    }

    /// Principal of the token of the process, if it is this one.
    fn of_process(&self, token: &str) -> Option<&Arc<Principal>> {
        let (own, principal) = self.process.as_ref()?;
        bool::from(own.expose().as_bytes().ct_eq(token.as_bytes())).then_some(principal)
    }
}

/// What is known of the sender of a request, against which the constraint of its token is checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sender {
    /// Addresses by which it may know what it asks for.
    pub(crate) uris: Vec<String>,
    /// Thumbprint of its certificate.
    pub(crate) certificate: Option<String>,
}

/// Verifier of proofs. Its nonces are those of this process: nothing of them has to outlive it.
fn proofs(context: &BuildContext, requires_nonces: bool) -> DpopVerifier {
    let mut key = [0; NONCE_KEY_BYTES];
    context.ids.randomness().fill(&mut key);
    DpopVerifier::new(Arc::clone(context.ids.clock()), requires_nonces.then_some(&key[..]))
}

/// Name of an operator whose account or client is of this shop, in the audit trail and in front of idempotency keys: one name for each
/// person and program, of a form that fits a header.
fn own_actor(issuer: &str, subject: &str) -> Arc<str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@|".contains(&byte);
    if subject.len() > ACTOR_BYTES_MAX || !subject.bytes().all(is_plain) {
        return outside_actor(issuer, subject);
    }
    Arc::from(format!("{OPERATOR}:{subject}"))
}

/// The same of an outside issuer, whose subjects may be those of ours.
fn outside_actor(issuer: &str, subject: &str) -> Arc<str> {
    let digest = Sha256::digest(format!("{issuer}\n{subject}"));
    Arc::from(format!("{OPERATOR}:digest-{}", kernel::hex::encode(&digest[..16])))
}

/// Principal of the token of the settings, and of this process itself, whose commands may run a shop of their own.
fn process_principal(actor: &Arc<str>) -> Principal {
    Principal {
        issuer: PROCESS.to_owned(),
        subject: OPERATOR.to_owned(),
        client: None,
        roles: vec![Role::Admin.name().to_owned()],
        scopes: vec![WRITE_SCOPE.to_owned()],
        actor: Arc::clone(actor),
    }
}

/// Refusal of a request whose session cannot be looked at now.
fn unavailable(error: &SignInError) -> Refusal {
    tracing::warn!(%error, "the session of an operator could not be looked at");
    let title = "who you are cannot be looked up at the moment; try again shortly";
    Problem::of(codes::UNAVAILABLE, title).retry_after(1).into()
}
