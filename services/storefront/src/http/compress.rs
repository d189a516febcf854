//! Compressed bodies, negotiated, and remembered while many shoppers see the same page.

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, header};
use lru::LruCache;
use parking_lot::Mutex;
use std::{io::Write, num::NonZeroUsize};

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    /// As it is.
    Identity,
    /// `gzip`.
    Gzip,
    /// `br`.
    Brotli,
}

impl Encoding {
    /// The best of ours that the client takes.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let Some(accepted) = headers.get(header::ACCEPT_ENCODING).and_then(|it| it.to_str().ok())
        else {
            return Self::Identity;
        };
        let takes = |name: &str| {
            accepted.split(',').any(|range| {
                let (coding, weight) = range.split_once(';').unwrap_or((range, ""));
                let weight = weight.trim().trim_start_matches("q=").trim_matches(['0', '.']);
                let refused = range.contains(";q=0") && weight.is_empty();
                coding.trim().eq_ignore_ascii_case(name) && !refused
            })
        };
        if takes("br") {
            Self::Brotli
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// As it stands in `Content-Encoding`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }
}

/// The most compressed bodies that are remembered.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(512).unwrap();
/// The largest compressed body that is remembered, in bytes.
const REMEMBERED_BYTES_MAX: usize = 32 * 1024;
/// Below this many bytes compressing is not worth the trouble.
const WORTHWHILE_BYTES_MIN: usize = 256;
/// Quality for pages, which are compressed while a shopper waits.
const BROTLI_QUALITY_LIVE: i32 = 4;
/// Likewise.
const GZIP_LEVEL_LIVE: u32 = 5;

/// Bodies that were compressed lately, by what they are.
#[derive(Debug)]
pub(crate) struct Compressed(Mutex<LruCache<(u64, Encoding), Bytes>>);

impl Default for Compressed {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(REMEMBERED_MAX)))
    }
}

impl Compressed {
    /// `body` in `encoding`, remembered under its fingerprint where it has one. The encoding that comes back says
    /// what it really became.
    pub(crate) fn encode(
        &self,
        body: Bytes,
        print: Option<u64>,
        encoding: Encoding,
    ) -> (Bytes, Encoding) {
        if body.len() < WORTHWHILE_BYTES_MIN {
            return (body, Encoding::Identity);
        }
        let key = print.map(|print| (print, encoding));
        if let Some(known) = key.and_then(|key| self.0.lock().get(&key).cloned()) {
            return (known, encoding);
        }
        let made = match encoding {
            Encoding::Identity => return (body, encoding),
            Encoding::Gzip => gzip(&body, GZIP_LEVEL_LIVE),
            Encoding::Brotli => brotli(&body, BROTLI_QUALITY_LIVE),
        };
        if let Some(key) = key
            && made.len() <= REMEMBERED_BYTES_MAX
        {
            self.0.lock().put(key, made.clone());
        }
        (made, encoding)
    }
}

/// Compressed as `gzip`.
pub(crate) fn gzip(body: &[u8], level: u32) -> Bytes {
    let room = Vec::with_capacity(body.len() / 4);
    let mut encoder = GzEncoder::new(room, Compression::new(level));
    // Writing into memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default().into()
}

/// Compressed as `br`.
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

    fn accepted(header: &'static str) -> Encoding {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(header));
        Encoding::accepted(&headers)
    }

    #[test]
    fn the_best_encoding_the_client_takes_is_chosen() {
        assert_eq!(accepted("gzip, deflate, br, zstd"), Encoding::Brotli);
        assert_eq!(accepted("br;q=0, gzip;q=0.5"), Encoding::Gzip);
        assert_eq!(accepted("br;q=0.0,identity"), Encoding::Identity);
        assert_eq!(accepted("brotli, x-gzip"), Encoding::Identity);
        assert_eq!(Encoding::accepted(&HeaderMap::new()), Encoding::Identity);
    }

    #[test]
    fn the_same_body_is_compressed_once() {
        let compressed = Compressed::default();
        let body = Bytes::from("lamp ".repeat(200));
        let (first, encoding) = compressed.encode(body.clone(), Some(1), Encoding::Brotli);
        assert_eq!(encoding, Encoding::Brotli);
        let (second, _) = compressed.encode(body.clone(), Some(1), Encoding::Brotli);
        assert_eq!(first.as_ptr(), second.as_ptr());
        let mut plain = Vec::new();
        ::brotli::BrotliDecompress(&mut &first[..], &mut plain).unwrap();
        assert_eq!(plain, body);
        assert_eq!(
            compressed.encode(Bytes::from("short"), Some(2), Encoding::Gzip).1,
            Encoding::Identity
        );
    }
}
