//! Administration: what the command line does with accounts, clients and keys, on storage that no process is serving, or before it does.

use crate::{
    adapters::settings::AuthSettings,
    application::{
        error::AuthError,
        passwords::{CHARACTERS_MAX, CHARACTERS_MIN, Password, PasswordRefusal},
        seal::digest,
        tokens::role_name,
    },
    domain::{
        Rejection,
        events::{ClientAuthentication, ClientId, GrantType, Registration, Role},
        redirect_uri,
    },
    provider::Provider,
};
use identifiers::{AccountId, Email};
use jose::{JwkSet, base64url_encode};
use kernel::{Ids, Timestamp};
use runtime::{BuildError, OfflineContext};
use std::{fmt, sync::Arc};

/// Key of the value that says that somebody runs the shop.
const HAS_OPERATOR: &str = "has-operator";
/// Bytes of a client's secret.
const SECRET_BYTES: usize = 32;
/// Most redirect URIs of a client, and most of its scopes.
const LIST_MAX: usize = 50;
/// Longest scope, in bytes.
const SCOPE_BYTES_MAX: usize = 100;

/// Reason why something was not done, as a sentence for operators.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct AdministrationError(String);

/// Order to register a client.
#[derive(Clone, Debug, Default)]
pub struct ClientOrder {
    /// Identifier.
    pub id: String,
    /// Name that people read; the identifier by default.
    pub name: Option<String>,
    /// Addresses to which its answers go.
    pub redirect_uris: Vec<String>,
    /// Addresses to which people go on after they signed out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Names of grant types; `authorization_code` and `refresh_token` by default.
    pub grant_types: Vec<String>,
    /// Scopes; `openid`, `email` and `offline_access` by default.
    pub scopes: Vec<String>,
    /// Whether it can keep no secret.
    pub is_public: bool,
    /// Whether it belongs to the shop, so that people are not asked.
    pub is_trusted: bool,
    /// Whether it may do without PKCE.
    pub is_without_pkce: bool,
    /// Its public keys as a JWK set, if it signs assertions instead of sending a secret.
    pub keys: Option<String>,
}

/// Client that was registered.
#[derive(Clone)]
pub struct NewClient {
    /// Identifier.
    pub id: String,
    /// Secret, which is shown once and kept nowhere.
    pub secret: Option<String>,
}

impl fmt::Debug for NewClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NewClient").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Account in a list.
#[derive(Clone, Debug)]
pub struct ListedAccount {
    /// Identifier, the subject of its tokens.
    pub id: AccountId,
    /// E-mail address, if it has one yet.
    pub email: Option<String>,
    /// Role, of somebody who runs the shop.
    pub role: Option<&'static str>,
    /// `active`, `disabled`, or `invited` before a password was set.
    pub status: &'static str,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Client in a list.
#[derive(Clone, Debug)]
pub struct ListedClient {
    /// Identifier.
    pub id: String,
    /// Name that people read.
    pub name: String,
    /// `public`, `secret` or `private_key`.
    pub authentication: &'static str,
    /// Scopes that it may have.
    pub scopes: Vec<String>,
    /// Addresses to which its answers go.
    pub redirect_uris: Vec<String>,
}

/// Administration of accounts, clients and keys.
#[derive(Debug)]
pub struct Administration(Arc<Provider>);

impl Administration {
    /// Administration on the storage of the service.
    ///
    /// # Errors
    ///
    /// A setting is wrong, or the storage cannot be used.
    pub async fn open(context: &OfflineContext, ids: &Ids) -> Result<Self, BuildError> {
        let settings: AuthSettings = context.settings()?;
        Provider::open(&settings, &context.storage, ids).await.map(Self)
    }

