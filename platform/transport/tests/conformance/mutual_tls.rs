//! Calls between members of an authority, and attempts of everybody else.

use crate::echo_service::{EchoService, Parcel, ServiceListener, base, over, over_tls};
use test_servers::{CertifiedKey, TestAuthority};
use tls_files::{ClientTls, TlsFiles};
use transport::{CallError, CallPolicy, Channel, Client};

async fn put(transport: &Channel) -> Result<Parcel, CallError> {
    let parcel = Parcel { name: "a".to_owned(), weight: 1 };
    Client::new("echo-service", transport.clone()).put("/echo").json(&parcel).send().await
}

fn client(trusted: &TestAuthority, shown: Option<&CertifiedKey>) -> ClientTls {
    ClientTls::open(TlsFiles {
        certificate_authorities: Some(trusted.certificate()),
        client_certificate: shown.map(|shown| shown.certificate.clone()),
        client_key: shown.map(|shown| shown.key.clone()),
    })
    .unwrap()
}

#[tokio::test]
async fn only_a_member_is_answered_and_says_why_another_is_not() {
    let (listener, member) = ServiceListener::for_members(&EchoService::default()).await;
    let address = listener.address;
    assert!(put(&over_tls(address, Some(member.clone()))).await.is_ok());

    let other = TestAuthority::create().unwrap();
    let stranger = other.certify_member().unwrap();
    let told = async |transport: Channel| put(&transport).await.unwrap_err().to_string();
    let of_stranger = told(over_tls(address, Some(client(&other, Some(&stranger))))).await;
    assert!(of_stranger.contains("invalid peer certificate"), "{of_stranger}");
    let without = told(over_tls(address, None)).await;
    assert!(without.contains("settings of TLS"), "{without}");
    told(over(vec![base(address)], CallPolicy::default())).await;
    // Nothing of this costs a member anything.
    assert!(put(&over_tls(address, Some(member))).await.is_ok());
    listener.stop().await;
}

#[tokio::test]
async fn a_client_that_trusts_the_server_and_has_no_certificate_of_its_authority_is_refused() {
    let (authority, other) = (TestAuthority::create().unwrap(), TestAuthority::create().unwrap());
    let member = authority.certify_member().unwrap();
    let (listener, _) = ServiceListener::of(&EchoService::default(), &authority, &member).await;
    let call = async |shown: Option<&CertifiedKey>| {
        put(&over_tls(listener.address, Some(client(&authority, shown)))).await
    };
    assert!(call(Some(&member)).await.is_ok());
    assert!(call(Some(&authority.certify_client("another").unwrap())).await.is_ok());
    for refused in [
        None,
        Some(&other.certify_member().unwrap()),
        Some(&authority.self_signed("member").unwrap()),
        Some(&authority.certify_server().unwrap()),
    ] {
        assert!(call(refused).await.is_err(), "{refused:?}");
    }
}
