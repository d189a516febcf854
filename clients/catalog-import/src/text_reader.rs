//! Text reader: any product file as UTF-8 with `\n` line endings, decompressed and decoded as a stream.

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use flate2::read::MultiGzDecoder;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// The first bytes of a gzipped file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const CHUNK_BYTES: usize = 64 * 1024;

/// Character encoding of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextEncoding {
    /// UTF-8, or UTF-16 when the file says so in its first bytes.
    Unicode,
    /// Windows-1252, which spreadsheets on western Windows write: the fallback for a file that is not UTF-8.
    Windows1252,
}

/// Buffered reader of the decoded text of a file.
pub(crate) struct TextReader<'a> {
    bytes: BufReader<Box<dyn Read + 'a>>,
    decoder: Decoder,
    /// Decoded text; what was read already is before `read`.
    decoded: Vec<u8>,
    read: usize,
    ended: bool,
    is_malformed: bool,
    after_return: bool,
}

impl<'a> TextReader<'a> {
    /// Opens a file. `on_read` gets the number of bytes of each read of the file itself, before decompression.
    pub(crate) fn open(
        path: &Path,
        encoding: TextEncoding,
        on_read: impl FnMut(u64) + 'a,
    ) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(
            CHUNK_BYTES,
            CountingReader { inner: File::open(path)?, on_read },
        );
        let gzipped = file.fill_buf()?.starts_with(&GZIP_MAGIC);
        let decompressed: Box<dyn Read + 'a> =
            if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let mut bytes = BufReader::with_capacity(CHUNK_BYTES, decompressed);
        let encoding = select_encoding(bytes.fill_buf()?, encoding);
        Ok(Self {
            bytes,
            decoder: encoding.new_decoder_with_bom_removal(),
            decoded: Vec::with_capacity(CHUNK_BYTES * 3),
            read: 0,
            ended: false,
            is_malformed: false,
            after_return: false,
        })
    }

    /// Whether bytes were invalid in the encoding.
    pub(crate) fn is_malformed(&self) -> bool {
        self.is_malformed
    }

    fn decode(&mut self) -> io::Result<()> {
        self.read = 0;
        self.decoded.resize(CHUNK_BYTES * 3, 0);
        let bytes = self.bytes.fill_buf()?;
        let last = bytes.is_empty();
        let (result, read, written, malformed) =
            self.decoder.decode_to_utf8(bytes, &mut self.decoded, last);
        self.bytes.consume(read);
        self.decoded.truncate(written);
        self.is_malformed |= malformed;
        self.normalise_line_endings();
        self.ended = last && result == CoderResult::InputEmpty;
        Ok(())
    }

    /// Replaces `\r\n` and `\r` by `\n`, so that line numbers do not depend on the platform.
    fn normalise_line_endings(&mut self) {
        if !self.after_return && !self.decoded.contains(&b'\r') {
            return;
        }
        let mut after_return = self.after_return;
        self.decoded.retain_mut(|byte| {
            let is_second = after_return && *byte == b'\n';
            after_return = *byte == b'\r';
            if after_return {
                *byte = b'\n';
            }
            !is_second
        });
        self.after_return = after_return;
    }
}

impl Read for TextReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(into.len());
        into[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for TextReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.read == self.decoded.len() && !self.ended {
            self.decode()?;
        }
        Ok(&self.decoded[self.read..])
    }

    fn consume(&mut self, count: usize) {
        self.read = (self.read + count).min(self.decoded.len());
    }
}

fn select_encoding(beginning: &[u8], encoding: TextEncoding) -> &'static Encoding {
    let by_mark = Encoding::for_bom(beginning).map(|(encoding, _)| encoding);
    match (by_mark, encoding) {
        (Some(encoding), _) if encoding == UTF_16LE || encoding == UTF_16BE => encoding,
        (_, TextEncoding::Unicode) => UTF_8,
        (_, TextEncoding::Windows1252) => WINDOWS_1252,
    }
}

/// Reader that reports the number of bytes of each read.
struct CountingReader<C> {
    inner: File,
    on_read: C,
}

impl<C: FnMut(u64)> Read for CountingReader<C> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        (self.on_read)(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn text(bytes: &[u8], encoding: TextEncoding) -> (String, bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let mut on_read = 0;
        let mut reader = TextReader::open(&path, encoding, |bytes| on_read += bytes).unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let malformed = reader.is_malformed();
        drop(reader);
        assert_eq!(on_read, bytes.len() as u64);
        (text, malformed)
    }

    #[test]
    fn every_encoding_reads_the_same() {
        let expected = ("Café, 5 €".to_owned(), false);
        assert_eq!(text("Café, 5 €".as_bytes(), TextEncoding::Unicode), expected);
        assert_eq!(text("\u{feff}Café, 5 €".as_bytes(), TextEncoding::Unicode), expected);
        let utf16: Vec<u8> =
            "\u{feff}Café, 5 €".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&utf16, TextEncoding::Unicode), expected);
        let utf16: Vec<u8> =
            "\u{feff}Café, 5 €".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text(&utf16, TextEncoding::Unicode), expected);
        assert_eq!(text(b"Caf\xe9, 5 \x80", TextEncoding::Windows1252), expected);
        assert!(text(b"Caf\xe9, 5 \x80", TextEncoding::Unicode).1);
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all("Café, 5 €".as_bytes()).unwrap();
        assert_eq!(text(&packed.finish().unwrap(), TextEncoding::Unicode), expected);
    }

    #[test]
    fn line_endings_are_normalised() {
        let expected = ("a\nb\n\nc\n".to_owned(), false);
        assert_eq!(text(b"a\r\nb\r\rc\r\n", TextEncoding::Unicode), expected);
        let long = "x".repeat(CHUNK_BYTES - 1);
        let (read, _) = text(format!("{long}\r\n{long}\r\n").as_bytes(), TextEncoding::Unicode);
        assert_eq!(read, format!("{long}\n{long}\n"));
    }

    #[test]
    fn characters_are_whole_across_chunks() {
        let long = "é€x".repeat(CHUNK_BYTES);
        assert_eq!(text(long.as_bytes(), TextEncoding::Unicode), (long, false));
        assert_eq!(text(b"", TextEncoding::Unicode), (String::new(), false));
    }
}
