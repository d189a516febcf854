//! Who asks: from which address, as whom, under which request id.

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, HeaderName, header, request::Parts},
};
use kernel::Uuid;
use serde::{Deserialize, Serialize};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

/// The chain of those a request came through.
pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The cookie that names a shopper's cart.
const CART_COOKIE: &str = "cart";
/// The longest request id that is taken over from outside, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Addresses that begin alike, such as `10.0.0.0/8`; a single one has its full length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Network {
    address: IpAddr,
    prefix: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an address or a network such as 10.0.0.0/8");
        let (address, prefix) =
            text.split_once('/').map_or((text, None), |(it, prefix)| (it, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(bits), |prefix| prefix.parse().map_err(|_| wrong()))?;
        if prefix > bits {
            return Err(wrong());
        }
        Ok(Self { address, prefix })
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        format!("{}/{}", network.address, network.prefix)
    }
}

impl Network {
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

/// From where a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    /// The client's address, as far as it is known.
    pub(crate) address: IpAddr,
    /// Whether what it says about those before it is believed.
    pub(crate) is_trusted_proxy: bool,
}

impl Visitor {
    /// Who sent this request: the peer, or whom a trusted proxy names. Each proxy adds the address it was asked
    /// from at the end, so the last one that is not a trusted proxy itself is the client; what stands before it
    /// anybody may have written.
    pub(crate) fn of(head: &Parts, proxies: &[Network]) -> Self {
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer =
            peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip().to_canonical());
        let is_trusted = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
        if !is_trusted(peer) {
            return Self { address: peer, is_trusted_proxy: false };
        }
        let mut address = peer;
        for named in forwarded_for(&head.headers) {
            let Some(named) = named else { break };
            address = named;
            if !is_trusted(named) {
                break;
            }
        }
        Self { address, is_trusted_proxy: true }
    }
}

/// The addresses in `X-Forwarded-For`, the last one first; `None` where one cannot be read.
fn forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines: Vec<&str> =
        headers.get_all(&FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or("?")).collect();
    lines
        .into_iter()
        .rev()
        .flat_map(|line| line.rsplit(','))
        .map(|address| address.trim().parse().ok().map(|address: IpAddr| address.to_canonical()))
}

/// A shopper as services know it: by the cart it holds, because nobody has to sign in to buy.
pub(crate) fn guest(path: &str, id: Option<&str>, headers: &HeaderMap) -> Arc<str> {
    let in_path = id.filter(|_| path.starts_with("/api/v1/carts/"));
    let cart = in_path.and_then(uuid).or_else(|| cookie(headers).and_then(uuid));
    match cart {
        Some(cart) => Arc::from(format!("guest:{cart}")),
        None => Arc::from("guest"),
    }
}

fn uuid(text: &str) -> Option<Uuid> {
    text.parse().ok()
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(CART_COOKIE)?.strip_prefix('='))
}

/// Whether a request id from outside can stand in logs and headers.
pub(crate) fn is_sane_request_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    !id.is_empty() && id.len() <= REQUEST_ID_BYTES_MAX && id.bytes().all(is_plain)
}
