//! Access: who may use a route, and the refusals of everybody else (RFC 6750, section 3).

use crate::Operation;
use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use contracts::auth::{READ_SCOPE, Role, WRITE_SCOPE};
use jose::{Algorithm, DpopError};
use kernel::{Problem, codes};
use resource_server::{Principal, ProofRefusal, TokenError, TokenScheme};
use web::ProblemResponse;

/// Realm of the challenges.
const REALM: &str = "icommerce";

/// Header with the nonce for the next proof.
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody.
    Everybody,
    /// Operators with one of these roles, and those with the role `admin`, by a token with this scope.
    Operators { roles: &'static [Role], scope: &'static str },
}

/// Refusal of a request for want of a right.
#[derive(Debug)]
pub(crate) struct Refusal {
    problem: Problem,
    challenge: Option<Box<Challenge>>,
}

/// Challenge of a refusal.
#[derive(Debug)]
struct Challenge {
    /// Value of `WWW-Authenticate`.
    text: String,
    /// Nonce for the next proof, where one is demanded.
    nonce: Option<String>,
}

impl Access {
    /// Names of the roles of which one is enough; none where nobody is asked.
    pub(crate) fn roles(self) -> Vec<&'static str> {
        match self {
            Self::Everybody => Vec::new(),
            Self::Operators { roles, .. } => names(roles),
        }
    }

    /// An operation with this access.
    pub(crate) fn operation(self, method: &'static str, path: &'static str) -> Operation {
        let scope = match self {
            Self::Everybody => "",
            Self::Operators { scope, .. } => scope,
        };
        Operation { method, path, roles: self.roles(), scope }
    }

    /// Whether this principal may use the route; without one, a stranger.
    pub(crate) fn check(self, principal: Option<&Principal>) -> Result<(), Refusal> {
        let Self::Operators { roles, scope } = self else { return Ok(()) };
        let Some(principal) = principal else { return Err(Refusal::sign_in(roles, scope)) };
        if !has_scope(principal, scope) {
            return Err(Refusal::scope(scope));
        }
        if !has_role(principal, roles) {
            return Err(Refusal::role(roles));
        }
        Ok(())
    }
}

/// Whether a token has a scope; that for changes includes that for reading.
fn has_scope(principal: &Principal, scope: &str) -> bool {
    principal.has_scope(scope) || (scope == READ_SCOPE && principal.has_scope(WRITE_SCOPE))
}

fn has_role(principal: &Principal, roles: &[Role]) -> bool {
    let is_among = |role: Role| role == Role::Admin || roles.contains(&role);
    principal.roles.iter().filter_map(|name| Role::parse(name)).any(is_among)
}

/// Names of the roles that are enough.
fn names(roles: &[Role]) -> Vec<&'static str> {
    let mut names: Vec<_> = roles.iter().map(|role| role.name()).collect();
    if !roles.contains(&Role::Admin) {
        names.push(Role::Admin.name());
    }
    names
}

impl Refusal {
    /// 401 without a token: what is missing, and no error (RFC 6750, section 3.1).
    fn sign_in(roles: &[Role], scope: &str) -> Self {
        let title = "sign in first: this takes a token of an operator, as Authorization: Bearer";
        let problem = Problem::of(codes::UNAUTHENTICATED, title);
        let problem = problem.fact("roles", names(roles)).fact("scope", scope);
        let challenge = format!("Bearer realm=\"{REALM}\", scope=\"{scope}\"");
        Self::challenged(problem, challenge)
    }

    /// 403: the client was not allowed so much.
    fn scope(scope: &str) -> Self {
        let title = format!("the token lacks the scope {scope}");
        let challenge =
            format!("Bearer realm=\"{REALM}\", error=\"insufficient_scope\", scope=\"{scope}\"");
        Self::challenged(
            Problem::of(codes::INSUFFICIENT_SCOPE, title).fact("scope", scope),
            challenge,
        )
    }

    /// 403: the person may not, whatever the client was allowed.
    fn role(roles: &[Role]) -> Self {
        let names = names(roles);
        let title = format!("this takes one of the roles {}", names.join(", "));
        Problem::of(codes::FORBIDDEN, title).fact("roles", names).into()
    }

    /// 400: the header is no bearer token.
    pub(crate) fn malformed(error: &dyn std::fmt::Display) -> Self {
        let problem = Problem::of(codes::INVALID_HEADER, error.to_string());
        let challenge = format!("Bearer realm=\"{REALM}\", error=\"invalid_request\"");
        Self::challenged(problem, challenge)
    }

