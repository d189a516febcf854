//! Grants: issuing codes, redeeming them, refreshing, revoking.

use super::{
    accounts::Accounts,
    clients::{Clients, authentication::AuthenticatedClient},
    error::AuthError,
    keys::handle::{HandleKey, Purpose},
    sessions::Sessions,
    tokens::binding::Binding,
};
use crate::domain::{
    Rejection, client_rules,
    events::{Authorization, GrantEvent, GrantType, RevocationReason},
    grant::{Grant, Redemption, Refreshment},
};
use identifiers::{AccountId, GrantId};
use journal::Repository;
use kernel::{Ids, Timestamp, prefixed_id, security_checks::holds};
use std::{fmt, sync::Arc, time::Duration};
use storage::{Collection, Document, Documents, FieldValue, Index, Query, StorageError, Write};

/// Prefix of the streams of grants.
pub(crate) const GRANT_PREFIX: &str = "grant-";
/// Lifetime of an authorization code.
pub(crate) const CODE_LIFETIME: Duration = Duration::from_mins(1);
/// Time after which a refresh token that nobody uses ends.
const REFRESH_IDLE: Duration = Duration::from_hours(24 * 14);
/// Time after which every refresh token of a grant has ended.
const REFRESH_LIFETIME: Duration = Duration::from_hours(24 * 30);
/// Time for which a grant is kept after its last token ended: a code that is replayed within it ends the grant.
const KEPT: Duration = Duration::from_hours(24);
/// Grants that are looked at for one page of those of an account.
const LOOKED_AT_MAX: usize = 500;
/// Most grants that are deleted in one round.
const DELETED_MAX: usize = 500;

/// Scope with which a grant outlives the session in which it was given.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// Ends of grants, for their deletion.
pub(crate) static GRANTS: Collection =
    Collection { name: "grants", indexes: &[Index { name: "by_end", fields: &["ends"] }] };

/// Grant in the form in which it is stored: a stream that does not begin with an authorization is none.
#[derive(Clone, Debug)]
pub(crate) struct GrantStream(pub(crate) Option<Grant>);

/// Grant with its identifier, and its refresh token if it has one.
pub(crate) struct Granted {
    pub(crate) id: GrantId,
    pub(crate) grant: Grant,
    pub(crate) refresh_token: Option<String>,
}

/// Code that a client presents, with what binds it.
#[derive(Clone, Copy)]
pub(crate) struct CodeRedemption<'a> {
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: Option<&'a str>,
    /// SHA-256 of the code verifier, in base64url.
    pub(crate) challenge: Option<&'a str>,
    /// Thumbprint of the key whose proof came along.
    pub(crate) dpop_key: Option<&'a str>,
    /// Thumbprint of the certificate to which its tokens are bound.
    pub(crate) certificate: Option<&'a str>,
    /// Whether a device polls.
    pub(crate) is_poll: bool,
}

/// Grants of the provider.
pub(crate) struct Grants {
    pub(crate) repository: Repository<GrantStream>,
    pub(crate) documents: Arc<dyn Documents>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) handles: Arc<HandleKey>,
    pub(crate) ids: Ids,
}

impl Grants {
    /// Records an authorization; its code.
    pub(crate) async fn authorize(
        &self,
        authorization: impl FnOnce(Timestamp) -> Authorization,
    ) -> Result<String, AuthError> {
        let (id, at) = (self.ids.next::<GrantId>(), self.ids.now());
        let authorization = authorization(at.checked_add(CODE_LIFETIME).unwrap_or(Timestamp::MAX));
        let end = ends(authorization.code_expires);
        let decide = |_: Option<&GrantStream>| {
            Ok::<_, Rejection>(vec![GrantEvent::Authorized {
                authorization: authorization.clone(),
                at,
            }])
        };
        let put = put_end(id, end);
        self.repository
            .create(&prefixed_id(GRANT_PREFIX, id), decide, |_| vec![put.clone()])
            .await?;
        Ok(self.handles.issue(Purpose::Code, id.into(), 0))
    }

