//! Targets of bodies that come in, and of messages that go out with texts from outside.

use contracts::product::NewProduct;
use kernel::{Timestamp, Uuid, json};
use mail::{LINE_BYTES_MAX, MailMessage};
use std::str;

/// Names of the headers of a message.
const HEADERS: [&str; 8] = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
];

/// JSON body: what is accepted is written and read as the same.
pub fn product_body(bytes: &[u8]) {
    let Ok(product) = json::from_slice::<NewProduct>(bytes) else { return };
    let written = json::to_vec(&product).expect("a product can be written");
    let again: NewProduct = json::from_slice(&written).expect("it was written by us");
    assert_eq!(again, product);
}

/// E-mail of recipient, subject, text and HTML, with zero bytes between them: no text adds a header or a line that is too long.
pub fn mail_message(bytes: &[u8]) {
    let mut parts = bytes.splitn(4, |byte| *byte == 0).map(|part| str::from_utf8(part).ok());
    let mut part = || parts.next().flatten().unwrap_or_default().to_owned();
    let message = MailMessage {
        id: Uuid::nil(),
        date: Timestamp::UNIX_EPOCH,
        from: "shop@shop.example".to_owned(),
        from_name: "Shop".to_owned(),
        to: part(),
        subject: part(),
        text: part(),
        html: part(),
        link: None,
    };
    let Ok(written) = message.to_bytes() else { return };
    let written = String::from_utf8(written).expect("messages are UTF-8");
    for line in written.split("\r\n") {
        assert!(line.len() <= LINE_BYTES_MAX && !line.contains(['\r', '\n']), "{line:?}");
    }
    let (head, _) = written.split_once("\r\n\r\n").expect("a body follows the headers");
    let names: Vec<&str> =
        head.split("\r\n").map(|line| line.split_once(':').map_or("", |(name, _)| name)).collect();
    // Long subjects are folded: a line that begins with a blank continues the one before.
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(names, HEADERS);
}
