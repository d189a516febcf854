//! Mutations of the checks of tokens, proofs and passkeys.

use super::{Mutation, mutation};

/// Name of the area on the command line.
pub(super) const AREA: &str = "auth";
/// Crates that have checks, or tests of them.
pub(super) const PACKAGES: &[&str] = &["jose", "webauthn"];

pub(super) const MUTATIONS: &[Mutation] = &[
    mutation(
        "jws_length",
        "a token of any length is parsed",
        "jose: vectors",
        "another_structure_is_refused",
    ),
    mutation(
        "jws_extension",
        "critical extensions and unencoded payloads are ignored",
        "jose: vectors",
        "a_header_that_asks_for_anything_else_is_refused",
    ),
    mutation(
        "jws_algorithm_of_key",
        "the token decides on the algorithm",
        "jose: vectors",
        "the_tokens_of_the_rfcs_are_verified_by_their_keys_and_no_other",
    ),
    mutation(
        "jws_algorithm_allowed",
        "an algorithm that is not allowed here verifies",
        "jose: vectors",
        "what_is_signed_is_verified_by_the_published_key",
    ),
    mutation(
        "jws_key_named",
        "any key of the set verifies, whichever the token names",
        "jose: vectors",
        "keys_that_a_token_brings_along_or_names_by_address_are_ignored",
    ),
    mutation(
        "jws_signature",
        "any signature is right",
        "jose: vectors",
        "a_token_with_any_byte_changed_is_not_verified",
    ),
    mutation(
        "json_member_once",
        "a member that occurs twice is read, the last one counts",
        "jose",
        "strict_json::tests::an_object_has_every_member_once",
    ),
    mutation(
        "jwk_public",
        "a private key is taken for a public one",
        "jose: vectors",
        "a_key_of_another_kind_or_use_is_no_key",
    ),
    mutation(
        "jwk_use",
        "a key for encryption verifies signatures",
        "jose: vectors",
        "a_key_of_another_kind_or_use_is_no_key",
    ),
    mutation(
        "jwk_strength",
        "a short RSA key is a key",
        "jose: vectors",
        "a_key_of_another_kind_or_use_is_no_key",
    ),
    mutation(
        "jwt_issuer",
        "a token of another issuer counts",
        "jose: vectors",
        "claims_are_valid_for_their_time_issuer_and_audience",
    ),
    mutation(
        "jwt_audience",
        "a token for another audience counts",
        "jose: vectors",
        "claims_are_valid_for_their_time_issuer_and_audience",
    ),
    mutation(
        "jwt_expiry",
        "a token counts for ever",
        "jose: vectors",
        "claims_are_valid_for_their_time_issuer_and_audience",
    ),
    mutation(
        "jwt_not_before",
        "a token counts before its time",
        "jose: vectors",
        "claims_are_valid_for_their_time_issuer_and_audience",
    ),
    mutation(
        "dpop_type",
        "an access token is a proof",
        "jose: dpop",
        "a_header_that_is_not_that_of_a_proof_is_refused",
    ),
    mutation(
        "dpop_algorithm",
        "a proof may be signed by a weak algorithm",
        "jose: dpop",
        "every_strong_algorithm_is_accepted_and_a_key_of_another_is_not",
    ),
    mutation(
        "dpop_identifier",
        "a proof without an identifier counts",
        "jose: dpop",
        "claims_for_another_request_are_refused",
    ),
    mutation(
        "dpop_method",
        "a proof for another method counts",
        "jose: dpop",
        "claims_for_another_request_are_refused",
    ),
    mutation(
        "dpop_uri",
        "a proof for another address counts",
        "jose: dpop",
        "claims_for_another_request_are_refused",
    ),
    mutation(
        "dpop_time",
        "a proof counts at any time",
        "jose: dpop",
        "claims_for_another_request_are_refused",
    ),
    mutation(
        "dpop_access_token",
        "a proof for another access token counts",
        "jose: dpop",
        "claims_for_another_request_are_refused",
    ),
    mutation(
        "dpop_nonce",
        "a proof without the nonce of the server counts",
        "jose: dpop",
        "a_nonce_is_one_of_those_of_the_server",
    ),
    mutation(
        "dpop_replay_cache",
        "a proof counts twice",
        "jose: dpop",
        "a_proof_counts_once_and_the_cache_forgets_none_too_early",
    ),
    mutation(
        "webauthn_ceremony",
        "a registration signs somebody in",
        "webauthn: ceremonies",
        "a_response_is_of_this_ceremony_challenge_origin_and_relying_party",
    ),
    mutation(
        "webauthn_challenge",
        "the response to another challenge counts",
        "webauthn: ceremonies",
        "a_response_is_of_this_ceremony_challenge_origin_and_relying_party",
    ),
    mutation(
        "webauthn_origin",
        "the page of another origin may ask",
        "webauthn: ceremonies",
        "a_response_is_of_this_ceremony_challenge_origin_and_relying_party",
    ),
    mutation(
        "webauthn_frame",
        "a page within a strange page may ask",
        "webauthn",
        "client_data::tests::the_ceremony_the_challenge_and_the_origin_must_be_the_same_byte_by_byte",
    ),
    mutation(
        "webauthn_relying_party",
        "a credential of another name counts",
        "webauthn: ceremonies",
        "a_response_is_of_this_ceremony_challenge_origin_and_relying_party",
    ),
    mutation(
        "webauthn_user_presence",
        "nobody need be there",
        "webauthn: ceremonies",
        "a_sign_in_is_checked_like_a_registration",
    ),
    mutation(
        "webauthn_user_verification",
        "anybody who holds the device may sign in",
        "webauthn: ceremonies",
        "a_sign_in_is_checked_like_a_registration",
    ),
    mutation(
        "webauthn_backup_flag",
        "a bound credential is used as a synced one",
        "webauthn: ceremonies",
        "a_sign_in_is_checked_like_a_registration",
    ),
    mutation(
        "webauthn_signature",
        "any signature of an authenticator is right",
        "webauthn: ceremonies",
        "each_byte_of_what_was_signed_counts",
    ),
];
