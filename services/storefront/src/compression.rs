//! Response compression: content negotiation, and a cache of compressed bodies that many shoppers share.

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, header};
use lru::LruCache;
use parking_lot::Mutex;
use std::{io::Write, num::NonZeroUsize};

/// Content coding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ContentEncoding {
    /// Uncompressed.
    Identity,
    /// `gzip`.
    Gzip,
    /// `br`.
    Brotli,
}

impl ContentEncoding {
    /// Supported coding that a client likes best, by its `Accept-Encoding` headers (RFC 9110, 12.5.3); among equals the
    /// smallest one. A client that accepts none at all gets the identity, since a page is better than an error.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
        let ranges = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
        let (mut listed, mut any) = ([None; 3], None);
        for (name, weight) in ranges.filter_map(weighted) {
            if name == "*" {
                any = Some(weight);
            } else if let Some(coding) = Self::named(name) {
                listed[coding as usize] = Some(weight);
            }
        }
        let weight_of = |coding: Self| {
            // The identity is accepted unless it is excluded, but anything that a client names is better.
            let unlisted = u16::from(coding == Self::Identity);
            listed[coding as usize].or(any).unwrap_or(unlisted)
        };
        let accepted = Self::ALL.into_iter().filter(|coding| weight_of(*coding) > 0);
        accepted.max_by_key(|coding| weight_of(*coding)).unwrap_or(Self::Identity)
    }

    /// All codings, the largest bodies first.
    const ALL: [Self; 3] = [Self::Identity, Self::Gzip, Self::Brotli];

    fn named(name: &str) -> Option<Self> {
        const NAMES: [(&str, ContentEncoding); 4] = [
            ("br", ContentEncoding::Brotli),
            ("gzip", ContentEncoding::Gzip),
            ("x-gzip", ContentEncoding::Gzip),
            ("identity", ContentEncoding::Identity),
        ];
        let known = NAMES.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
        known.map(|(_, coding)| coding)
    }

    /// Value of the `Content-Encoding` header; none for identity.
    pub(crate) fn header_value(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// Coding and weight, in thousandths, of a range such as `gzip;q=0.5`; none if it is malformed.
fn weighted(range: &str) -> Option<(&str, u16)> {
    let (name, parameter) = match range.split_once(';') {
        Some((name, parameter)) => (name, Some(parameter.trim())),
        None => (range, None),
    };
    let Some(parameter) = parameter else { return Some((name.trim(), 1_000)) };
    let (key, value) = parameter.split_once('=')?;
    if !key.trim_end().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = match value.trim_start().split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (value.trim_start(), ""),
    };
    let is_number = fraction.len() <= 3 && fraction.bytes().all(|digit| digit.is_ascii_digit());
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok().filter(|_| is_number)?;
    match (whole, thousandths) {
        ("0", thousandths) => Some((name.trim(), thousandths)),
        ("1", 0) => Some((name.trim(), 1_000)),
        _ => None,
    }
}

/// Maximum number of cached bodies.
const CACHED_BODIES_MAX: NonZeroUsize = NonZeroUsize::new(512).unwrap();
/// Maximum size of a cached body once compressed, in bytes.
const CACHED_BODY_BYTES_MAX: usize = 32 * 1024;
/// Minimum size of a body that is worth compressing, in bytes.
const COMPRESSED_BODY_BYTES_MIN: usize = 256;
/// Brotli quality of pages, which are compressed while a shopper waits.
const BROTLI_QUALITY_DYNAMIC: i32 = 4;
/// Gzip level of pages, which are compressed while a shopper waits.
const GZIP_LEVEL_DYNAMIC: u32 = 5;

/// LRU cache of compressed bodies, by fingerprint and coding.
#[derive(Debug)]
pub(crate) struct CompressionCache(Mutex<LruCache<(u64, ContentEncoding), Bytes>>);

impl Default for CompressionCache {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(CACHED_BODIES_MAX)))
    }
}

impl CompressionCache {
    /// `body` in `encoding`, cached under its fingerprint if it has one, together with the coding that was really used:
    /// small bodies stay uncompressed.
    pub(crate) fn encode(
        &self,
        body: Bytes,
        fingerprint: Option<u64>,
        encoding: ContentEncoding,
    ) -> (Bytes, ContentEncoding) {
        if body.len() < COMPRESSED_BODY_BYTES_MIN {
            return (body, ContentEncoding::Identity);
        }
        let key = fingerprint.map(|fingerprint| (fingerprint, encoding));
        if let Some(cached) = key.and_then(|key| self.0.lock().get(&key).cloned()) {
            return (cached, encoding);
        }
        let compressed = match encoding {
            ContentEncoding::Identity => return (body, encoding),
            ContentEncoding::Gzip => gzip(&body, GZIP_LEVEL_DYNAMIC),
            ContentEncoding::Brotli => brotli(&body, BROTLI_QUALITY_DYNAMIC),
        };
        if let Some(key) = key
            && compressed.len() <= CACHED_BODY_BYTES_MAX
        {
            self.0.lock().put(key, compressed.clone());
        }
        (compressed, encoding)
    }
}

