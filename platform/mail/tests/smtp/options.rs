//! Options: which are refused, with the part that is wrong, and without secrets.

use crate::options;
use mail::{SmtpMailer, SmtpOptions, SmtpPart};

fn refused(options: &SmtpOptions) -> (SmtpPart, String) {
    let error = SmtpMailer::new(options).map(drop).expect_err("it is refused");
    (error.part, error.reason)
}

#[test]
fn what_names_no_server_is_refused() {
    for url in [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com/path",
        "smtp://mail.example.com?tls=none",
        "smtp://mail.example.com:99999",
        "smtp://shop:s3cret@mail.example.com",
    ] {
        let (part, reason) = refused(&options(url));
        assert_eq!(part, SmtpPart::Url, "{url}");
        assert!(!reason.contains("s3cret"), "{reason}");
    }
    for url in ["smtp://mail.example.com", "smtps://[::1]:465", "smtp://localhost:2525/"] {
        assert!(SmtpMailer::new(&options(url)).is_ok(), "{url}");
    }
}

#[test]
fn a_user_has_a_password_and_a_password_a_user() {
    assert_eq!(refused(&options("smtp://shop@mail.example.com")).0, SmtpPart::Password);
    let mut alone = options("smtp://mail.example.com");
    alone.password = "s3cret".to_owned();
    assert_eq!(refused(&alone).0, SmtpPart::Url);
    let shown = format!("{alone:?} {:?}", SmtpMailer::new(&options("smtp://a.example")).unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[test]
fn a_file_of_authorities_is_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut missing = options("smtp://mail.example.com");
    missing.authority_file = folder.path().join("none.pem");
    assert_eq!(refused(&missing).0, SmtpPart::AuthorityFile);
}