    /// Redeems a code. Of concurrent requests one succeeds.
    pub(crate) async fn redeem(
        &self,
        code: &CodeRedemption<'_>,
        client: &AuthenticatedClient,
    ) -> Result<Granted, AuthError> {
        let (id, _) = self.opened(Purpose::Code, code.code)?;
        let at = self.ids.now();
        let later = |time: Duration| at.checked_add(time).unwrap_or(Timestamp::MAX);
        let may_refresh = client.registration().allows(GrantType::RefreshToken);
        let family = may_refresh.then(|| (later(REFRESH_IDLE), later(REFRESH_LIFETIME)));
        let request = Redemption {
            client: &client.id,
            redirect_uri: code.redirect_uri,
            challenge: code.challenge,
            at,
            family,
            dpop_key: code.dpop_key,
            certificate: code.certificate,
            is_poll: code.is_poll,
            binds_refresh_tokens: !client.registration().is_confidential(),
        };
        self.check_validity(id).await?;
        let decide = |stream: Option<&GrantStream>| grant_of(stream)?.redeem(&request);
        let put = put_end(id, ends(family.map_or(at, |(_, end)| end)));
        let grant = self.execute(id, decide, vec![put]).await?;
        let refresh_token =
            grant.family.map(|_| self.handles.issue(Purpose::RefreshToken, id.into(), 0));
        Ok(Granted { id, grant, refresh_token })
    }

    /// Replaces a refresh token by its successor. Of concurrent requests with one token all are given the same.
    pub(crate) async fn refresh(
        &self,
        token: &str,
        client: &AuthenticatedClient,
        presented: Binding<'_>,
    ) -> Result<Granted, AuthError> {
        let (id, generation) = self.opened(Purpose::RefreshToken, token)?;
        self.check_validity(id).await?;
        let at = self.ids.now();
        let idle_until = at.checked_add(REFRESH_IDLE).unwrap_or(Timestamp::MAX);
        let request = Refreshment {
            client: &client.id,
            generation,
            idle_until,
            dpop_key: presented.key,
            certificate: presented.certificate,
            rotates: client_rules::rotates_refresh_tokens(&client.registration().policy),
            at,
        };
        let decide = |stream: Option<&GrantStream>| grant_of(stream)?.refresh(&request);
        let grant = self.execute(id, decide, Vec::new()).await?;
        let generation = grant.family.map(|family| family.generation);
        let refresh_token = generation
            .map(|generation| self.handles.issue(Purpose::RefreshToken, id.into(), generation));
        Ok(Granted { id, grant, refresh_token })
    }

    /// Grant of a refresh token that can be used, whoever asks.
    pub(crate) async fn of_refresh_token(
        &self,
        token: &str,
    ) -> Result<Option<(GrantId, Arc<GrantStream>, u32)>, AuthError> {
        let Ok((id, generation)) = self.opened(Purpose::RefreshToken, token) else {
            return Ok(None);
        };
        Ok(self.load(id).await?.map(|stream| (id, stream, generation)))
    }

    /// Ends a grant at the wish of its client.
    pub(crate) async fn revoke(&self, id: GrantId) -> Result<(), AuthError> {
        let at = self.ids.now();
        let decide = |stream: Option<&GrantStream>| {
            Ok::<_, Rejection>(grant_of(stream)?.revoke(RevocationReason::Client, at))
        };
        self.repository.execute(&prefixed_id(GRANT_PREFIX, id), decide, |_| Vec::new()).await?;
        self.sessions.revision.advance();
        Ok(())
    }

    /// Grant of this identifier.
    pub(crate) async fn load(&self, id: GrantId) -> Result<Option<Arc<GrantStream>>, StorageError> {
        Ok(self.repository.load(&prefixed_id(GRANT_PREFIX, id)).await?.state)
    }

    /// Grants of an account that are kept, among the next ones after this identifier, and the identifier after which it goes on.
    pub(crate) async fn of_account(
        &self,
        account: AccountId,
        after: Option<&str>,
    ) -> Result<(Vec<Grant>, Option<String>), StorageError> {
        let page = self.documents.scan(&GRANTS, after, LOOKED_AT_MAX).await?;
        let mut grants = Vec::new();
        for document in &page {
            let stream = [GRANT_PREFIX, &document.key].concat();
            let stream = self.repository.load(&stream).await?.state;
            let grant = stream.and_then(|stream| stream.0.clone());
            grants.extend(grant.filter(|grant| grant.authorization.account == account));
        }
        let next = page.last().filter(|_| page.len() == LOOKED_AT_MAX);
        Ok((grants, next.map(|document| document.key.clone())))
    }

