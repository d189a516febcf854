//! X.509 certificate (RFC 5280), as much of it as says whose it is: subject, alternative names and public key. Whether it is genuine is
//! not looked at here.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OCTET_STRING: u8 = 0x04;
const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
/// Types of texts in names: `UTF8String`, `PrintableString`, `IA5String`.
const TEXTS: [u8; 3] = [0x0c, 0x13, 0x16];
/// Version and extensions of a certificate.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// `id-ce-subjectAltName`.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// Alternative names (section 4.2.1.6).
const EMAIL: u8 = 0x81;
const DNS_NAME: u8 = 0x82;
const URI: u8 = 0x86;
const IP_ADDRESS: u8 = 0x87;
/// Attribute types by their short names (RFC 4514, section 3).
const SHORT_NAMES: [(&str, &[u8]); 10] = [
    ("CN", &[0x55, 0x04, 0x03]),
    ("SERIALNUMBER", &[0x55, 0x04, 0x05]),
    ("C", &[0x55, 0x04, 0x06]),
    ("L", &[0x55, 0x04, 0x07]),
    ("ST", &[0x55, 0x04, 0x08]),
    ("STREET", &[0x55, 0x04, 0x09]),
    ("O", &[0x55, 0x04, 0x0a]),
    ("OU", &[0x55, 0x04, 0x0b]),
    ("UID", &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01]),
    ("DC", &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19]),
];

/// Distinguished name: its attributes, each as type and text, the last of the certificate first, as RFC 4514 writes them.
pub(crate) type DistinguishedName = Vec<(&'static str, String)>;

/// Certificate.
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    /// Subject; none for one that cannot be compared: with several attributes in one place, or one of another type.
    pub(super) subject: Option<DistinguishedName>,
    /// `SubjectPublicKeyInfo`, in DER.
    pub(super) public_key: &'a [u8],
    pub(super) dns_names: Vec<&'a str>,
    pub(super) uris: Vec<&'a str>,
    pub(super) emails: Vec<&'a str>,
    pub(super) addresses: Vec<IpAddr>,
}

impl<'a> Certificate<'a> {
    /// Certificate in DER.
    pub(super) fn parse(der: &'a [u8]) -> Option<Self> {
        let mut outer = Reader(der);
        let mut certificate = Reader(outer.expect(SEQUENCE)?);
        let mut fields = Reader(certificate.expect(SEQUENCE)?);
        if fields.peek() == Some(VERSION) {
            fields.next()?;
        }
        fields.expect(INTEGER)?;
        // Algorithm, issuer, validity.
        for _ in 0..3 {
            fields.expect(SEQUENCE)?;
        }
        let subject = name(fields.expect(SEQUENCE)?);
        let public_key = fields.whole(SEQUENCE)?;
        let mut parsed = Self {
            subject,
            public_key,
            dns_names: Vec::new(),
            uris: Vec::new(),
            emails: Vec::new(),
            addresses: Vec::new(),
        };
        while let Some((tag, content)) = fields.next() {
            if tag == EXTENSIONS {
                parsed.read_extensions(Reader(Reader(content).expect(SEQUENCE)?))?;
            }
        }
        Some(parsed)
    }

    fn read_extensions(&mut self, mut extensions: Reader<'a>) -> Option<()> {
        while extensions.peek().is_some() {
            let mut extension = Reader(extensions.expect(SEQUENCE)?);
            let id = extension.expect(OBJECT_IDENTIFIER)?;
            if extension.peek() == Some(BOOLEAN) {
                extension.next()?;
            }
            let value = extension.expect(OCTET_STRING)?;
            if id == SUBJECT_ALT_NAME {
                self.read_names(Reader(Reader(value).expect(SEQUENCE)?))?;
            }
        }
        Some(())
    }

    fn read_names(&mut self, mut names: Reader<'a>) -> Option<()> {
        while names.peek().is_some() {
            let (tag, content) = names.next()?;
            let text = std::str::from_utf8(content).ok();
            match tag {
                EMAIL => self.emails.extend(text),
                DNS_NAME => self.dns_names.extend(text),
                URI => self.uris.extend(text),
                IP_ADDRESS => self.addresses.extend(address(content)),
                _ => {}
            }
        }
        Some(())
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into()),
        16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into()),
        _ => None,
    }
}

