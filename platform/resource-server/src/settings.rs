//! Settings section `auth`: the outside issuers whose tokens are accepted.

use crate::{
    Audience, Introspection, RemoteKeys, RoleMapping, TokenTypes, TrustedIssuer,
    remote_introspection::RemoteIntrospection,
};
use ::settings::{Allowed, InvalidSetting, Secret, Section, SectionSettings};
use jose::Algorithm;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use url::Url;

/// Key of the mapping of roles that names the claim.
const CLAIM: &str = "claim";
/// Longest time for which a token of an outside issuer counts after it was issued: nobody can be asked whether it was revoked.
const LIFETIME_MAX: Duration = Duration::from_hours(24);
/// Time for which the answer of an introspection is believed by default, and at most.
const INTROSPECTION_SECONDS: u32 = 30;
const INTROSPECTION_SECONDS_MAX: u32 = 300;
/// Most outside issuers.
const ISSUERS_MAX: usize = 16;

/// The section, for the settings of a process.
pub const SECTION: Section = Section::of::<AuthSettings>("auth");

/// Settings section `auth`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthSettings {
    /// Outside issuers whose access tokens are accepted besides those of the shop itself, at most 16, each as a table.
    pub issuers: Vec<IssuerSettings>,
}

/// Outside issuer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct IssuerSettings {
    /// Its identifier, to the letter as its tokens have it (`iss`).
    pub issuer: String,
    /// Audience that its tokens must have for this shop.
    pub audience: String,
    /// Whether its tokens are accepted whatever their audience, for an issuer that serves this shop alone.
    pub any_audience: bool,
    /// Roles that its tokens give: the name of a claim (`claim`), and for each role the values of it that give the role.
    pub roles: BTreeMap<String, OneOrMany>,
    /// Whether only tokens of the type `at+jwt` are accepted (RFC 9068).
    pub typed_only: bool,
    /// Address of its key set, where it has no metadata that names it.
    pub jwks_uri: String,
    /// Whether it may be in a private network or on this machine, and without TLS.
    pub private: bool,
    /// Names of the algorithms by which it signs, such as `RS256`; by default every one that is known here.
    pub algorithms: Vec<String>,
    /// Introspection (RFC 7662), for an issuer whose tokens cannot be read here.
    pub introspection: Option<IntrospectionSettings>,
}

/// Introspection at an outside issuer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntrospectionSettings {
    /// Address of its introspection endpoint.
    pub endpoint: String,
    /// Identifier of this shop as a client there.
    pub client_id: String,
    /// Secret of this shop there.
    pub client_secret: Secret,
    /// Seconds for which an answer is believed: so long a token counts after it was revoked. At most 300.
    pub max_age_seconds: u32,
    /// Whether it is asked about its JWTs as well, in place of a look at its keys.
    pub of_jwts: bool,
}

impl Default for IntrospectionSettings {
    fn default() -> Self {
        Self {
            endpoint: String::new(),
            client_id: String::new(),
            client_secret: Secret::default(),
            max_age_seconds: INTROSPECTION_SECONDS,
            of_jwts: false,
        }
    }
}

/// Text, or list of texts.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// Text.
    One(String),
    /// List.
    Many(Vec<String>),
}

impl SectionSettings for AuthSettings {
    const ALLOWED: &'static [Allowed] = &[];

    fn check(&self) -> Result<(), InvalidSetting> {
        let wrong = |expected: String| Err(InvalidSetting::new("issuers", expected));
        if self.issuers.len() > ISSUERS_MAX {
            return wrong(format!("expected at most {ISSUERS_MAX}"));
        }
        for (position, issuer) in self.issuers.iter().enumerate() {
            let name = &issuer.issuer;
            if !is_issuer(name, issuer.private) {
                return wrong(format!("expected an https address as `issuer`, and not {name:?}"));
            }
            if issuer.audience.is_empty() != issuer.any_audience {
                return wrong(format!("expected an `audience` for {name}, or `any_audience`"));
            }
            let has_claim = matches!(issuer.roles.get(CLAIM), Some(OneOrMany::One(_)));
            if !issuer.roles.is_empty() && !has_claim {
                return wrong(format!("expected the name of a claim among the `roles` of {name}"));
            }
            if let Some(name) =
                issuer.algorithms.iter().find(|name| Algorithm::of_name(name).is_none())
            {
                return wrong(format!("expected known `algorithms`, and not {name:?}"));
            }
            if let Some(introspection) = &issuer.introspection {
                let IntrospectionSettings { endpoint, client_id, client_secret, .. } =
                    introspection;
                if !is_issuer(endpoint, issuer.private) {
                    return wrong(format!(
                        "expected an https address as the `introspection.endpoint` of {name}"
                    ));
                }
                if client_id.is_empty() || client_secret.is_empty() {
                    return wrong(format!(
                        "expected `client_id` and `client_secret` for the introspection at {name}"
                    ));
                }
                if introspection.max_age_seconds > INTROSPECTION_SECONDS_MAX {
                    return wrong(format!(
                        "expected `introspection.max_age_seconds` of at most {INTROSPECTION_SECONDS_MAX} for {name}"
                    ));
                }
            }
            if self.issuers[..position].iter().any(|other| other.issuer == *name) {
                return wrong(format!("expected {name} once"));
            }
        }
        Ok(())
    }
}

impl AuthSettings {
    /// Roles that any issuer gives.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let names = self.issuers.iter().flat_map(|issuer| issuer.roles.keys());
        names.map(String::as_str).filter(|name| *name != CLAIM)
    }
}

