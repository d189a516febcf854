//! Message in the Internet Message Format (RFC 5322), as plain text and as HTML (`multipart/alternative`, RFC 2046).

use crate::MailError;
use base64::{Engine, prelude::BASE64_STANDARD};
use kernel::{Timestamp, Uuid};
use std::fmt;

/// Longest line of a message, in bytes without its end (RFC 5322, section 2.1.1).
pub const LINE_BYTES_MAX: usize = 998;
/// Columns of a body that is encoded (RFC 2045, section 6.8).
const BASE64_COLUMNS: usize = 76;
/// Bytes of text in one encoded word, so that it is no longer than 75 characters (RFC 2047, section 2).
const ENCODED_WORD_BYTES_MAX: usize = 42;

/// E-mail message.
#[derive(Clone, PartialEq, Eq)]
pub struct MailMessage {
    /// Identifier: the same for every attempt to deliver the message.
    pub id: Uuid,
    /// When it was written.
    pub date: Timestamp,
    /// Address of the sender.
    pub from: String,
    /// Name of the sender.
    pub from_name: String,
    /// Address of the recipient.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Body as plain text.
    pub text: String,
    /// Body as HTML.
    pub html: String,
    /// Link that the recipient is to follow, if there is one; the bodies contain it.
    pub link: Option<String>,
}

impl MailMessage {
    /// The whole message, with lines that end in CR and LF, in UTF-8 (RFC 6532).
    ///
    /// # Errors
    ///
    /// [`MailError::Invalid`] for an address with characters that would begin another header, or one that is too long.
    pub fn to_bytes(&self) -> Result<Vec<u8>, MailError> {
        self.written(encoded_body)
    }

    /// The whole message in ASCII alone but for addresses, for a mail server, which may know no other bytes.
    ///
    /// # Errors
    ///
    /// As for [`MailMessage::to_bytes`].
    pub fn to_ascii_bytes(&self) -> Result<Vec<u8>, MailError> {
        self.written(ascii_body)
    }

    fn written(
        &self,
        encode: fn(&str) -> (&'static str, Vec<String>),
    ) -> Result<Vec<u8>, MailError> {
        for address in [&self.from, &self.to] {
            if !is_address(address) {
                return Err(MailError::Invalid("an address is none"));
            }
        }
        let domain = self.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let boundary = format!("=_{}", self.id.simple());
        let headers = [
            format!("Date: {}", self.date.strftime("%a, %d %b %Y %H:%M:%S +0000")),
            format!("From: {} <{}>", encoded(&self.from_name), self.from),
            format!("To: <{}>", self.to),
            format!("Subject: {}", encoded(&self.subject)),
            format!("Message-ID: <{}@{domain}>", self.id),
            // Programs that answer mail by themselves are asked not to (RFC 3834).
            "Auto-Submitted: auto-generated".to_owned(),
            "MIME-Version: 1.0".to_owned(),
            format!("Content-Type: multipart/alternative; boundary=\"{boundary}\""),
            String::new(),
        ];
        let mut lines = headers.to_vec();
        for (kind, body) in [("plain", &self.text), ("html", &self.html)] {
            lines.push(format!("--{boundary}"));
            let (encoding, encoded_lines) = encode(body);
            lines.push(format!("Content-Type: text/{kind}; charset=utf-8"));
            lines.push(format!("Content-Transfer-Encoding: {encoding}"));
            lines.push(String::new());
            lines.extend(encoded_lines);
        }
        lines.push(format!("--{boundary}--"));
        if lines.iter().flat_map(|line| line.split("\r\n")).any(|line| line.len() > LINE_BYTES_MAX)
        {
            return Err(MailError::Invalid("a line is too long"));
        }
        Ok((lines.join("\r\n") + "\r\n").into_bytes())
    }
}

impl fmt::Debug for MailMessage {
    /// The identifier alone: the rest is personal, and a link may be a secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MailMessage").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Transfer encoding of a body, and its lines: as they are where all of them are short enough, otherwise in base64.
fn encoded_body(body: &str) -> (&'static str, Vec<String>) {
    // CR and LF occur together only (RFC 5322, section 2.3): a program on the way could take a CR alone for the end of a line.
    let lines: Vec<&str> = body.lines().flat_map(|line| line.split('\r')).collect();
    if lines.iter().all(|line| line.len() <= LINE_BYTES_MAX) {
        return ("8bit", lines.into_iter().map(ToOwned::to_owned).collect());
    }
    base64_body(&lines)
}

/// [`encoded_body`] in ASCII alone.
fn ascii_body(body: &str) -> (&'static str, Vec<String>) {
    if body.is_ascii() {
        return match encoded_body(body) {
            ("8bit", lines) => ("7bit", lines),
            encoded => encoded,
        };
    }
    base64_body(&body.lines().flat_map(|line| line.split('\r')).collect::<Vec<_>>())
}

fn base64_body(lines: &[&str]) -> (&'static str, Vec<String>) {
    let text = BASE64_STANDARD.encode(lines.join("\r\n"));
    let lines = text.as_bytes().chunks(BASE64_COLUMNS);
    ("base64", lines.map(|line| String::from_utf8_lossy(line).into_owned()).collect())
}

/// Whether a text can stand between angle brackets: visible characters without brackets, around one sign.
fn is_address(text: &str) -> bool {
    let is_plain = |character: char| {
        !character.is_control() && !character.is_whitespace() && !"<>,;\"\\()".contains(character)
    };
    let has_parts =
        text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    has_parts && text.chars().all(is_plain)
}

/// Text of a header: as it is if it consists of plain words, otherwise in encoded words (RFC 2047). Line breaks never end the header.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b" -'!/+".contains(&byte);
    if text.len() <= ENCODED_WORD_BYTES_MAX && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    for character in text.chars().map(|it| if it.is_control() { ' ' } else { it }) {
        match words.last_mut() {
            Some(word) if word.len() + character.len_utf8() <= ENCODED_WORD_BYTES_MAX => {
                word.push(character);
            }
            _ => words.push(character.into()),
        }
    }
    let words = words.iter().map(|word| format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(word)));
    words.collect::<Vec<_>>().join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message() -> MailMessage {
        MailMessage {
            id: Uuid::from_u128(7),
            date: "2026-11-29T08:05:09Z".parse().unwrap(),
            from: "no-reply@shop.example".to_owned(),
            from_name: "Läden & Co".to_owned(),
            to: "ada@example.com".to_owned(),
            subject: "Confirm your address".to_owned(),
            text: "Hello,\nGrüße\n".to_owned(),
            html: "<p>Hello</p>".to_owned(),
            link: None,
        }
    }