    /// One-time link for the first operator; `None` if somebody runs the shop already. As long as nobody does, there is one account that
    /// waits for it, and each call voids the link of the one before.
    ///
    /// # Errors
    ///
    /// The storage cannot be used.
    pub async fn first_operator(&self) -> Result<Option<String>, AdministrationError> {
        let (values, now) = (&self.0.sessions.values, self.0.ids.now());
        // Found once, and not looked for among all people at each start.
        if values.value(HAS_OPERATOR, now).await.map_err(|error| failed(&error))?.is_some() {
            return Ok(None);
        }
        let accounts = self.0.accounts.list().await.map_err(|error| failed(&error))?;
        let mut invited = None;
        for (id, account, _) in accounts {
            if account.role == Some(Role::Admin) && account.is_enabled {
                if account.is_set_up {
                    let put = values.put(HAS_OPERATOR, "1".into(), None).await;
                    return put.map(|_| None).map_err(|error| failed(&error));
                }
                invited = Some(id);
            }
        }
        let id = match invited {
            Some(id) => id,
            None => self
                .0
                .accounts
                .create(None, Some(Role::Admin))
                .await
                .map_err(|error| refused(&error))?,
        };
        self.link(id).await.map(Some)
    }

    /// Adds an account. With a password it can be used at once; otherwise the answer is a one-time link with which one is set.
    ///
    /// # Errors
    ///
    /// The address, the role or the password is refused, or the address belongs to another account.
    pub async fn add_user(
        &self,
        email: &str,
        role: Option<&str>,
        password: Option<&str>,
    ) -> Result<Option<String>, AdministrationError> {
        let email = parsed_email(email)?;
        let role = role.map(parsed_role).transpose()?;
        // Before anything is written.
        let password = password.map(|it| chosen(it, &email)).transpose()?;
        let id =
            self.0.accounts.create(Some(&email), role).await.map_err(|error| refused(&error))?;
        let Some(password) = password else { return self.link(id).await.map(Some) };
        let handle = self.0.accounts.offer_set_up(id).await.map_err(|error| refused(&error))?;
        self.0
            .accounts
            .set_up(&handle, &email, &password)
            .await
            .map_err(|error| refused(&error))?;
        Ok(None)
    }

    /// All accounts.
    ///
    /// # Errors
    ///
    /// The storage cannot be used.
    pub async fn users(&self) -> Result<Vec<ListedAccount>, AdministrationError> {
        let accounts = self.0.accounts.list().await.map_err(|error| failed(&error))?;
        let listed = accounts.into_iter().map(|(id, account, person)| ListedAccount {
            id,
            email: person.email,
            role: account.role.map(role_name),
            status: match (account.is_enabled, account.is_set_up) {
                (false, _) => "disabled",
                (true, true) => "active",
                (true, false) => "invited",
            },
            created_at: account.created_at,
        });
        Ok(listed.collect())
    }

    /// Disables an account; what is signed in is signed out, and its tokens are void.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn disable_user(&self, email: &str) -> Result<(), AdministrationError> {
        let id = self.account(email).await?;
        self.0.accounts.enable(id, false).await.map_err(|error| refused(&error))
    }

