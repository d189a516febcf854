//! Signature algorithms (RFC 7518, 8037).

use std::fmt;

/// Second name of Ed25519 signatures (RFC 9864, section 2.2).
const ED25519: &str = "Ed25519";

/// Signature algorithm: the asymmetric ones that are supported, and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 5] = [Self::Es256, Self::EdDsa, Self::Ps256, Self::Rs256, Self::Es384];
    /// The algorithms that FAPI 2.0 (section 5.4) and DPoP accept here: without RS256, whose padding is weak, and without ES384, which FAPI
    /// does not name.
    pub const STRONG: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Ps256];

    /// Name in headers and keys (`alg`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
            Self::Es384 => "ES384",
        }
    }

    /// Algorithm of this name, to the letter. Ed25519 has a name of its own as well (RFC 9864).
    pub fn of_name(name: &str) -> Option<Self> {
        if name == ED25519 {
            return Some(Self::EdDsa);
        }
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// Every name by which one of these algorithms is known.
    pub fn names(algorithms: &[Self]) -> Vec<&'static str> {
        let second = algorithms.contains(&Self::EdDsa).then_some(ED25519);
        algorithms.iter().map(|algorithm| algorithm.name()).chain(second).collect()
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
