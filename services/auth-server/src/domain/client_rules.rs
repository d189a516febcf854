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

/// Whether its access tokens must be bound to a key of its own.
pub(crate) fn requires_sender_constraint(policy: &ClientPolicy) -> bool {
    policy.requires_dpop || policy.is_fapi
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

    #[test]
    fn the_profile_of_fapi_asks_for_more_than_the_settings_say() {
        let (plain, fapi) =
            (ClientPolicy::default(), ClientPolicy { is_fapi: true, ..ClientPolicy::default() });
        assert!(!requires_pushed_requests(&plain) && requires_pushed_requests(&fapi));
        assert!(!requires_sender_constraint(&plain) && requires_sender_constraint(&fapi));
        assert!(rotates_refresh_tokens(&plain) && !rotates_refresh_tokens(&fapi));
        assert!(accepts_rs256(&plain) && !accepts_rs256(&fapi));
        assert_eq!(default_algorithm(&plain), TokenAlgorithm::Rs256);
        assert_eq!(default_algorithm(&fapi), TokenAlgorithm::Es256);
    }

    #[test]
    fn each_setting_is_a_switch_of_its_own() {
        let pushed = ClientPolicy { requires_pushed_requests: true, ..ClientPolicy::default() };
        assert!(requires_pushed_requests(&pushed) && !requires_sender_constraint(&pushed));
        let bound = ClientPolicy { requires_dpop: true, ..ClientPolicy::default() };
        assert!(requires_sender_constraint(&bound) && !requires_signed_requests(&bound));
        let signed = ClientPolicy { requires_signed_requests: true, ..ClientPolicy::default() };
        assert!(requires_signed_requests(&signed) && !requires_pushed_requests(&signed));
    }
}