/// Distinguished name in DER.
fn name(der: &[u8]) -> Option<DistinguishedName> {
    let (mut places, mut name) = (Reader(der), Vec::new());
    while places.peek().is_some() {
        let mut place = Reader(places.expect(SET)?);
        let mut attribute = Reader(place.expect(SEQUENCE)?);
        if place.peek().is_some() {
            return None;
        }
        let id = attribute.expect(OBJECT_IDENTIFIER)?;
        let (short, _) = SHORT_NAMES.iter().find(|(_, known)| *known == id)?;
        let (tag, text) = attribute.next()?;
        let text = std::str::from_utf8(text).ok().filter(|_| TEXTS.contains(&tag))?;
        name.push((*short, text.to_owned()));
    }
    name.reverse();
    Some(name)
}

/// Distinguished name as RFC 4514 writes it, such as `CN=app,O=Shop\, Ltd,C=DE`; none for one that cannot be compared.
pub(crate) fn distinguished_name(text: &str) -> Option<DistinguishedName> {
    let mut name = Vec::new();
    for part in separated(text) {
        let (attribute, value) = part.trim_start().split_once('=')?;
        let attribute = attribute.trim().to_ascii_uppercase();
        let (short, _) = SHORT_NAMES.iter().find(|(known, _)| *known == attribute)?;
        name.push((*short, unescaped(value)?.into_owned()));
    }
    (!name.is_empty()).then_some(name)
}

/// Parts between the commas that are not escaped.
fn separated(text: &str) -> impl Iterator<Item = &str> {
    let mut is_escaped = false;
    text.split(move |character: char| {
        if std::mem::take(&mut is_escaped) {
            return false;
        }
        is_escaped = character == '\\';
        character == ','
    })
}

/// Value without its escapes; none if it has several attributes, or an escape that is none.
fn unescaped(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains(['\\', '+', '"']) {
        return Some(Cow::Borrowed(value.trim()));
    }
    let (mut bytes, mut rest) = (Vec::new(), value.trim().as_bytes());
    while let [first, next @ ..] = rest {
        rest = next;
        match first {
            b'+' | b'"' => return None,
            b'\\' => {
                let (escaped, after) = match rest {
                    [high, low, after @ ..]
                        if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
                    {
                        let digits = [*high, *low];
                        let digits = std::str::from_utf8(&digits).ok()?;
                        (u8::from_str_radix(digits, 16).ok()?, after)
                    }
                    [special, after @ ..] if special.is_ascii() => (*special, after),
                    _ => return None,
                };
                bytes.push(escaped);
                rest = after;
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Reader of DER (X.690): one value after another, with lengths of at most three bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// Tag and content of the next value.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, content, rest) = split(self.0)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// Content of the next value, which must have this tag.
    fn expect(&mut self, wanted: u8) -> Option<&'a [u8]> {
        let (tag, content) = self.next()?;
        (tag == wanted).then_some(content)
    }

    /// The next value as it is, which must have this tag.
    fn whole(&mut self, wanted: u8) -> Option<&'a [u8]> {
        let before = self.0;
        self.expect(wanted)?;
        Some(&before[..before.len() - self.0.len()])
    }
}

/// Tag, content and rest.
fn split(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, first, rest @ ..] = der else { return None };
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let count = usize::from(first & 0x7f);
            let (bytes, rest) = rest.split_at_checked(count)?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_read_as_rfc_4514_writes_it() {
        let read = |text| distinguished_name(text);
        let own = |parts: &[(&'static str, &str)]| {
            Some(parts.iter().map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>())
        };
        assert_eq!(read("CN=app,O=Shop"), own(&[("CN", "app"), ("O", "Shop")]));
        assert_eq!(read("cn=app, o=Shop"), own(&[("CN", "app"), ("O", "Shop")]));
        assert_eq!(read(r"CN=a\,b\2bc,C=DE"), own(&[("CN", "a,b+c"), ("C", "DE")]));
        assert_eq!(read(r"CN=Z\c3\bcrich"), own(&[("CN", "Zürich")]));
        for wrong in ["", "app", "CN=a+OU=b", "XX=a", r#"CN="a""#, r"CN=a\", "CN=a,,O=b"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_certificate_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in ".{0,60}") {
            let _ = Certificate::parse(&bytes);
            let _ = distinguished_name(&text);
        }
    }
}
