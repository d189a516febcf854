//! Grant: what a person authorized a client to do, from the code to the last token. One code is redeemed once; one refresh token
//! has one successor; whoever presents what was used up ends the whole family (RFC 9700, sections 2.1.1 and 4.14).

use super::{
    Rejection,
    events::{Authorization, ClientId, GrantEvent, RevocationReason},
};
use kernel::{Timestamp, security_checks::holds};
use std::time::Duration;

/// Grace period in which a refresh token that was just replaced gives the same successor again: two tabs of one client, or an
/// answer that got lost, are no theft.
pub(crate) const GRACE: Duration = Duration::from_secs(10);
/// Most refreshes of a grant, each of which is an event of its stream; after them the person signs in again.
pub(crate) const GENERATIONS_MAX: u32 = 10_000;

/// Time by which the use of a refresh token that is kept must move its end before that is written.
const KEPT_USE_NOTED: Duration = Duration::from_hours(1);

/// Grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) authorization: Authorization,
    pub(crate) authorized_at: Timestamp,
    pub(crate) is_redeemed: bool,
    pub(crate) is_revoked: bool,
    /// Its refresh tokens, if it has any.
    pub(crate) family: Option<TokenFamily>,
    /// Thumbprint of the key to which they are bound.
    pub(crate) refresh_key: Option<String>,
    /// Thumbprint of the certificate to which they are bound.
    pub(crate) refresh_certificate: Option<String>,
}

/// Refresh tokens of a grant: all of one line, of which the newest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenFamily {
    /// Number of the newest, from 0.
    pub(crate) generation: u32,
    replaced_at: Option<Timestamp>,
    pub(crate) idle_until: Timestamp,
    pub(crate) refreshable_until: Timestamp,
}

/// Request to redeem a code, by an authenticated client.
#[derive(Clone, Debug)]
pub(crate) struct Redemption<'a> {
    pub(crate) client: &'a ClientId,
    /// Must be that of the authorization request; may be left out where a code verifier binds the request.
    pub(crate) redirect_uri: Option<&'a str>,
    /// SHA-256 of the code verifier, in base64url.
    pub(crate) challenge: Option<&'a str>,
    pub(crate) at: Timestamp,
    /// Ends of the first refresh token and of all of them, if the client gets one.
    pub(crate) family: Option<(Timestamp, Timestamp)>,
    /// Thumbprint of the key whose proof came along.
    pub(crate) dpop_key: Option<&'a str>,
    /// Thumbprint of the certificate to which its tokens are bound.
    pub(crate) certificate: Option<&'a str>,
    /// Whether that key or certificate is needed to refresh as well: by a client that cannot prove who it is otherwise.
    pub(crate) binds_refresh_tokens: bool,
    /// Whether a device polls: its code never leaves the server, and to ask again is no sign of a theft.
    pub(crate) is_poll: bool,
}

/// Request to use a refresh token, by an authenticated client.
#[derive(Clone, Debug)]
pub(crate) struct Refreshment<'a> {
    pub(crate) client: &'a ClientId,
    /// Number of the token.
    pub(crate) generation: u32,
    /// End of the next one, if it is not used.
    pub(crate) idle_until: Timestamp,
    /// Thumbprint of the key whose proof came along.
    pub(crate) dpop_key: Option<&'a str>,
    /// Thumbprint of the certificate that the client presents.
    pub(crate) certificate: Option<&'a str>,
    /// Whether the token is replaced.
    pub(crate) rotates: bool,
    pub(crate) at: Timestamp,
}

impl Grant {
    /// Redeems the code. A request that is not valid in itself changes nothing, so that nobody who merely guesses can end a
    /// grant; a valid one that comes a second time does end it, and the caller sees that in the state.
    pub(crate) fn redeem(&self, request: &Redemption<'_>) -> Result<Vec<GrantEvent>, Rejection> {
        let Authorization { client, redirect_uri, code_challenge, code_expires, .. } =
            &self.authorization;
        let is_same_client = holds("code_client", client == request.client);
        let is_same_uri = match request.redirect_uri {
            Some(uri) => uri == redirect_uri,
            None => code_challenge.is_some(),
        };
        let is_same_uri = holds("code_redirect_uri", is_same_uri);
        // Present exactly if there was a challenge: a request without one must not be satisfied by any verifier (downgrade).
        let is_same_challenge =
            holds("code_verifier", code_challenge.as_deref() == request.challenge);
        let bound_key = self.authorization.extensions.dpop_key.as_deref();
        let is_same_key = holds("code_key", bound_key.is_none() || bound_key == request.dpop_key);
        let is_valid = is_same_client && is_same_uri && is_same_challenge && is_same_key;
        if !is_valid || self.is_revoked {
            return Err(Rejection::GrantInvalid);
        }
        let at = request.at;
        if self.is_redeemed && request.is_poll {
            return Err(Rejection::GrantInvalid);
        }
        if !holds("code_once", !self.is_redeemed) {
            return Ok(vec![GrantEvent::Revoked { reason: RevocationReason::CodeReplayed, at }]);
        }
        if !holds("code_end", at < *code_expires) {
            return Err(Rejection::GrantInvalid);
        }
        let (idle_until, refreshable_until) = request.family.unzip();
        let binds = request.binds_refresh_tokens && request.family.is_some();
        let bound = |to: Option<&str>| to.filter(|_| binds).map(ToOwned::to_owned);
        let (dpop_key, certificate) = (bound(request.dpop_key), bound(request.certificate));
        Ok(vec![GrantEvent::Redeemed { at, idle_until, refreshable_until, dpop_key, certificate }])
    }

