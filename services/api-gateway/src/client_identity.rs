//! Client identity: the address of the client, the actor, and the request id.

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, HeaderName, header, request::Parts},
};
use identifiers::CartId;
use kernel::Origin;
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};
use transport::Edge;

/// Header with the chain of proxies.
pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Cookie with the id of a shopper's cart.
const CART_COOKIE: &str = "cart";
/// Its name over HTTPS.
const SECURE_CART_COOKIE: &str = "__Host-cart";
/// Longest request id accepted from a client, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// IP network in CIDR notation, such as `10.0.0.0/8`; a single address has the full prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct IpNetwork {
    address: IpAddr,
    prefix: u8,
}

impl FromStr for IpNetwork {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("{text:?} is not an address or a network such as 10.0.0.0/8");
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(it, prefix)| (it, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), |prefix| prefix.parse().map_err(|_| invalid()))?;
        if prefix > bits {
            return Err(invalid());
        }
        Ok(Self { address, prefix })
    }
}

impl TryFrom<String> for IpNetwork {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<IpNetwork> for String {
    fn from(network: IpNetwork) -> Self {
        format!("{}/{}", network.address, network.prefix)
    }
}

impl IpNetwork {
    fn contains(&self, address: IpAddr) -> bool {
        let prefix = u32::from(self.prefix);
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros() >= prefix
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros() >= prefix
            }
            _ => false,
        }
    }
}

/// Address of the client, and whether a trusted proxy vouches for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientIdentity {
    /// Address of the client, as far as it is known.
    pub(crate) address: IpAddr,
    /// Whether the peer is a trusted proxy, so that its forwarding headers are believed.
    pub(crate) is_trusted_proxy: bool,
}

impl ClientIdentity {
    /// Identity of the peer, or of the client that a trusted proxy names. Each proxy appends the address of its own
    /// peer, so the last address that is not a trusted proxy is the client; addresses before it can be forged.
    pub(crate) fn from_request(head: &Parts, proxies: &[IpNetwork]) -> Self {
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer =
            peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip().to_canonical());
        let is_trusted = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
        if !is_trusted(peer) {
            return Self { address: peer, is_trusted_proxy: false };
        }
        let mut address = peer;
        for forwarded in forwarded_for(&head.headers) {
            let Some(forwarded) = forwarded else { break };
            address = forwarded;
            if !is_trusted(forwarded) {
                break;
            }
        }
        Self { address, is_trusted_proxy: true }
    }
}

/// Addresses in `X-Forwarded-For`, last one first; `None` for one that cannot be parsed.
fn forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines: Vec<&str> =
        headers.get_all(&FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    lines
        .into_iter()
        .rev()
        .flat_map(|line| line.rsplit(','))
        .map(|address| address.trim().parse().ok().map(|address: IpAddr| address.to_canonical()))
}

/// Actor of a shopper: a guest identified by the cart, since buying needs no sign-in; without a cart there is none.
pub(crate) fn guest_actor(path: &str, id: Option<&str>, headers: &HeaderMap) -> Option<Arc<str>> {
    let in_path = id.filter(|_| path.starts_with("/api/v1/carts/"));
    let parse = |text: &str| text.parse::<CartId>().ok();
    let cart = in_path.and_then(parse).or_else(|| cart_cookie(headers).and_then(parse))?;
    Some(Arc::from(format!("guest:{cart}")))
}

/// Origin of the changes that a request makes: of operators everything that is known; of shoppers the edge alone, because
/// their orders and carts say who they are, and their addresses are nobody's business.
pub(crate) fn origin(
    edge: Edge,
    actor: Option<&str>,
    client: ClientIdentity,
    headers: &HeaderMap,
) -> Origin {
    if edge != Edge::Operator {
        return Origin::of_edge(edge);
    }
    let agent = headers.get(header::USER_AGENT);
    let agent = agent.map(|agent| String::from_utf8_lossy(agent.as_bytes()));
    Origin::new(edge, actor, Some(client.address), agent.as_deref())
}

/// Cart that the cookie names.
fn cart_cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = || {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
    };
    let value = |name: &str| pairs().find(|(known, _)| *known == name).map(|(_, value)| value);
    value(SECURE_CART_COOKIE).or_else(|| value(CART_COOKIE))
}

/// Whether a request id from a client is safe in logs and headers.
pub(crate) fn is_valid_request_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    !id.is_empty() && id.len() <= REQUEST_ID_BYTES_MAX && id.bytes().all(is_plain)
}
