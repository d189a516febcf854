//! A real mail server: what it reads of a message, encryption, who signs in, its answers.

use crate::{mailer, message, options};
use mail::{MailError, Mailer, SmtpMailer};
use std::time::Duration;
use test_servers::{SmtpServer, SmtpServerOptions, TestAuthority, smtp_python};

fn start(options: SmtpServerOptions) -> SmtpServer {
    SmtpServer::start(&smtp_python().unwrap(), options).unwrap()
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let server = start(SmtpServerOptions::default());
    mailer(&server.address()).send(&message("ada@example.com")).await.unwrap();
    let [kept] = &server.accepted().unwrap()[..] else { panic!("one mail") };
    let expected = concat!(
        r#"{"from": "no-reply@shop.example", "to": ["ada@example.com"], "headers": {"#,
        r#""Date": "Thu, 01 Jan 1970 00:00:00 +0000", "#,
        r#""From": "L\u00e4den & Co <no-reply@shop.example>", "To": "ada@example.com", "#,
        r#""Subject": "Bestellung 1001 ist best\u00e4tigt", "#,
        r#""Message-ID": "<00000000-0000-0000-0000-000000000007@shop.example>", "#,
        r#""Auto-Submitted": "auto-generated", "MIME-Version": "1.0", "#,
        r#""Content-Type": "multipart/alternative; boundary=\"=_00000000000000000000000000000007\"", "#,
        r#""X-Peer": "PEER"}, "#,
        r#""parts": {"text/plain": "Gr\u00fc\u00dfe\n.\n..two dots\n\u20ac 71.20", "#,
        r#""text/html": "<p>Gr\u00fc\u00dfe</p>"}, "defects": [], "is_encrypted": false}"#,
    );
    assert_eq!(kept.replace("\\r\\n", "\\n"), expected.replace(", \"X-Peer\": \"PEER\"", ""));
}

#[tokio::test]
async fn the_answers_of_the_server_say_what_becomes_of_a_message() {
    let server = start(SmtpServerOptions::default());
    let mailer = mailer(&server.address());
    match mailer.send(&message("refused@example.com")).await {
        Err(MailError::Refused(reason)) => {
            assert!(reason.starts_with("550 ") && reason.contains("no such user"), "{reason}");
            assert!(!reason.contains('@'), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    match mailer.send(&message("later@example.com")).await {
        Err(MailError::Unavailable(reason)) => assert!(reason.contains("451"), "{reason}"),
        other => panic!("{other:?}"),
    }
    mailer.send(&message("later@example.com")).await.unwrap();
    assert_eq!(server.accepted().unwrap().len(), 1, "accepted at the second attempt");
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_counts_as_not_accepted() {
    let server = start(SmtpServerOptions::default());
    let mailer = mailer(&server.address());
    let lost = mailer.send(&message("lost@example.com")).await;
    assert!(matches!(lost, Err(MailError::Unavailable(_))), "{lost:?}");
    let again = mailer.send(&message("lost@example.com")).await;
    assert!(matches!(again, Err(MailError::Unavailable(_))), "{again:?}");
    let accepted = server.accepted().unwrap();
    assert_eq!(accepted.len(), 2);
    assert_eq!(accepted[0], accepted[1], "the same mail, with the same Message-ID");
    let reset = mailer.send(&message("reset@example.com")).await;
    assert!(matches!(reset, Err(MailError::Unavailable(_))), "{reset:?}");
    assert_eq!(server.accepted().unwrap().len(), 2);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up_in_time() {
    let server = start(SmtpServerOptions::default());
    let mut options = options(&format!("smtp://{}", server.address()));
    options.timeout = Duration::from_millis(500);
    let hanging = SmtpMailer::new(&options).unwrap().send(&message("hanging@example.com")).await;
    assert!(matches!(hanging, Err(MailError::Unavailable(_))), "{hanging:?}");
    server.pause().unwrap();
    let paused = SmtpMailer::new(&options).unwrap().send(&message("ada@example.com")).await;
    assert!(matches!(paused, Err(MailError::Unavailable(_))), "{paused:?}");
    server.resume().unwrap();
    mailer(&server.address()).send(&message("ada@example.com")).await.unwrap();
}

#[tokio::test]
async fn connections_are_encrypted_with_servers_whose_authority_is_known() {
    let authority = TestAuthority::create().unwrap();
    for is_implicit in [false, true] {
        let mut at_server = SmtpServerOptions::default();
        let scheme = if is_implicit { "smtps" } else { "smtp" };
        let certificate = Some(authority.certify_server_as("IP:127.0.0.1").unwrap());
        if is_implicit {
            at_server.implicit_tls = certificate;
        } else {
            at_server.starttls = certificate;
        }
        let server = start(at_server);
        let mut options = options(&format!("{scheme}://{}", server.address()));
        let unknown = SmtpMailer::new(&options).unwrap().send(&message("ada@example.com")).await;
        assert!(matches!(unknown, Err(MailError::Unavailable(_))), "{scheme}: {unknown:?}");
        assert!(server.accepted().unwrap().is_empty());
        options.authority_file = authority.certificate();
        SmtpMailer::new(&options).unwrap().send(&message("ada@example.com")).await.unwrap();
        let [kept] = &server.accepted().unwrap()[..] else { panic!("{scheme}: one mail") };
        assert!(kept.contains(r#""is_encrypted": true"#), "{scheme}: {kept}");
    }
}

#[tokio::test]
async fn a_user_signs_in_and_a_wrong_password_gives_up_no_mail() {
    let user = Some(("shop@example.com".to_owned(), "s3cret".to_owned()));
    let server = start(SmtpServerOptions { user, ..SmtpServerOptions::default() });
    let mut options = options(&format!("smtp://shop%40example.com@{}", server.address()));
    for (password, is_sent) in [("wrong", false), ("s3cret", true)] {
        options.password = password.to_owned();
        let sent = SmtpMailer::new(&options).unwrap().send(&message("ada@example.com")).await;
        match sent {
            Ok(()) => assert!(is_sent),
            Err(MailError::Unavailable(reason)) => {
                assert!(!is_sent && reason.contains("535"), "{reason}");
                assert!(!reason.contains("wrong"), "{reason}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    let nobody = mailer(&server.address()).send(&message("ada@example.com")).await;
    assert!(matches!(nobody, Err(MailError::Unavailable(_))), "{nobody:?}");
    assert_eq!(server.accepted().unwrap().len(), 1);
}