    /// 401: the token does not count, or not as it was presented (RFC 6750, section 3.1; RFC 9449, section 7.1). Where a nonce is demanded
    /// the client is given one.
    pub(crate) fn of_token(error: TokenError, scheme: TokenScheme, nonce: Option<String>) -> Self {
        let (scheme, word) = match error {
            TokenError::Unavailable | TokenError::Proof(ProofRefusal::TooMany) => {
                return Problem::of(codes::UNAVAILABLE, error.to_string()).retry_after(5).into();
            }
            TokenError::Proof(ProofRefusal::Invalid(DpopError::Nonce)) => {
                (TokenScheme::Dpop, "use_dpop_nonce")
            }
            TokenError::Proof(_) => (TokenScheme::Dpop, "invalid_dpop_proof"),
            TokenError::NeedsProof => (TokenScheme::Dpop, "invalid_token"),
            TokenError::Signature(_)
            | TokenError::Issuer
            | TokenError::Type
            | TokenError::Claims(_)
            | TokenError::Unproven
            | TokenError::Inactive
            | TokenError::Revoked => (scheme, "invalid_token"),
        };
        let said = format!("realm=\"{REALM}\", error=\"{word}\", error_description=\"{error}\"");
        let challenge = match scheme {
            TokenScheme::Bearer => format!("Bearer {said}"),
            TokenScheme::Dpop => {
                let algorithms = Algorithm::names(&Algorithm::STRONG).join(" ");
                format!("DPoP {said}, algs=\"{algorithms}\"")
            }
        };
        let problem = Problem::of(codes::INVALID_TOKEN, error.to_string());
        let nonce = nonce.filter(|_| scheme == TokenScheme::Dpop);
        Self { problem, challenge: Some(Box::new(Challenge { text: challenge, nonce })) }
    }

    fn challenged(problem: Problem, challenge: String) -> Self {
        let challenge = Challenge { text: challenge, nonce: None };
        Self { problem, challenge: Some(Box::new(challenge)) }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem, challenge: None }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = ProblemResponse(self.problem).into_response();
        let Some(challenge) = self.challenge else { return response };
        let Challenge { text, nonce } = *challenge;
        let text = HeaderValue::from_str(&text).ok().map(|it| (header::WWW_AUTHENTICATE, it));
        let nonce = nonce.and_then(|it| HeaderValue::from_str(&it).ok());
        response.headers_mut().extend(text);
        response.headers_mut().extend(nonce.map(|it| (DPOP_NONCE, it)));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn principal(roles: &[&str], scopes: &[&str]) -> Principal {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Principal {
            issuer: "https://shop.example/auth".to_owned(),
            subject: "ada".to_owned(),
            client: None,
            roles: owned(roles),
            scopes: owned(scopes),
            actor: "operator:ada".into(),
        }
    }

    /// Status and challenge of the answer.
    fn answer(access: Access, principal: Option<&Principal>) -> (u16, String) {
        let Err(refusal) = access.check(principal) else { return (200, String::new()) };
        let response = refusal.into_response();
        let challenge = response.headers().get(header::WWW_AUTHENTICATE);
        let challenge = challenge.map_or("", |it| it.to_str().unwrap());
        (response.status().as_u16(), challenge.to_owned())
    }

    #[test]
    fn a_role_and_the_scope_are_both_needed() {
        let access = Access::Operators { roles: &[Role::Finance], scope: WRITE_SCOPE };
        let of =
            |roles: &[&str], scopes: &[&str]| answer(access, Some(&principal(roles, scopes))).0;
        assert_eq!(of(&["finance"], &["shop.write"]), 200);
        assert_eq!(of(&["admin"], &["shop.write"]), 200);
        assert_eq!(of(&["viewer", "finance"], &["openid", "shop.write"]), 200);
        assert_eq!(of(&["finance"], &["shop.read"]), 403);
        assert_eq!(of(&["viewer"], &["shop.write"]), 403);
        assert_eq!(of(&["Finance", "FINANCE", "", "root"], &["shop.write"]), 403);
        assert_eq!(of(&[], &["shop.write", "admin", "finance"]), 403, "a scope is no role");
        assert_eq!(of(&["admin", "shop.write"], &[]), 403, "and a role no scope");
    }

    #[test]
    fn writing_includes_reading_and_not_the_other_way_round() {
        let access = Access::Operators { roles: &Role::ALL, scope: READ_SCOPE };
        assert_eq!(answer(access, Some(&principal(&["viewer"], &["shop.write"]))).0, 200);
        assert_eq!(answer(access, Some(&principal(&["viewer"], &["shop.read"]))).0, 200);
        assert_eq!(answer(access, Some(&principal(&["viewer"], &["shop.readx"]))).0, 403);
    }

    #[test]
    fn a_refusal_says_what_is_missing() {
        let access = Access::Operators { roles: &[Role::Finance], scope: WRITE_SCOPE };
        assert_eq!(
            answer(access, None),
            (401, r#"Bearer realm="icommerce", scope="shop.write""#.to_owned())
        );
        let (status, challenge) = answer(access, Some(&principal(&["finance"], &[])));
        assert_eq!(status, 403);
        assert!(
            challenge.contains(r#"error="insufficient_scope", scope="shop.write""#),
            "{challenge}"
        );
        let refusal = access.check(Some(&principal(&[], &["shop.write"]))).unwrap_err();
        assert_eq!(refusal.problem.title, "this takes one of the roles finance, admin");
        let of = |error| Refusal::of_token(error, TokenScheme::Bearer, Some("n".to_owned()));
        let unavailable = of(TokenError::Unavailable);
        assert_eq!(unavailable.problem.status, 503, "nothing is known about the token");
        let revoked = of(TokenError::Revoked).into_response();
        assert!(!revoked.headers().contains_key(DPOP_NONCE));
        let bound = of(TokenError::NeedsProof).into_response();
        let challenge = bound.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(
            challenge.starts_with("DPoP ")
                && challenge.ends_with(r#"algs="ES256 EdDSA PS256 Ed25519""#),
            "{challenge}"
        );
        assert_eq!(bound.headers()[DPOP_NONCE], "n");
        let challenge = revoked.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
        assert!(Access::Everybody.check(None).is_ok());
    }
}
