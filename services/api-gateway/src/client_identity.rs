//! Client identity: the address of the client, the actor, and the request id.

use crate::forwarded;
use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use identifiers::CartId;
use kernel::Origin;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};
use transport::Edge;
use web::{HostName, IpNetwork, SecureConnection};

/// Cookie with the id of a shopper's cart.
const CART_COOKIE: &str = "cart";
/// Its name over HTTPS.
const SECURE_CART_COOKIE: &str = "__Host-cart";
/// Longest request id accepted from a client, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Address of the client, and the way by which its request came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientIdentity {
    /// Address of the client, as far as it is known.
    pub(crate) address: IpAddr,
    /// Way by which the request came.
    pub(crate) route: ClientRoute,
    /// Whether it came to this edge over TLS.
    pub(crate) is_secure: bool,
}

/// Way by which a request came from its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClientRoute {
    /// From the client itself.
    Direct,
    /// Over a trusted proxy, which names the scheme and the host that the client asked for, as far as it does.
    TrustedProxy { proto: Option<HeaderValue>, host: Option<HeaderValue> },
    /// Over a proxy on this machine that is not trusted. Its clients cannot be told apart, nor from programs on this
    /// machine.
    UnknownLocalProxy,
}

impl ClientIdentity {
    /// Identity of the peer, or of the client that a trusted proxy names. Each proxy appends the address of its own
    /// peer, so the last address that is not a trusted proxy is the client; addresses before it can be forged.
    pub(crate) fn from_request(head: &Parts, proxies: &[IpNetwork]) -> Self {
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer =
            peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip().to_canonical());
        let is_secure = head.extensions.get::<SecureConnection>().is_some();
        let is_trusted = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
        if !is_trusted(peer) {
            let is_forwarded = peer.is_loopback() && forwarded::is_forwarded(&head.headers);
            let route =
                if is_forwarded { ClientRoute::UnknownLocalProxy } else { ClientRoute::Direct };
            return Self { address: peer, route, is_secure };
        }
        let origin = forwarded::origin(&head.headers, peer, is_trusted);
        let route = ClientRoute::TrustedProxy { proto: origin.proto, host: origin.host };
        Self { address: origin.address, route, is_secure }
    }

    /// Scheme by which the client asked, as a trusted proxy names it, or that of the connection where none does.
    pub(crate) fn scheme(&self) -> HeaderValue {
        let named = match &self.route {
            ClientRoute::TrustedProxy { proto, .. } => proto.clone(),
            ClientRoute::Direct | ClientRoute::UnknownLocalProxy => None,
        };
        let own = if self.is_secure { "https" } else { "http" };
        named.unwrap_or(HeaderValue::from_static(own))
    }

    /// Host that the client asked for, as a trusted proxy names it.
    pub(crate) fn forwarded_host(&self) -> Option<&HeaderValue> {
        match &self.route {
            ClientRoute::TrustedProxy { host, .. } => host.as_ref(),
            ClientRoute::Direct | ClientRoute::UnknownLocalProxy => None,
        }
    }

    /// Scheme and host that the client asked for, as a trusted proxy names them.
    pub(crate) fn forwarded_origin(&self) -> Option<String> {
        let ClientRoute::TrustedProxy { proto, host } = &self.route else { return None };
        let (proto, host) = (proto.as_ref()?.to_str().ok()?, host.as_ref()?.to_str().ok()?);
        Some(format!("{proto}://{host}"))
    }

    /// Whether the client is a program on this machine, as far as one can tell: it comes over the loopback interface, over
    /// no proxy, and means this machine.
    pub(crate) fn is_local(&self, host: HostName) -> bool {
        self.address.is_loopback()
            && self.route == ClientRoute::Direct
            && host == HostName::ThisMachine
    }
}

/// Actor of a shopper: a guest identified by the cart, since buying needs no sign-in; without a cart there is none.
pub(crate) fn guest_actor(path: &str, id: Option<&str>, headers: &HeaderMap) -> Option<Arc<str>> {
    let in_path = id.filter(|_| path.starts_with("/api/v1/carts/"));
    let parse = |text: &str| text.parse::<CartId>().ok();
    let cart = in_path.and_then(parse).or_else(|| cart_cookie(headers).and_then(parse))?;
    Some(Arc::from(format!("guest:{cart}")))
}

/// Origin of the changes that an operator's request makes: everything that is known, if it may change something. Of shoppers it is the
/// edge alone, because their orders and carts say who they are, and their addresses are nobody's business.
pub(crate) fn operator_origin(
    actor: Option<&str>,
    client: &ClientIdentity,
    head: &Parts,
) -> Origin {
    if head.method.is_safe() {
        return Origin::of_edge(Edge::Operator);
    }
    let agent = head.headers.get(header::USER_AGENT);
    let agent = agent.map(|agent| String::from_utf8_lossy(agent.as_bytes()));
    Origin::new(Edge::Operator, actor, Some(client.address), agent.as_deref())
}

/// Cart that the cookie names.
fn cart_cookie(headers: &HeaderMap) -> Option<&str> {
    let value = |name: &str| {
        let cookie = web::cookies(headers).find(|(known, _)| *known == name);
        cookie.map(|(_, value)| value)
    };
    value(SECURE_CART_COOKIE).or_else(|| value(CART_COOKIE))
}

/// Whether a request id from a client is safe in logs and headers.
pub(crate) fn is_valid_request_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    !id.is_empty() && id.len() <= REQUEST_ID_BYTES_MAX && id.bytes().all(is_plain)
}