    /// Uses the refresh token of this generation: it is replaced, unless the client keeps its tokens. No event is the same successor
    /// again, within the grace period. The caller sees in the state whether the grant was ended by a replay.
    pub(crate) fn refresh(&self, request: &Refreshment<'_>) -> Result<Vec<GrantEvent>, Rejection> {
        let Refreshment { client, generation, idle_until, dpop_key, rotates, at, .. } = *request;
        let Some(family) = self.active_family(client, at) else {
            return Err(Rejection::GrantInvalid);
        };
        let is_its_key = self.refresh_key.is_none() || self.refresh_key.as_deref() == dpop_key;
        let is_its_certificate = self.refresh_certificate.is_none()
            || self.refresh_certificate.as_deref() == request.certificate;
        if !holds("refresh_token_key", is_its_key)
            || !holds("refresh_token_certificate", is_its_certificate)
        {
            return Err(Rejection::GrantInvalid);
        }
        if generation > family.generation {
            // It was issued after a backup that was restored since.
            return Err(Rejection::GrantInvalid);
        }
        if generation == family.generation {
            if generation >= GENERATIONS_MAX {
                return Err(Rejection::GrantInvalid);
            }
            let idle_until = idle_until.min(family.refreshable_until);
            if rotates {
                let generation = generation + 1;
                return Ok(vec![GrantEvent::Refreshed { generation, idle_until, at }]);
            }
            // Its use is written from time to time only.
            let noted = family.idle_until.checked_add(KEPT_USE_NOTED).unwrap_or(Timestamp::MAX);
            let is_due = idle_until >= noted;
            return Ok(Vec::from_iter(is_due.then_some(GrantEvent::Refreshed {
                generation,
                idle_until,
                at,
            })));
        }
        let is_within_grace = family.replaced_at.is_some_and(|replaced| {
            let until = replaced.checked_add(GRACE).unwrap_or(Timestamp::MAX);
            generation + 1 == family.generation && at < until
        });
        if holds("refresh_token_once", is_within_grace) {
            return Ok(Vec::new());
        }
        Ok(vec![GrantEvent::Revoked { reason: RevocationReason::RefreshTokenReplayed, at }])
    }

    /// The refresh tokens, if this client may use the newest of them at this time.
    pub(crate) fn active_family(&self, client: &ClientId, at: Timestamp) -> Option<TokenFamily> {
        let is_same_client = holds("refresh_token_client", self.authorization.client == *client);
        let is_its_own = is_same_client && !self.is_revoked;
        self.family.filter(|family| {
            let is_alive = at < family.idle_until && at < family.refreshable_until;
            is_its_own && holds("refresh_token_end", is_alive)
        })
    }

    /// End of the refresh token of this generation, if this client may use it at this time.
    pub(crate) fn refreshable_until(
        &self,
        client: &ClientId,
        generation: u32,
        at: Timestamp,
    ) -> Option<Timestamp> {
        let family = self.active_family(client, at)?;
        let is_newest = generation == family.generation && generation < GENERATIONS_MAX;
        is_newest.then_some(family.idle_until)
    }

    /// Ends the grant with all its tokens; again is no change.
    pub(crate) fn revoke(&self, reason: RevocationReason, at: Timestamp) -> Vec<GrantEvent> {
        if self.is_revoked { Vec::new() } else { vec![GrantEvent::Revoked { reason, at }] }
    }

    /// Whether a scope was granted.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.authorization.scopes.iter().any(|granted| granted == scope)
    }

    /// State with one more event; `None` for a stream that does not begin with an authorization.
    pub(crate) fn apply(grant: Option<Self>, event: &GrantEvent) -> Option<Self> {
        if let GrantEvent::Authorized { authorization, at } = event {
            let (authorization, authorized_at) = (authorization.clone(), *at);
            return Some(Self {
                authorization,
                authorized_at,
                is_redeemed: false,
                is_revoked: false,
                family: None,
                refresh_key: None,
                refresh_certificate: None,
            });
        }
        let mut grant = grant?;
        match event {
            GrantEvent::Authorized { .. } => {}
            GrantEvent::Redeemed {
                idle_until, refreshable_until, dpop_key, certificate, ..
            } => {
                grant.is_redeemed = true;
                grant.refresh_key.clone_from(dpop_key);
                grant.refresh_certificate.clone_from(certificate);
                grant.family =
                    idle_until.zip(*refreshable_until).map(|(idle_until, refreshable_until)| {
                        TokenFamily {
                            generation: 0,
                            replaced_at: None,
                            idle_until,
                            refreshable_until,
                        }
                    });
            }
            GrantEvent::Refreshed { generation, idle_until, at } => {
                if let Some(family) = &mut grant.family {
                    (family.generation, family.idle_until) = (*generation, *idle_until);
                    family.replaced_at = Some(*at);
                }
            }
            GrantEvent::Revoked { .. } => grant.is_revoked = true,
        }
        Some(grant)
    }
}

#[cfg(test)]
mod tests;