/// `body` compressed with gzip.
pub(crate) fn gzip(body: &[u8], level: u32) -> Bytes {
    let buffer = Vec::with_capacity(body.len() / 4);
    let mut encoder = GzEncoder::new(buffer, Compression::new(level));
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.expect("writing into memory cannot fail").into()
}

/// `body` compressed with Brotli.
pub(crate) fn brotli(body: &[u8], quality: i32) -> Bytes {
    let mut out = Vec::with_capacity(body.len() / 4);
    let options = ::brotli::enc::BrotliEncoderParams { quality, lgwin: 18, ..Default::default() };
    let mut input = body;
    let written = ::brotli::BrotliCompress(&mut input, &mut out, &options);
    written.expect("reading from and writing into memory cannot fail");
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn negotiated(lines: &[&str]) -> ContentEncoding {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        ContentEncoding::negotiate(&headers)
    }

    #[test]
    fn the_encoding_that_the_client_likes_best_is_chosen() {
        for (line, coding) in [
            ("gzip, deflate, br, zstd", ContentEncoding::Brotli),
            ("br", ContentEncoding::Brotli),
            ("BR ; Q=1.000", ContentEncoding::Brotli),
            ("*", ContentEncoding::Brotli),
            ("gzip;q=0.5, br;q=0.5", ContentEncoding::Brotli),
            ("gzip;q=0.501, br;q=0.5", ContentEncoding::Gzip),
            ("br;q=0.001", ContentEncoding::Brotli),
            ("gzip", ContentEncoding::Gzip),
            ("x-gzip", ContentEncoding::Gzip),
            ("br;q=0, gzip;q=0.5", ContentEncoding::Gzip),
            ("br; q=0, gzip", ContentEncoding::Gzip),
            ("*, br;q=0", ContentEncoding::Gzip),
            ("gzip, *;q=0", ContentEncoding::Gzip),
            ("gzip;q=0.2, identity;q=0.1", ContentEncoding::Gzip),
            ("identity;q=0, gzip;q=0.1", ContentEncoding::Gzip),
            ("br;q=0.2, identity;q=0.9", ContentEncoding::Identity),
            ("br;q=0", ContentEncoding::Identity),
            ("br; q=0", ContentEncoding::Identity),
            ("br ;q=0.0,identity", ContentEncoding::Identity),
            ("br;q=0.000", ContentEncoding::Identity),
            ("*;q=0", ContentEncoding::Identity),
            ("identity;q=0", ContentEncoding::Identity),
            ("identity", ContentEncoding::Identity),
            ("", ContentEncoding::Identity),
            ("brotli, deflate", ContentEncoding::Identity),
            ("br;q=2, gzip;q=1.5, gzip;q=x, gzip;level=1", ContentEncoding::Identity),
            ("br;q=0.0001, gzip;q=-1, gzip;q=.5, gzip;q=", ContentEncoding::Identity),
        ] {
            assert_eq!(negotiated(&[line]), coding, "{line:?}");
        }
        assert_eq!(negotiated(&["gzip", "br"]), ContentEncoding::Brotli, "two lines are one list");
        assert_eq!(negotiated(&["br", "br;q=0"]), ContentEncoding::Identity);
        assert_eq!(negotiated(&[]), ContentEncoding::Identity);
    }

    #[test]
    fn the_same_body_is_compressed_once() {
        let cache = CompressionCache::default();
        let body = Bytes::from("lamp ".repeat(200));
        let (first, encoding) = cache.encode(body.clone(), Some(1), ContentEncoding::Brotli);
        assert_eq!(encoding, ContentEncoding::Brotli);
        let (second, _) = cache.encode(body.clone(), Some(1), ContentEncoding::Brotli);
        assert_eq!(first.as_ptr(), second.as_ptr());
        let mut plain = Vec::new();
        ::brotli::BrotliDecompress(&mut &first[..], &mut plain).unwrap();
        assert_eq!(plain, body);
        assert_eq!(
            cache.encode(Bytes::from("short"), Some(2), ContentEncoding::Gzip).1,
            ContentEncoding::Identity
        );
    }
}