    /// Makes a one-time link with which a new password is set; a disabled account is enabled by it.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub async fn reset_user(&self, email: &str) -> Result<String, AdministrationError> {
        let id = self.account(email).await?;
        self.0.accounts.enable(id, true).await.map_err(|error| refused(&error))?;
        self.link(id).await
    }

    /// Registers a client.
    ///
    /// # Errors
    ///
    /// A part of the order is refused, or there is such a client.
    pub async fn add_client(&self, order: &ClientOrder) -> Result<NewClient, AdministrationError> {
        let id = parsed_client(&order.id)?;
        let (registration, secret) = self.registration(order)?;
        self.0.clients.register(&id, registration).await.map_err(|error| refused(&error))?;
        Ok(NewClient { id: order.id.clone(), secret })
    }

    /// All clients.
    ///
    /// # Errors
    ///
    /// The storage cannot be used.
    pub async fn clients(&self) -> Result<Vec<ListedClient>, AdministrationError> {
        let clients = self.0.clients.list().await.map_err(|error| failed(&error))?;
        let listed = clients.into_iter().filter_map(|(id, client)| {
            let registration = client.registration()?;
            Some(ListedClient {
                id: id.as_str().to_owned(),
                name: registration.name.clone(),
                authentication: match registration.authentication {
                    ClientAuthentication::Public => "public",
                    ClientAuthentication::Secret => "secret",
                    ClientAuthentication::PrivateKey => "private_key",
                },
                scopes: registration.scopes.clone(),
                redirect_uris: registration.redirect_uris.clone(),
            })
        });
        Ok(listed.collect())
    }

    /// Removes a client; what it was granted is void.
    ///
    /// # Errors
    ///
    /// There is no such client.
    pub async fn remove_client(&self, id: &str) -> Result<(), AdministrationError> {
        self.0.clients.remove(&parsed_client(id)?).await.map_err(|error| refused(&error))
    }

    /// Rotates the signing keys: new ones are published at once and sign later, or, in an emergency, sign at once in place of the old ones.
    /// Returns from when they sign.
    ///
    /// # Errors
    ///
    /// The storage cannot be used.
    pub async fn rotate_keys(&self, at_once: bool) -> Result<Timestamp, AdministrationError> {
        self.0.key_store.rotate(at_once).await.map_err(|error| failed(&error))
    }

    async fn account(&self, email: &str) -> Result<AccountId, AdministrationError> {
        let email = parsed_email(email)?;
        let id = self.0.accounts.of_address(&email).await.map_err(|error| refused(&error))?;
        id.ok_or_else(|| refused(&Rejection::UnknownAccount.into()))
    }

    async fn link(&self, id: AccountId) -> Result<String, AdministrationError> {
        let handle = self.0.accounts.offer_set_up(id).await.map_err(|error| refused(&error))?;
        Ok(self.0.issuer.at(&["/set-up?link=", &handle].concat()))
    }

    fn registration(
        &self,
        order: &ClientOrder,
    ) -> Result<(Registration, Option<String>), AdministrationError> {
        let authentication = match (&order.keys, order.is_public) {
            (None, true) => ClientAuthentication::Public,
            (None, false) => ClientAuthentication::Secret,
            (Some(_), false) => ClientAuthentication::PrivateKey,
            (Some(_), true) => return wrong("a public client has no keys"),
        };
        if let Some(keys) = &order.keys
            && !JwkSet::parse(keys.as_bytes()).is_ok_and(|keys| !keys.keys().is_empty())
        {
            return wrong("the keys are no JWK set with a public key for signatures");
        }
        let grant_types = grant_types(&order.grant_types)?;
        check_uses(order, authentication, &grant_types)?;
        let secret = (authentication == ClientAuthentication::Secret).then(|| {
            let mut bytes = [0; SECRET_BYTES];
            self.0.ids.randomness().fill(&mut bytes);
            base64url_encode(bytes)
        });
        let registration = Registration {
            name: order.name.clone().unwrap_or_else(|| order.id.clone()),
            authentication,
            secret_digest: secret.as_ref().map(digest),
            keys: order.keys.clone(),
            redirect_uris: order.redirect_uris.clone(),
            post_logout_redirect_uris: order.post_logout_redirect_uris.clone(),
            grant_types,
            scopes: scopes(&order.scopes)?,
            is_trusted: order.is_trusted,
            requires_pkce: !order.is_without_pkce,
        };
        Ok((registration, secret))
    }
}

