//! Settings that are wrong: one sentence that names the key, and no secret.

use settings::{Flag, Settings, Sources};

fn refusal(flags: &[(&str, &str)]) -> String {
    let flag = |(key, value): &(&str, &str)| {
        Flag::new(format!("--{key}"), format!("notification-service.{key}"), *value)
    };
    let flags = flags.iter().map(flag).collect();
    let sections = notification_service::MODULE.settings;
    let loaded = Settings::load(sections, &Sources { flags, ..Sources::default() });
    loaded.map(drop).expect_err("they are refused").to_string()
}

#[test]
fn a_wrong_setting_is_named() {
    let url = ("smtp.url", "smtp://shop@mail.example.com");
    for (flags, key, expected) in [
        (
            &[("smtp.url", "mail.example.com")][..],
            "smtp.url",
            "expected an address such as smtp://",
        ),
        (&[("smtp.url", "smtp://a:s3cret@b.example")], "smtp.url", "belongs into the setting"),
        (&[url], "smtp.password_file", "expected the file with the password"),
        (&[url, ("smtp.password_file", "/nowhere/password")], "smtp.password_file", "No such file"),
        (
            &[url, ("smtp.password", "s3cret"), ("smtp.authority_file", "/nowhere/ca.pem")],
            "smtp.authority_file",
            "expected a file with certificates in PEM",
        ),
        (&[("from", "nobody")], "from", "expected an address such as shop@example.com"),
        (&[("from", "a@b.example\r\nBcc: c@d.example")], "from", "expected an address"),
        (&[("language", "fr")], "language", "expected en or de"),
        (&[("tell_hours", "169")], "tell_hours", "expected a whole number from 1 to 168"),
        (&[("keep_days", "7")], "keep_days", "expected a whole number from 8 to 3650"),
        (&[("smtp.timeout_seconds", "0")], "smtp.timeout_seconds", "expected a whole number"),
    ] {
        let sentence = refusal(flags);
        assert!(sentence.starts_with(&format!("`notification-service.{key}`")), "{sentence}");
        assert!(sentence.contains(expected), "{sentence}");
        assert!(!sentence.contains("s3cret"), "{sentence}");
    }
}

#[test]
fn a_password_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "s3cret\n").unwrap();
    let flags = [
        ("notification-service.smtp.url", "smtp://shop@mail.example.com"),
        ("notification-service.smtp.password_file", file.to_str().unwrap()),
    ];
    let flags = flags.map(|(key, value)| Flag::new("--test", key, value)).into();
    let sections = notification_service::MODULE.settings;
    let settings = Settings::load(sections, &Sources { flags, ..Sources::default() }).unwrap();
    let dump = format!("{:?}", settings.dump());
    assert!(!dump.contains("s3cret") && !dump.contains("mail.example.com"), "{dump}");
}