    fn text(message: &MailMessage) -> String {
        String::from_utf8(message.to_bytes().unwrap()).unwrap()
    }

    #[test]
    fn a_message_has_the_headers_and_both_bodies() {
        let expected = "\
Date: Sun, 29 Nov 2026 08:05:09 +0000
From: =?utf-8?B?TMOkZGVuICYgQ28=?= <no-reply@shop.example>
To: <ada@example.com>
Subject: Confirm your address
Message-ID: <00000000-0000-0000-0000-000000000007@shop.example>
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=\"=_00000000000000000000000000000007\"

--=_00000000000000000000000000000007
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Hello,
Grüße
--=_00000000000000000000000000000007
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit

<p>Hello</p>
--=_00000000000000000000000000000007--
";
        assert_eq!(text(&message()), expected.replace('\n', "\r\n"));
    }

    #[test]
    fn an_address_that_would_begin_another_header_is_refused() {
        for to in [
            "",
            "ada",
            "@",
            "a@",
            "@b",
            "a@b\r\nBcc: eve@example.com",
            "a@b>,<eve@example.com",
            "a b@c",
        ] {
            let refused = MailMessage { to: to.to_owned(), ..message() }.to_bytes();
            assert!(matches!(refused, Err(MailError::Invalid(_))), "{to:?}");
        }
    }

    #[test]
    fn no_line_has_more_than_998_bytes_whatever_is_in_the_message() {
        let of = |length: usize| {
            let html = ["<p>\n", &"ü".repeat(length), "\n</p>\n"].concat();
            (text(&MailMessage { html: html.clone(), ..message() }), html)
        };
        assert!(of(LINE_BYTES_MAX / 2).0.contains("8bit\r\n\r\n<p>\r\nü"), "as it is");
        let (written, html) = of(LINE_BYTES_MAX / 2 + 1);
        assert!(written.lines().all(|line| line.len() <= LINE_BYTES_MAX));
        let (_, body) = written.split_once("Content-Transfer-Encoding: base64\r\n\r\n").unwrap();
        let body: Vec<_> = body.lines().take_while(|line| !line.starts_with("--")).collect();
        assert!(body.iter().all(|line| line.len() <= BASE64_COLUMNS));
        let decoded = BASE64_STANDARD.decode(body.concat()).unwrap();
        assert_eq!(String::from_utf8(decoded).unwrap(), html.trim_end().replace('\n', "\r\n"));
        let long = MailMessage { subject: "ü".repeat(2_000), ..message() };
        assert!(text(&long).lines().all(|line| line.len() <= LINE_BYTES_MAX), "it is folded");
        let to = format!("{}@example.com", "a".repeat(LINE_BYTES_MAX));
        let refused = MailMessage { to, ..message() }.to_bytes();
        assert!(matches!(refused, Err(MailError::Invalid(_))));
    }

    #[test]
    fn cr_and_lf_occur_together_only_whatever_ends_the_lines_of_a_body() {
        let body = "one\rtwo\r\nthree\nfour\r\r\n.\r";
        let written = text(&MailMessage { text: body.to_owned(), ..message() });
        assert!(written.contains("\r\n\r\none\r\ntwo\r\nthree\r\nfour\r\n\r\n.\r\n"));
        assert!(!written.replace("\r\n", "").contains(['\r', '\n']));
    }

    #[test]
    fn nothing_of_a_message_is_in_its_debug_output() {
        assert_eq!(
            format!("{:?}", message()),
            "MailMessage { id: 00000000-0000-0000-0000-000000000007, .. }"
        );
    }

    proptest! {
        #[test]
        fn no_subject_and_no_name_adds_a_header(subject in ".{0,120}|[\r\n:a-z ]{0,60}", name in "[\r\n:a-z \u{85}]{0,60}") {
            let written = text(&MailMessage { subject, from_name: name, ..message() });
            let head = written.split("\r\n\r\n").next().unwrap();
            let headers = head.split("\r\n").filter(|line| !line.starts_with(' '));
            prop_assert_eq!(headers.count(), 8);
        }
    }
}
