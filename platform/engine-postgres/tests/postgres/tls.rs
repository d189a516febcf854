//! TLS: which servers are trusted, and with which certificate or password the engine shows itself to one that takes nothing else.

use crate::server::{Database, SERVICES};
use engine_memory::MemoryEngine;
use engine_postgres::{DatabaseError, PostgresEngine, PostgresOptions, migrate, pending};
use std::{path::PathBuf, sync::Arc};
use subject_keys::SubjectKeys;
use test_servers::{CertifiedKey, PostgresServer, PostgresTls, TestAuthority, postgres_programs};
use tls_files::{TlsFile, TlsFiles};

/// Nobody is let in without TLS: the superuser as is, one user with a password and one with a certificate.
const ACCESS: &str = "\
hostssl all postgres 127.0.0.1/32 trust
hostssl all shop     127.0.0.1/32 scram-sha-256
hostssl all robot    127.0.0.1/32 cert
";

/// Server with a certificate for its address, and not for its name.
struct EncryptedServer {
    server: PostgresServer,
    authority: TestAuthority,
}

impl EncryptedServer {
    fn start() -> Self {
        let authority = TestAuthority::create().unwrap();
        let certified = authority.certify_server_as("IP:127.0.0.1").unwrap();
        let client_authority = authority.certificate();
        let tls = PostgresTls { server: certified, client_authority, access: ACCESS };
        let server = PostgresServer::start_with_tls(&postgres_programs().unwrap(), tls);
        Self { server: server.expect("the server starts"), authority }
    }

    /// Options for the user, with this authority and certificate of the client.
    fn options(
        &self,
        (user, parameters): (&str, &str),
        authority: Option<PathBuf>,
        client: Option<&CertifiedKey>,
    ) -> PostgresOptions {
        let address = self.server.address();
        let url = format!("postgres://{user}@{address}/postgres{parameters}");
        let mut options = PostgresOptions::new(&url).unwrap();
        options.tls = TlsFiles {
            certificate_authorities: authority,
            client_certificate: client.map(|client| client.certificate.clone()),
            client_key: client.map(|client| client.key.clone()),
        };
        options
    }

    /// Options for the superuser.
    fn superuser(&self, parameters: &str, authority: Option<PathBuf>) -> PostgresOptions {
        self.options(("postgres", parameters), authority, None)
    }
}

async fn refused(options: PostgresOptions) -> DatabaseError {
    pending(&options, &SERVICES).await.map(drop).expect_err("it is refused")
}

#[tokio::test]
async fn a_shop_is_kept_on_a_server_that_is_trusted_by_its_authority() {
    let server = EncryptedServer::start();
    let options = server.superuser("?sslmode=verify-full", Some(server.authority.certificate()));
    migrate(&options, "postgres", &SERVICES).await.unwrap();
    let memory = MemoryEngine::new();
    let blobs = |name| memory.service(name).blobs;
    let keys = Arc::new(SubjectKeys::for_tests());
    let engine = PostgresEngine::open(options, &SERVICES, keys, &blobs).await.unwrap();
    let values = engine.service(SERVICES[0]).unwrap().key_value;
    values.put("name", "value".into(), None).await.unwrap().wait().await.unwrap();
    let encrypted = "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
        WHERE a.application_name LIKE 'icommerce%'";
    assert_eq!(server.server.query("postgres", encrypted).unwrap().trim(), "t");
    engine.close().await;
    // Who names an authority means TLS, without saying so in the URL.
    let trusting = server.superuser("", Some(server.authority.certificate()));
    assert!(pending(&trusting, &SERVICES).await.is_ok());
}

#[tokio::test]
async fn a_server_of_another_authority_or_name_and_one_without_tls_are_refused() {
    let server = EncryptedServer::start();
    let (own, other) = (server.authority.certificate(), TestAuthority::create().unwrap());
    for (parameters, authority) in
        [("", None), ("?sslmode=require", None), ("", Some(other.certificate()))]
    {
        let error = refused(server.superuser(parameters, authority)).await;
        assert!(matches!(error, DatabaseError::Untrusted { .. }), "{parameters}: {error:?}");
    }
    let url = server.server.url().replace("127.0.0.1", "localhost");
    let mut by_name = PostgresOptions::new(&format!("{url}/postgres")).unwrap();
    by_name.tls.certificate_authorities = Some(own.clone());
    let error = refused(by_name).await;
    assert!(matches!(error, DatabaseError::OtherName { .. }), "{error:?}");
    assert!(error.to_string().contains("localhost"), "{error}");

    let error = refused(server.superuser("?sslmode=disable", None)).await;
    assert!(matches!(error, DatabaseError::Credentials { .. }), "{error:?}");
    assert!(error.to_string().contains("no encryption"), "{error}");

    let mut plain = Database::empty().options();
    plain.tls.certificate_authorities = Some(own);
    let error = refused(plain).await;
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
}

#[tokio::test]
async fn a_user_shows_a_certificate_or_a_password() {
    let server = EncryptedServer::start();
    let roles =
        "CREATE ROLE robot LOGIN SUPERUSER; CREATE ROLE shop LOGIN SUPERUSER PASSWORD 'right'";
    server.server.query("postgres", roles).unwrap();
    let authority = || Some(server.authority.certificate());
    let [robot, another] =
        ["robot", "another"].map(|it| server.authority.certify_client(it).unwrap());
    let robots = |client| server.options(("robot", ""), authority(), client);
    assert!(pending(&robots(Some(&robot)), &SERVICES).await.is_ok());
    for (client, told) in [(None, "certificate"), (Some(&another), "certificate")] {
        let error = refused(robots(client)).await;
        assert!(matches!(error, DatabaseError::Credentials { .. }), "{error:?}");
        assert!(error.to_string().contains(told), "{error}");
    }
    let stranger = TestAuthority::create().unwrap().certify_client("robot").unwrap();
    // Its files are gone with its authority.
    let error = refused(robots(Some(&stranger))).await;
    let DatabaseError::Tls(error) = error else { panic!("{error:?}") };
    assert_eq!(error.file, TlsFile::Certificate);
    let authority_of_strangers = TestAuthority::create().unwrap();
    let stranger = authority_of_strangers.certify_client("robot").unwrap();
    let error = refused(robots(Some(&stranger))).await;
    assert!(error.to_string().contains("alert"), "the server refuses it: {error}");

    let shop = |password: &str| server.options((&format!("shop{password}"), ""), authority(), None);
    assert!(pending(&shop(":right"), &SERVICES).await.is_ok());
    for wrong in [":the-password", ""] {
        let error = refused(shop(wrong)).await;
        assert!(!error.to_string().contains("the-password"), "{error}");
        assert!(error.to_string().contains("password"), "{error}");
    }
}
