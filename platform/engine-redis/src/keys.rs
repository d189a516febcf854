//! Keys of the server: each value of a service in one of its bundles, whose keys have one tag.

/// Bundles of a service. Its number is part of where a value is found: with another one, every value is lost.
pub const BUNDLES: u32 = 16;

/// Prefix of all keys.
const PREFIX: &str = "icommerce";

/// Key of a value.
pub(crate) fn value_key(service: &str, key: &str) -> String {
    format!("{}:v:{key}", tag(service, bundle(key)))
}

/// Key of the set of the values of a bundle that expire, by their expiry.
pub(crate) fn expiry_key(service: &str, bundle: u32) -> String {
    format!("{}:expiry", tag(service, bundle))
}

/// Prefix of the keys of the values of a bundle.
pub(crate) fn value_prefix(service: &str, bundle: u32) -> String {
    format!("{}:v:", tag(service, bundle))
}

/// Bundle of a value, for ever the same.
pub(crate) fn bundle(key: &str) -> u32 {
    crc32fast::hash(key.as_bytes()) % BUNDLES
}

/// Tag (Redis Cluster hashes what is in braces alone). No name of a service has a brace.
fn tag(service: &str, bundle: u32) -> String {
    format!("{{{PREFIX}:{service}:{bundle}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_bundle_share_its_tag_whatever_the_key_of_the_value() {
        for key in ["", "}", "{other}:v", "attempts-account-a@example.org"] {
            let bundle = bundle(key);
            let tag = format!("{{icommerce:auth-server:{bundle}}}");
            assert_eq!(value_key("auth-server", key), format!("{tag}:v:{key}"));
            assert!(expiry_key("auth-server", bundle).starts_with(&tag));
        }
    }

    #[test]
    fn a_value_is_found_in_its_bundle_by_every_version_of_the_program() {
        assert_eq!(["", "a", "hits", "attempts-account-x"].map(bundle), [0, 3, 11, 3]);
    }
}
