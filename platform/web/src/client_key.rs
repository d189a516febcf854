//! Client key: what per-client limits count by.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// Key of a client: an IPv4 address, or the /64 network of an IPv6 address, since one client usually owns a whole /64.
///
/// ```
/// use web::ClientKey;
///
/// let key = |text: &str| ClientKey::at(text.parse().unwrap());
/// assert_eq!(key("2001:db8::1"), key("2001:db8::2:3"));
/// assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
/// assert_eq!(key("192.0.2.1"), key("::ffff:192.0.2.1"));
/// assert_eq!(key("192.0.2.1").to_string(), "192.0.2.1");
/// assert_eq!(key("2001:db8::1").to_string(), "2001:db8::");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(u128);

impl ClientKey {
    /// The key of the client at an address.
    pub fn at(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped().to_bits()),
            IpAddr::V6(address) => Self(address.to_bits() & (u128::MAX << 64)),
        }
    }
}

impl fmt::Display for ClientKey {
    /// The IPv4 address, or the first address of the network.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        IpAddr::from(Ipv6Addr::from_bits(self.0)).to_canonical().fmt(out)
    }
}
