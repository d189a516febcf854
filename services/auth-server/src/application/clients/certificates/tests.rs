//! Certificates of clients, and what their authority has revoked.

use super::*;
use base64::{Engine, prelude::BASE64_STANDARD};
use kernel::{Clock, SystemClock};
use test_servers::{CertifiedKey, TestAuthority};

fn certificate(files: &CertifiedKey) -> ClientCertificate {
    let pem = std::fs::read_to_string(&files.certificate).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    ClientCertificate::new(vec![BASE64_STANDARD.decode(base64).unwrap()]).unwrap()
}

fn named(name: &str) -> CertificateSubject {
    let (kind, value) = (SubjectKind::DistinguishedName, format!("CN={name}"));
    CertificateSubject { kind, value }
}

fn is_taken(verifier: &CertificateVerifier, files: &CertifiedKey) -> bool {
    verifier.is_of_name(&certificate(files), &named("app"), SystemClock.now())
}

#[test]
fn a_revoked_certificate_proves_nothing() {
    let authority = TestAuthority::create().unwrap();
    let [kept, revoked] = [(); 2].map(|()| authority.certify_client("app").unwrap());
    let without = CertificateVerifier::of_files(&authority.certificate(), None).unwrap();
    let list = authority.revoke(&[&revoked], true).unwrap();
    let with = CertificateVerifier::of_files(&authority.certificate(), Some(&list)).unwrap();
    assert!(is_taken(&without, &kept) && is_taken(&without, &revoked));
    assert!(is_taken(&with, &kept));
    assert!(!is_taken(&with, &revoked));
}

#[test]
fn without_a_current_list_of_its_authority_no_certificate_proves_anything() {
    let (authority, other) = (TestAuthority::create().unwrap(), TestAuthority::create().unwrap());
    let client = authority.certify_client("app").unwrap();
    for list in [authority.revoke(&[], false).unwrap(), other.revoke(&[], true).unwrap()] {
        let verifier = CertificateVerifier::of_files(&authority.certificate(), Some(&list));
        assert!(!is_taken(&verifier.unwrap(), &client), "{list:?}");
    }
    let list = authority.revoke(&[], true).unwrap();
    let verifier = CertificateVerifier::of_files(&authority.certificate(), Some(&list));
    assert!(is_taken(&verifier.unwrap(), &client));
}

#[test]
fn a_file_without_lists_or_authorities_is_told() {
    let authority = TestAuthority::create().unwrap();
    let certificate = authority.certificate();
    let missing = Path::new("/nothing/here.pem");
    for (authorities, list, told) in [
        (&*certificate, Some(&*certificate), "no revocation list"),
        (&*certificate, Some(missing), "/nothing/here.pem"),
        (missing, None, "/nothing/here.pem"),
    ] {
        let error = CertificateVerifier::of_files(authorities, list).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}
