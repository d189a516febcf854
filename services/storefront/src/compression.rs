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
    /// Best supported coding of an `Accept-Encoding` header.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Self {
        let Some(accepted) = headers.get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok())
        else {
            return Self::Identity;
        };
        let accepts = |name: &str| {
            accepted.split(',').any(|range| {
                let (coding, weight) = range.split_once(';').unwrap_or((range, ""));
                let weight = weight.trim().trim_start_matches("q=").trim_matches(['0', '.']);
                let refused = range.contains(";q=0") && weight.is_empty();
                coding.trim().eq_ignore_ascii_case(name) && !refused
            })
        };
        if accepts("br") {
            Self::Brotli
        } else if accepts("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
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
    // Writing into memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default().into()
}

/// `body` compressed with Brotli.
pub(crate) fn brotli(body: &[u8], quality: i32) -> Bytes {
    let mut out = Vec::with_capacity(body.len() / 4);
    let options = ::brotli::enc::BrotliEncoderParams { quality, lgwin: 18, ..Default::default() };
    let mut input = body;
    // Reading from and writing into memory cannot fail.
    let _ = ::brotli::BrotliCompress(&mut input, &mut out, &options);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn negotiated(header: &'static str) -> ContentEncoding {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(header));
        ContentEncoding::negotiate(&headers)
    }

    #[test]
    fn the_best_encoding_the_client_accepts_is_chosen() {
        assert_eq!(negotiated("gzip, deflate, br, zstd"), ContentEncoding::Brotli);
        assert_eq!(negotiated("br;q=0, gzip;q=0.5"), ContentEncoding::Gzip);
        assert_eq!(negotiated("br;q=0.0,identity"), ContentEncoding::Identity);
        assert_eq!(negotiated("brotli, x-gzip"), ContentEncoding::Identity);
        assert_eq!(ContentEncoding::negotiate(&HeaderMap::new()), ContentEncoding::Identity);
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
