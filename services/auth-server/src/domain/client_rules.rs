//! Rules that follow from the policy of a client, where its own settings and the profile that it follows meet.

use super::events::{ClientPolicy, TokenAlgorithm};

/// Whether authorization requests must be pushed.
pub(crate) fn requires_pushed_requests(policy: &ClientPolicy) -> bool {
    policy.requires_pushed_requests || policy.is_fapi
}

/// Whether authorization requests must be signed.
pub(crate) fn requires_signed_requests(policy: &ClientPolicy) -> bool {
    policy.requires_signed_requests
}

/// What a client presents with a request, by which its tokens can be bound to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Presented {
    /// Whether it proves the possession of a key.
    pub(crate) has_proof: bool,
    /// Whether it presents a certificate.
    pub(crate) has_certificate: bool,
}

/// Whether its access tokens can be bound as they must be: to its key, to its certificate, or for FAPI 2.0 to one of them.
pub(crate) fn is_constrained_as_required(policy: &ClientPolicy, presented: Presented) -> bool {
    let Presented { has_proof, has_certificate } = presented;
    (has_proof || !policy.requires_dpop)
        && (has_certificate || !policy.requires_certificate)
        && (has_proof || has_certificate || !policy.is_fapi)
}

/// Whether its access tokens are bound to its certificate.
pub(crate) fn binds_to_certificate(policy: &ClientPolicy, has_proof: bool) -> bool {
    policy.requires_certificate || (policy.is_fapi && !has_proof)
}

/// Whether a refresh token is replaced when it is used. FAPI 2.0 wants none of that (section 5.3.2.1): its tokens are bound to a key.
pub(crate) fn rotates_refresh_tokens(policy: &ClientPolicy) -> bool {
    !policy.is_fapi
}

/// Whether what the client signs may be signed by RS256, whose padding is weaker than that of the others.
pub(crate) fn accepts_rs256(policy: &ClientPolicy) -> bool {
    !policy.is_fapi
}

/// Algorithm of what is signed for the client, if it chose none.
pub(crate) fn default_algorithm(policy: &ClientPolicy) -> TokenAlgorithm {
    if policy.is_fapi { TokenAlgorithm::Es256 } else { TokenAlgorithm::Rs256 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Presented = Presented { has_proof: false, has_certificate: false };

    #[test]
    fn the_profile_of_fapi_asks_for_more_than_the_settings_say() {
        let (plain, fapi) =
            (ClientPolicy::default(), ClientPolicy { is_fapi: true, ..ClientPolicy::default() });
        assert!(!requires_pushed_requests(&plain) && requires_pushed_requests(&fapi));
        assert!(is_constrained_as_required(&plain, NOTHING));
        assert!(!is_constrained_as_required(&fapi, NOTHING));
        let with_certificate = Presented { has_certificate: true, ..NOTHING };
        let with_proof = Presented { has_proof: true, ..NOTHING };
        assert!(is_constrained_as_required(&fapi, with_certificate));
        assert!(is_constrained_as_required(&fapi, with_proof));
        assert!(binds_to_certificate(&fapi, false) && !binds_to_certificate(&fapi, true));
        assert!(!binds_to_certificate(&plain, false));
        assert!(rotates_refresh_tokens(&plain) && !rotates_refresh_tokens(&fapi));
        assert!(accepts_rs256(&plain) && !accepts_rs256(&fapi));
        assert_eq!(default_algorithm(&plain), TokenAlgorithm::Rs256);
        assert_eq!(default_algorithm(&fapi), TokenAlgorithm::Es256);
    }

    #[test]
    fn each_setting_is_a_switch_of_its_own() {
        let pushed = ClientPolicy { requires_pushed_requests: true, ..ClientPolicy::default() };
        assert!(requires_pushed_requests(&pushed) && is_constrained_as_required(&pushed, NOTHING));
        let bound = ClientPolicy { requires_dpop: true, ..ClientPolicy::default() };
        let with_certificate = Presented { has_certificate: true, ..NOTHING };
        assert!(!is_constrained_as_required(&bound, with_certificate));
        assert!(!requires_signed_requests(&bound) && !binds_to_certificate(&bound, false));
        let certified = ClientPolicy { requires_certificate: true, ..ClientPolicy::default() };
        let with_proof = Presented { has_proof: true, ..NOTHING };
        assert!(!is_constrained_as_required(&certified, with_proof));
        assert!(is_constrained_as_required(&certified, with_certificate));
        assert!(binds_to_certificate(&certified, true));
        let signed = ClientPolicy { requires_signed_requests: true, ..ClientPolicy::default() };
        assert!(requires_signed_requests(&signed) && !requires_pushed_requests(&signed));
    }
}