/// What a client is to do must fit how it proves who it is.
fn check_uses(
    order: &ClientOrder,
    authentication: ClientAuthentication,
    grant_types: &[GrantType],
) -> Result<(), AdministrationError> {
    let is_public = authentication == ClientAuthentication::Public;
    let with_code = grant_types.contains(&GrantType::AuthorizationCode);
    if is_public && grant_types.contains(&GrantType::ClientCredentials) {
        return wrong(
            "a public client cannot act for itself: client_credentials needs a secret or keys",
        );
    }
    if is_public && order.is_without_pkce {
        return wrong("a public client cannot do without PKCE");
    }
    if with_code && order.redirect_uris.is_empty() {
        return wrong("a client with authorization codes needs a redirect URI");
    }
    if grant_types.contains(&GrantType::RefreshToken) && !with_code {
        return wrong("refresh tokens come with authorization codes");
    }
    let uris = [&order.redirect_uris, &order.post_logout_redirect_uris];
    if uris.iter().any(|uris| uris.len() > LIST_MAX) {
        return wrong("a client has at most 50 redirect URIs");
    }
    let refused = uris.into_iter().flatten().find(|uri| !redirect_uri::can_be_registered(uri));
    match refused {
        None => Ok(()),
        Some(uri) => wrong(&format!(
            "{uri:?} cannot be registered: expected https, http on a loopback address, or a scheme with a dot; without a fragment"
        )),
    }
}

fn grant_types(names: &[String]) -> Result<Vec<GrantType>, AdministrationError> {
    if names.is_empty() {
        return Ok(vec![GrantType::AuthorizationCode, GrantType::RefreshToken]);
    }
    let parsed = names.iter().map(|name| match name.as_str() {
        "authorization_code" => Ok(GrantType::AuthorizationCode),
        "refresh_token" => Ok(GrantType::RefreshToken),
        "client_credentials" => Ok(GrantType::ClientCredentials),
        other => wrong(&format!("the grant type {other:?} is not known: expected authorization_code, refresh_token or client_credentials")),
    });
    parsed.collect()
}

fn scopes(names: &[String]) -> Result<Vec<String>, AdministrationError> {
    if names.is_empty() {
        return Ok(["openid", "email", "offline_access"].map(ToOwned::to_owned).to_vec());
    }
    // RFC 6749, section 3.3.
    let is_scope = |scope: &&String| {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
        !scope.is_empty() && scope.len() <= SCOPE_BYTES_MAX && scope.bytes().all(is_plain)
    };
    match names.iter().find(|name| !is_scope(name)) {
        Some(scope) => wrong(&format!("{scope:?} is no scope")),
        None if names.len() > LIST_MAX => wrong("a client has at most 50 scopes"),
        None => Ok(names.to_vec()),
    }
}

fn parsed_client(id: &str) -> Result<ClientId, AdministrationError> {
    let expected =
        "the identifier of a client has at most 64 letters, digits and -._~, and is no UUID";
    ClientId::parse(id).ok_or_else(|| AdministrationError(expected.to_owned()))
}

fn parsed_email(email: &str) -> Result<Email, AdministrationError> {
    let expected = "expected an e-mail address such as name@example.com";
    Email::parse(email).map_err(|_| AdministrationError(expected.to_owned()))
}

fn parsed_role(role: &str) -> Result<Role, AdministrationError> {
    let roles = [Role::Viewer, Role::Merchandiser, Role::Fulfilment, Role::Finance, Role::Admin];
    let known = roles.into_iter().find(|known| role_name(*known) == role);
    known.ok_or_else(|| AdministrationError(format!("the role {role:?} is not known")))
}

fn chosen(password: &str, email: &Email) -> Result<Password, AdministrationError> {
    Password::choose(password, email.as_str()).map_err(|refusal| {
        AdministrationError(match refusal {
            PasswordRefusal::Short => {
                format!("the password has fewer than {CHARACTERS_MIN} characters")
            }
            PasswordRefusal::Long => {
                format!("the password has more than {CHARACTERS_MAX} characters, or 512 bytes")
            }
            PasswordRefusal::Simple => {
                "the password contains the address, or is one character only".to_owned()
            }
        })
    })
}

fn wrong<T>(sentence: &str) -> Result<T, AdministrationError> {
    Err(AdministrationError(sentence.to_owned()))
}

fn refused(error: &AuthError) -> AdministrationError {
    AdministrationError(error.to_string())
}

fn failed(error: &dyn fmt::Display) -> AdministrationError {
    AdministrationError(error.to_string())
}
