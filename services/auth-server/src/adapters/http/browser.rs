//! Browser of a request: its cookies and its language.

use super::texts::Texts;
use crate::{
    application::sessions::{Session, SessionId, list::browser_name},
    provider::Provider,
};
use http::{HeaderMap, HeaderValue, header};
use jose::base64url_encode;
use std::fmt;
use storage::StorageError;

/// Cookie of the session.
const SESSION: &str = "auth";
/// Cookie that binds forms to the browser in which they were shown.
const BROWSER: &str = "auth-browser";
/// Cookie of a device on which somebody signed in before.
const DEVICE: &str = "auth-device";
/// Lifetime of that cookie, in seconds: half a year.
const DEVICE_SECONDS: u32 = 180 * 86_400;
/// Bytes of that binding.
const BINDING_BYTES: usize = 32;
/// Longest binding that is taken, in bytes.
const BINDING_BYTES_MAX: usize = 64;

/// Browser of a request.
pub(crate) struct Browser {
    pub(crate) session_id: Option<SessionId>,
    pub(crate) session: Option<Session>,
    /// Value of the binding cookie, if it has one.
    binding: Option<String>,
    /// Handle of the device, if somebody signed in on it before.
    pub(crate) device: Option<String>,
    /// Browser and system in words, if it tells them.
    pub(crate) name: Option<String>,
    pub(crate) texts: &'static Texts,
}

impl fmt::Debug for Browser {
    /// Nothing of its cookies: they are secrets.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Browser").field("language", &self.texts.tag).finish_non_exhaustive()
    }
}

impl Browser {
    /// Browser with these headers, and its session if somebody is signed in whose account still admits it.
    pub(crate) async fn of(provider: &Provider, headers: &HeaderMap) -> Result<Self, StorageError> {
        let is_https = provider.issuer.is_https;
        let session_id = cookie(headers, SESSION, is_https).and_then(SessionId::of_cookie);
        let mut session = match &session_id {
            Some(id) => provider.sessions.find(id).await?,
            None => None,
        };
        if let Some(found) = &session {
            let account = provider.accounts.load(found.account).await?;
            session = session
                .filter(|it| account.is_some_and(|account| account.admits(it.authenticated_at)));
        }
        let binding = cookie(headers, BROWSER, is_https);
        let binding = binding.filter(|it| !it.is_empty() && it.len() <= BINDING_BYTES_MAX);
        let binding = binding.map(ToOwned::to_owned);
        let device = cookie(headers, DEVICE, is_https).map(ToOwned::to_owned);
        let user_agent = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok());
        let (name, texts) = (user_agent.and_then(browser_name), Texts::negotiate(headers));
        Ok(Self { session_id, session, binding, device, name, texts })
    }

    /// The same browser, with pages in the first language of a client (`ui_locales`) that there is.
    pub(crate) fn in_language(self, ui_locales: Option<&str>) -> Self {
        let texts = ui_locales.and_then(Texts::of_locales).unwrap_or(self.texts);
        Self { texts, ..self }
    }

    /// Value of the binding cookie; empty without one, which binds nothing.
    pub(crate) fn binding(&self) -> &str {
        self.binding.as_deref().unwrap_or_default()
    }

    /// The binding, and the cookie to set if the browser has none yet.
    pub(crate) fn bound(&self, provider: &Provider) -> (String, Option<HeaderValue>) {
        if let Some(binding) = &self.binding {
            return (binding.clone(), None);
        }
        let mut bytes = [0; BINDING_BYTES];
        provider.ids.randomness().fill(&mut bytes);
        let binding = base64url_encode(bytes);
        let cookie = set_cookie(BROWSER, &binding, provider.issuer.is_https);
        (binding, cookie)
    }
}

/// Cookie of a session.
pub(crate) fn session_cookie(provider: &Provider, id: &SessionId) -> Option<HeaderValue> {
    set_cookie(SESSION, id.expose(), provider.issuer.is_https)
}

/// Cookie of a device on which somebody signed in.
pub(crate) fn device_cookie(provider: &Provider, device: &str) -> Option<HeaderValue> {
    let (prefix, secure) = scheme_parts(provider.issuer.is_https);
    let attributes = format!("Path=/; Max-Age={DEVICE_SECONDS}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&format!("{prefix}{DEVICE}={device}; {attributes}")).ok()
}

/// End of the cookie of a session.
pub(crate) fn no_session_cookie(provider: &Provider) -> Option<HeaderValue> {
    let is_https = provider.issuer.is_https;
    let (prefix, secure) = scheme_parts(is_https);
    let cookie = format!("{prefix}{SESSION}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).ok()
}

/// A cookie for the time that the browser is open. Lax: it goes along when a client sends the browser here, and not when a page of
/// another site posts a form.
fn set_cookie(name: &str, value: &str, is_https: bool) -> Option<HeaderValue> {
    let (prefix, secure) = scheme_parts(is_https);
    let cookie = format!("{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).ok()
}

/// Prefix of cookie names, and the attribute that belongs to it: over https no other host of the domain can set them.
fn scheme_parts(is_https: bool) -> (&'static str, &'static str) {
    if is_https { ("__Host-", "; Secure") } else { ("", "") }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str, is_https: bool) -> Option<&'a str> {
    let (prefix, _) = scheme_parts(is_https);
    web::cookies(headers)
        .find_map(|(known, value)| (known.strip_prefix(prefix)? == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_another_host_could_have_set_counts_for_nothing_over_https() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=b; auth=plain; xauth=x".parse().unwrap());
        assert_eq!(cookie(&headers, SESSION, false), Some("plain"));
        assert_eq!(cookie(&headers, SESSION, true), None);
        headers.append(header::COOKIE, "__Host-auth=secure".parse().unwrap());
        assert_eq!(cookie(&headers, SESSION, true), Some("secure"));
        assert_eq!(cookie(&headers, BROWSER, false), None);
        let set = set_cookie(SESSION, "v", true).unwrap();
        assert_eq!(set, "__Host-auth=v; Path=/; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn a_browser_in_a_log_shows_no_cookie() {
        let browser = Browser {
            session_id: SessionId::of_cookie("session"),
            session: None,
            binding: Some("binding".to_owned()),
            device: Some("device".to_owned()),
            name: Some("Firefox, Linux".to_owned()),
            texts: Texts::negotiate(&HeaderMap::new()),
        };
        assert_eq!(format!("{browser:?}"), r#"Browser { language: "en", .. }"#);
    }

    proptest::proptest! {
        #[test]
        fn any_cookie_header_is_read_or_not(line in ".{0,80}", value in "[A-Za-z0-9_-]{0,60}") {
            let mut headers = HeaderMap::new();
            if let Ok(line) = HeaderValue::from_str(&line) {
                headers.append(header::COOKIE, line);
            }
            let own = HeaderValue::from_str(&format!("__Host-auth={value}")).unwrap();
            headers.append(header::COOKIE, own);
            let found = cookie(&headers, SESSION, true).unwrap();
            proptest::prop_assert!(found == value || line.contains("__Host-auth="));
        }
    }
}
