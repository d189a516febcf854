//! Trace context (W3C Trace Context, level 1): which trace a request belongs to, and which span caused it.

use kernel::Randomness;
use std::fmt;

/// Identifier of a trace: 16 bytes, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// Identifier of a span: 8 bytes, never all zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

/// Trace context of a request, as the header `traceparent` propagates it (W3C Trace Context). It is `Copy` and small, so that
/// passing it on costs nothing.
///
/// ```
/// use telemetry::TraceContext;
///
/// let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let context = TraceContext::parse(header).unwrap();
/// assert!(context.sampled);
/// assert_eq!(context.to_string(), header);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// Trace of the request.
    pub trace_id: TraceId,
    /// Span within the trace.
    pub span_id: SpanId,
    /// Whether the trace is recorded.
    pub sampled: bool,
}

/// Length of `traceparent` in version 00, and the least length in later versions.
const HEADER_BYTES: usize = 55;

impl TraceContext {
    /// Root span of a new trace, which is recorded.
    pub fn begin(randomness: &dyn Randomness) -> Self {
        Self {
            trace_id: TraceId(random(randomness)),
            span_id: SpanId(random(randomness)),
            sampled: true,
        }
    }

    /// Child span: a new span of the same trace, caused by this one.
    #[must_use]
    pub fn child(self, randomness: &dyn Randomness) -> Self {
        Self { span_id: SpanId(random(randomness)), ..self }
    }

    /// Parses a header `traceparent`; `None` if it is not exactly as the standard demands. Of a version later than 00 the
    /// known part is read, as the standard asks.
    pub fn parse(header: &str) -> Option<Self> {
        let header = header.as_bytes();
        let (known, later) = header.split_at_checked(HEADER_BYTES)?;
        let (version, known) = known.split_at(2);
        let [version] = hex(version)?;
        let well_formed = match version {
            0 => later.is_empty(),
            0xff => false,
            _ => later.is_empty() || later.starts_with(b"-"),
        };
        let (trace_id, known) = known.strip_prefix(b"-")?.split_at(32);
        let (span_id, known) = known.strip_prefix(b"-")?.split_at(16);
        let [flags] = hex(known.strip_prefix(b"-")?)?;
        let (trace_id, span_id) = (hex(trace_id)?, hex(span_id)?);
        (well_formed && trace_id != [0; 16] && span_id != [0; 8]).then_some(Self {
            trace_id: TraceId(trace_id),
            span_id: SpanId(span_id),
            sampled: flags & 1 == 1,
        })
    }
}

impl fmt::Display for TraceContext {
    /// Formats the header `traceparent`, version 00.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

/// Random bytes that are not all zero, because zero means "no id".
fn random<const N: usize>(randomness: &dyn Randomness) -> [u8; N] {
    let mut bytes = [0; N];
    randomness.fill(&mut bytes);
    if bytes == [0; N] {
        bytes[N - 1] = 1;
    }
    bytes
}

/// Decodes lower-case hexadecimal digits, exactly two for each byte.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let mut bytes = [0; N];
    if pairs.len() != N {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

macro_rules! impl_hex_display {
    ($($id:ident),*) => {$(
        impl fmt::Display for $id {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }
    )*};
}

impl_hex_display!(TraceId, SpanId);

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SeededRandomness;
    use proptest::prelude::*;

    const EXAMPLE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_header_survives_parsing_and_formatting() {
        let context = TraceContext::parse(EXAMPLE).unwrap();
        assert!(context.sampled);
        assert_eq!(context.to_string(), EXAMPLE);
        let unsampled = EXAMPLE.replace("-01", "-00");
        assert_eq!(TraceContext::parse(&unsampled).unwrap().to_string(), unsampled);
    }

    #[test]
    fn the_known_part_of_a_later_version_is_read() {
        let later = EXAMPLE.replacen("00", "cc", 1);
        let expected = TraceContext::parse(EXAMPLE);
        assert_eq!(TraceContext::parse(&later), expected);
        assert_eq!(TraceContext::parse(&format!("{later}-what-the-future-brings")), expected);
        assert_eq!(TraceContext::parse(&format!("{later}.what")), None);
        // Flags that are not known yet say nothing about sampling.
        assert!(!TraceContext::parse(&EXAMPLE.replace("-01", "-fe")).unwrap().sampled);
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        for header in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
            " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319ü-b7ad6b7169203331-01",
        ] {
            assert_eq!(TraceContext::parse(header), None, "{header:?}");
        }
    }

    #[test]
    fn a_child_stays_in_the_trace_with_a_span_of_its_own() {
        let randomness = SeededRandomness::new(1);
        let parent = TraceContext::begin(&randomness);
        let child = parent.child(&randomness);
        assert_eq!((child.trace_id, child.sampled), (parent.trace_id, parent.sampled));
        assert_ne!(child.span_id, parent.span_id);
        assert_eq!(TraceContext::parse(&child.to_string()), Some(child));
    }

    #[test]
    fn an_id_is_never_zero() {
        #[derive(Debug)]
        struct Zeros;
        impl Randomness for Zeros {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(0);
            }
        }
        let context = TraceContext::begin(&Zeros);
        assert_eq!(TraceContext::parse(&context.to_string()), Some(context));
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_a_panic_and_formatted_canonically(header in "\\PC{0,70}|00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]") {
            if let Some(context) = TraceContext::parse(&header) {
                let written = context.to_string();
                prop_assert_eq!(&written[2..53], &header[2..53]);
            }
        }
    }
}