impl IssuerSettings {
    /// The issuer, whose tokens have these scopes besides their own, and whose subjects are named like this.
    pub fn trusted(
        &self,
        scopes: &[&str],
        actor: fn(issuer: &str, subject: &str) -> Arc<str>,
    ) -> TrustedIssuer {
        let jwks_uri = (!self.jwks_uri.is_empty()).then_some(&*self.jwks_uri);
        TrustedIssuer {
            name: Some(self.issuer.clone()),
            audience: if self.any_audience {
                Audience::Any
            } else {
                Audience::Named(self.audience.clone())
            },
            algorithms: self.algorithms(),
            types: if self.typed_only {
                TokenTypes::AccessTokenOnly
            } else {
                TokenTypes::AlsoUntyped
            },
            roles: self.role_mapping(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            lifetime_max: Some(LIFETIME_MAX),
            actor,
            keys: Arc::new(RemoteKeys::new(&self.issuer, jwks_uri, self.private)),
            status: None,
            introspection: self.introspection.as_ref().map(|it| it.introspection(self.private)),
        }
    }

    fn algorithms(&self) -> Vec<Algorithm> {
        if self.algorithms.is_empty() {
            return Algorithm::ALL.to_vec();
        }
        self.algorithms.iter().filter_map(|name| Algorithm::of_name(name)).collect()
    }

    fn role_mapping(&self) -> RoleMapping {
        let path = match self.roles.get(CLAIM) {
            Some(OneOrMany::One(path)) => path.clone(),
            _ => String::new(),
        };
        let given = self.roles.iter().filter(|(role, _)| *role != CLAIM);
        let values = given.map(|(role, values)| (role.clone(), values.list())).collect();
        RoleMapping::Claim { path, values }
    }
}

impl IntrospectionSettings {
    fn introspection(&self, is_private: bool) -> Introspection {
        let credentials = (&*self.client_id, self.client_secret.expose());
        Introspection {
            introspector: Arc::new(RemoteIntrospection::new(
                &self.endpoint,
                credentials,
                is_private,
            )),
            max_age: Duration::from_secs(self.max_age_seconds.into()),
            of_jwts: self.of_jwts,
        }
    }
}

impl OneOrMany {
    fn list(&self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text.clone()],
            Self::Many(texts) => texts.clone(),
        }
    }
}

fn is_issuer(address: &str, is_private: bool) -> bool {
    Url::parse(address).is_ok_and(|url| {
        let is_secure = url.scheme() == "https" || (is_private && url.scheme() == "http");
        is_secure && url.has_host() && url.query().is_none() && url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::settings::{Flag, Settings, Sources};

    fn loaded(issuers: &str) -> Result<AuthSettings, String> {
        let flags = vec![Flag::new("--issuers", "auth.issuers", issuers)];
        let sources = Sources { flags, ..Sources::default() };
        let settings = Settings::load([SECTION], &sources).map_err(|error| error.to_string())?;
        settings.section("auth").map_err(|error| error.to_string())
    }

    #[test]
    fn an_issuer_has_an_audience_and_maps_its_groups_to_roles() {
        let settings = loaded(
            r#"[{"issuer":"https://id.example","audience":"shop","roles":{"claim":"groups","admin":["staff"],"viewer":"guests"}}]"#,
        )
        .unwrap();
        assert_eq!(settings.roles().collect::<Vec<_>>(), ["admin", "viewer"]);
        let issuer = settings.issuers[0].trusted(&["shop.read"], |_, subject| subject.into());
        assert_eq!(issuer.audience, Audience::Named("shop".to_owned()));
        let RoleMapping::Claim { path, values } = issuer.roles else { panic!("a mapping") };
        assert_eq!((&*path, &values["viewer"]), ("groups", &vec!["guests".to_owned()]));
    }

    #[test]
    fn what_would_accept_too_much_is_refused() {
        let wrong = [
            (r#"[{"issuer":"https://id.example"}]"#, "audience"),
            (r#"[{"issuer":"https://id.example","audience":"a","any_audience":true}]"#, "audience"),
            (r#"[{"issuer":"http://id.example","audience":"a"}]"#, "https"),
            (r#"[{"issuer":"id.example","audience":"a"}]"#, "https"),
            (r#"[{"issuer":"https://id.example?a","audience":"a"}]"#, "https"),
            (
                r#"[{"issuer":"https://id.example","audience":"a","roles":{"admin":["x"]}}]"#,
                "claim",
            ),
            (
                r#"[{"issuer":"https://id.example","audience":"a"},{"issuer":"https://id.example","audience":"b"}]"#,
                "once",
            ),
            (
                r#"[{"issuer":"https://id.example","audience":"a","algorithms":["HS256"]}]"#,
                "algorithms",
            ),
            (
                r#"[{"issuer":"https://id.example","audience":"a","introspection":{"endpoint":"http://id.example/i","client_id":"a","client_secret":"b"}}]"#,
                "introspection.endpoint",
            ),
            (
                r#"[{"issuer":"https://id.example","audience":"a","introspection":{"endpoint":"https://id.example/i","client_id":"a"}}]"#,
                "client_secret",
            ),
            (
                r#"[{"issuer":"https://id.example","audience":"a","introspection":{"endpoint":"https://id.example/i","client_id":"a","client_secret":"b","max_age_seconds":301}}]"#,
                "max_age_seconds",
            ),
        ];
        for (issuers, named) in wrong {
            let error = loaded(issuers).unwrap_err();
            assert!(error.contains(named), "{issuers}: {error}");
        }
        assert!(
            loaded(r#"[{"issuer":"http://id.internal","audience":"a","private":true}]"#).is_ok()
        );
    }
}
