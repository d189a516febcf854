//! Both ceremonies, with an authenticator in software.

mod authenticator;

use authenticator::{Authenticator, BACKUP_ELIGIBLE, CHALLENGE, Kind, ORIGIN, PRESENT, VERIFIED};
use webauthn::{
    AuthenticationResponse, KnownCredential, NewCredential, RegistrationResponse, RelyingParty,
    WebauthnError,
};

fn party() -> RelyingParty {
    RelyingParty::of_origin(ORIGIN).expect("the origin is one")
}

fn register(authenticator: &Authenticator) -> Result<NewCredential, WebauthnError> {
    register_for(authenticator, &party(), &CHALLENGE)
}

fn register_for(
    authenticator: &Authenticator,
    party: &RelyingParty,
    challenge: &[u8],
) -> Result<NewCredential, WebauthnError> {
    let (client_data, attestation_object) = authenticator.create();
    let response =
        RegistrationResponse { client_data: &client_data, attestation_object: &attestation_object };
    party.verify_registration(challenge, &response)
}

fn known(credential: &NewCredential) -> KnownCredential<'_> {
    KnownCredential {
        public_key: &credential.public_key,
        sign_count: credential.sign_count,
        is_backup_eligible: credential.is_backup_eligible,
    }
}

#[test]
fn a_passkey_of_each_algorithm_is_registered_and_signs_in() {
    for kind in [Kind::Es256, Kind::Ed25519, Kind::Rs256] {
        let mut authenticator = Authenticator::new(kind);
        let credential = register(&authenticator).unwrap();
        assert_eq!((&*credential.id, credential.sign_count), (&b"credential"[..], 1));
        authenticator.sign_count = 2;
        let (client_data, authenticator_data, signature) = authenticator.get();
        let response = AuthenticationResponse {
            client_data: &client_data,
            authenticator_data: &authenticator_data,
            signature: &signature,
        };
        let verified = party().verify_authentication(&CHALLENGE, &known(&credential), &response);
        let verified = verified.unwrap();
        assert_eq!((verified.sign_count, verified.is_counter_regressed), (2, false), "{kind:?}");
        let longer = [&signature[..], &[0]].concat();
        for wrong in [&signature[..signature.len() - 1], &longer, &[], &[0; 600]] {
            let response = AuthenticationResponse { signature: wrong, ..response };
            let refused = party().verify_authentication(&CHALLENGE, &known(&credential), &response);
            assert!(matches!(refused, Err(WebauthnError::Signature | WebauthnError::TooLong)));
        }
    }
}

#[test]
fn each_byte_of_what_was_signed_counts() {
    let authenticator = Authenticator::new(Kind::Es256);
    let credential = register(&authenticator).unwrap();
    let (client_data, authenticator_data, signature) = authenticator.get();
    for at in 0..authenticator_data.len() {
        let mut changed = authenticator_data.clone();
        changed[at] ^= 2;
        let response = AuthenticationResponse {
            client_data: &client_data,
            authenticator_data: &changed,
            signature: &signature,
        };
        assert!(party().verify_authentication(&CHALLENGE, &known(&credential), &response).is_err());
    }
    for at in 0..client_data.len() {
        let mut changed = client_data.clone();
        changed[at] ^= 1;
        let response = AuthenticationResponse {
            client_data: &changed,
            authenticator_data: &authenticator_data,
            signature: &signature,
        };
        assert!(party().verify_authentication(&CHALLENGE, &known(&credential), &response).is_err());
    }
}

#[test]
fn a_response_is_of_this_ceremony_challenge_origin_and_relying_party() {
    let authenticator = Authenticator::new(Kind::Ed25519);
    let other = |change: fn(&mut Authenticator)| {
        let mut authenticator = Authenticator::new(Kind::Ed25519);
        change(&mut authenticator);
        register(&authenticator).map(drop)
    };
    assert_eq!(other(|it| it.ceremony = Some("webauthn.get")), Err(WebauthnError::Type));
    assert_eq!(
        other(|it| it.origin = "https://shop.example.evil.example"),
        Err(WebauthnError::Origin)
    );
    assert_eq!(other(|it| it.rp_id = "evil.example"), Err(WebauthnError::RelyingParty));
    assert_eq!(other(|it| it.rp_id = "example"), Err(WebauthnError::RelyingParty));
    assert_eq!(other(|it| it.flags = VERIFIED), Err(WebauthnError::UserPresence));
    assert_eq!(other(|it| it.flags = PRESENT), Err(WebauthnError::UserVerification));
    let challenge = register_for(&authenticator, &party(), &[8; 32]);
    assert_eq!(challenge, Err(WebauthnError::Challenge));
    let elsewhere = RelyingParty::of_origin("https://other.example").unwrap();
    let elsewhere = register_for(&authenticator, &elsewhere, &CHALLENGE);
    assert_eq!(elsewhere, Err(WebauthnError::Origin));
}

#[test]
fn a_sign_in_is_checked_like_a_registration() {
    let registered = Authenticator::new(Kind::Es256);
    let credential = register(&registered).unwrap();
    let with = |change: fn(&mut Authenticator)| {
        let mut authenticator = registered.clone();
        change(&mut authenticator);
        let (client_data, authenticator_data, signature) = authenticator.get();
        let response = AuthenticationResponse {
            client_data: &client_data,
            authenticator_data: &authenticator_data,
            signature: &signature,
        };
        party().verify_authentication(&CHALLENGE, &known(&credential), &response)
    };
    assert!(with(|_| {}).is_ok());
    assert_eq!(with(|it| it.ceremony = Some("webauthn.create")), Err(WebauthnError::Type));
    assert_eq!(
        with(|it| it.origin = "https://shop.example.evil.example"),
        Err(WebauthnError::Origin)
    );
    assert_eq!(with(|it| it.rp_id = "evil.example"), Err(WebauthnError::RelyingParty));
    assert_eq!(with(|it| it.flags = VERIFIED), Err(WebauthnError::UserPresence));
    assert_eq!(with(|it| it.flags = PRESENT), Err(WebauthnError::UserVerification));
    assert_eq!(with(|it| it.flags |= BACKUP_ELIGIBLE), Err(WebauthnError::Flags));
    assert_eq!(with(Authenticator::change_key), Err(WebauthnError::Signature), "another key");
}

#[test]
fn a_counter_that_does_not_grow_is_told() {
    let registered = Authenticator::new(Kind::Es256);
    let credential = register(&registered).unwrap();
    let regressed = |stored: u32, sent: u32| {
        let mut authenticator = registered.clone();
        authenticator.sign_count = sent;
        let (client_data, authenticator_data, signature) = authenticator.get();
        let response = AuthenticationResponse {
            client_data: &client_data,
            authenticator_data: &authenticator_data,
            signature: &signature,
        };
        let known = KnownCredential { sign_count: stored, ..known(&credential) };
        party().verify_authentication(&CHALLENGE, &known, &response).unwrap().is_counter_regressed
    };
    assert!(!regressed(5, 6) && !regressed(0, 0) && !regressed(0, 1));
    assert!(regressed(5, 5) && regressed(5, 4) && regressed(5, 0));
}

#[test]
fn self_attestation_must_be_signed_by_the_new_key() {
    let mut authenticator = Authenticator::new(Kind::Es256);
    authenticator.attests_itself = true;
    assert!(register(&authenticator).is_ok());
    authenticator.change_attestation_key();
    assert_eq!(register(&authenticator), Err(WebauthnError::Signature));
}