    /// Whether a grant still stands: not revoked, its client registered since before, its account as it was, and the session in
    /// which it was given not ended, unless it was given for longer.
    pub(crate) async fn is_valid(&self, grant: &Grant) -> Result<bool, AuthError> {
        let Authorization { client, account, session, authenticated_at, .. } = &grant.authorization;
        if !holds("grant_revoked", !grant.is_revoked) {
            return Ok(false);
        }
        let client_id = client;
        let client = self.clients.find(client_id).await?;
        let account = self.accounts.load(*account).await?;
        let is_registered = client.is_some_and(|it| it.registered_at <= grant.authorized_at);
        let is_admitted = account.is_some_and(|account| {
            account.admits(*authenticated_at)
                && !account.has_withdrawn(client_id, grant.authorized_at)
        });
        if !(holds("grant_client", is_registered) && holds("grant_account", is_admitted)) {
            return Ok(false);
        }
        let outlives = grant.has_scope(OFFLINE_ACCESS) || !self.sessions.has_ended(session).await?;
        Ok(holds("grant_session", outlives))
    }

    /// Deletes grants whose last token has ended long ago; how many.
    pub(crate) async fn delete_ended(&self) -> Result<usize, StorageError> {
        // The upper bound is exclusive.
        let until = Some(FieldValue::Integer(self.ids.now().as_second() + 1));
        let query = Query { until, ..Query::all("by_end", DELETED_MAX) };
        let page = self.documents.query(&GRANTS, query).await?;
        let mut deleted = 0;
        for document in &page.documents {
            let stream = [GRANT_PREFIX, &document.key].concat();
            if !self.repository.delete_unless_last(&stream).await? {
                continue;
            }
            let delete = Write::Delete { collection: &GRANTS, key: document.key.clone() };
            let _commit = self.documents.write(vec![delete]).await?;
            deleted += 1;
        }
        Ok(deleted)
    }

    /// Decides, and takes a grant that the decision ended for a refusal.
    async fn execute(
        &self,
        id: GrantId,
        decide: impl Fn(Option<&GrantStream>) -> Result<Vec<GrantEvent>, Rejection>,
        writes: Vec<Write>,
    ) -> Result<Grant, AuthError> {
        let stream = prefixed_id(GRANT_PREFIX, id);
        let loaded = self.repository.execute(&stream, decide, |_| writes.clone()).await?;
        let grant = grant_of(loaded.state.as_deref())?.clone();
        if grant.is_revoked {
            self.sessions.revision.advance();
            tracing::warn!(grant = %id, "a code or refresh token was presented again; the grant is revoked");
            return Err(Rejection::GrantInvalid.into());
        }
        Ok(grant)
    }

    /// Whether anybody may use the grant; whose it is, the domain decides.
    async fn check_validity(&self, id: GrantId) -> Result<(), AuthError> {
        let stream = self.load(id).await?;
        if self.is_valid(grant_of(stream.as_deref())?).await? {
            return Ok(());
        }
        Err(Rejection::GrantInvalid.into())
    }

    fn opened(&self, purpose: Purpose, handle: &str) -> Result<(GrantId, u32), Rejection> {
        let opened = self.handles.open(purpose, handle);
        opened.map(|(id, number)| (GrantId(id), number)).ok_or(Rejection::GrantInvalid)
    }
}

impl fmt::Debug for Grants {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Grants")
    }
}

fn grant_of(stream: Option<&GrantStream>) -> Result<&Grant, Rejection> {
    stream.and_then(|stream| stream.0.as_ref()).ok_or(Rejection::GrantInvalid)
}

/// When a grant whose last token ends then can be deleted.
fn ends(last_token: Timestamp) -> Timestamp {
    last_token.checked_add(KEPT).unwrap_or(Timestamp::MAX)
}

fn put_end(id: GrantId, end: Timestamp) -> Write {
    let fields = vec![("ends", FieldValue::Integer(end.as_second()))];
    let document = Document { key: id.to_string(), body: "{}".into(), fields };
    Write::Put { collection: &GRANTS, document }
}
