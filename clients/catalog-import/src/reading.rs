//! Opens a file as UTF-8 text, whatever it is packed and encoded in and however its lines end.

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

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// UTF-8, or UTF-16 when the file says so in its first bytes.
    Unicode,
    /// What spreadsheets of western Windows write: taken when a file is not UTF-8.
    Windows,
}

/// The text of a file.
pub(crate) struct Text<'a> {
    packed: BufReader<Box<dyn Read + 'a>>,
    decoder: Decoder,
    /// Decoded text that was not read yet.
    ready: Vec<u8>,
    read: usize,
    ended: bool,
    is_malformed: bool,
    after_return: bool,
}

impl<'a> Text<'a> {
    /// Opens a file. `counted` is told how many bytes of the file itself were read.
    pub(crate) fn open(
        path: &Path,
        spelling: Spelling,
        counted: impl FnMut(u64) + 'a,
    ) -> io::Result<Self> {
        let mut file =
            BufReader::with_capacity(CHUNK_BYTES, Counting { inner: File::open(path)?, counted });
        let gzipped = file.fill_buf()?.starts_with(&GZIP_MAGIC);
        let unpacked: Box<dyn Read + 'a> =
            if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let mut packed = BufReader::with_capacity(CHUNK_BYTES, unpacked);
        let encoding = encoding(packed.fill_buf()?, spelling);
        Ok(Self {
            packed,
            decoder: encoding.new_decoder_with_bom_removal(),
            ready: Vec::with_capacity(CHUNK_BYTES * 3),
            read: 0,
            ended: false,
            is_malformed: false,
            after_return: false,
        })
    }

    /// Whether something was no text in the encoding it was read in.
    pub(crate) fn is_malformed(&self) -> bool {
        self.is_malformed
    }

    fn decode(&mut self) -> io::Result<()> {
        self.read = 0;
        self.ready.resize(CHUNK_BYTES * 3, 0);
        let bytes = self.packed.fill_buf()?;
        let last = bytes.is_empty();
        let (result, read, written, malformed) =
            self.decoder.decode_to_utf8(bytes, &mut self.ready, last);
        self.packed.consume(read);
        self.ready.truncate(written);
        self.is_malformed |= malformed;
        self.end_lines_alike();
        self.ended = last && result == CoderResult::InputEmpty;
        Ok(())
    }

    /// Lines end in one way, so that whoever counts them counts the same everywhere.
    fn end_lines_alike(&mut self) {
        if !self.after_return && !self.ready.contains(&b'\r') {
            return;
        }
        let mut after_return = self.after_return;
        self.ready.retain_mut(|byte| {
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

impl Read for Text<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(into.len());
        into[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Text<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.read == self.ready.len() && !self.ended {
            self.decode()?;
        }
        Ok(&self.ready[self.read..])
    }

    fn consume(&mut self, count: usize) {
        self.read = (self.read + count).min(self.ready.len());
    }
}

fn encoding(beginning: &[u8], spelling: Spelling) -> &'static Encoding {
    let marked = Encoding::for_bom(beginning).map(|(encoding, _)| encoding);
    match (marked, spelling) {
        (Some(encoding), _) if encoding == UTF_16LE || encoding == UTF_16BE => encoding,
        (_, Spelling::Unicode) => UTF_8,
        (_, Spelling::Windows) => WINDOWS_1252,
    }
}

struct Counting<C> {
    inner: File,
    counted: C,
}

impl<C: FnMut(u64)> Read for Counting<C> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        (self.counted)(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn text(bytes: &[u8], spelling: Spelling) -> (String, bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        let mut counted = 0;
        let mut reader = Text::open(&path, spelling, |bytes| counted += bytes).unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let malformed = reader.is_malformed();
        drop(reader);
        assert_eq!(counted, bytes.len() as u64);
        (text, malformed)
    }

    #[test]
    fn whatever_it_is_encoded_in_it_reads_the_same() {
        let expected = ("Café, 5 €".to_owned(), false);
        assert_eq!(text("Café, 5 €".as_bytes(), Spelling::Unicode), expected);
        assert_eq!(text("\u{feff}Café, 5 €".as_bytes(), Spelling::Unicode), expected);
        let utf16: Vec<u8> =
            "\u{feff}Café, 5 €".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&utf16, Spelling::Unicode), expected);
        let utf16: Vec<u8> =
            "\u{feff}Café, 5 €".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text(&utf16, Spelling::Unicode), expected);
        assert_eq!(text(b"Caf\xe9, 5 \x80", Spelling::Windows), expected);
        assert!(text(b"Caf\xe9, 5 \x80", Spelling::Unicode).1);
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all("Café, 5 €".as_bytes()).unwrap();
        assert_eq!(text(&packed.finish().unwrap(), Spelling::Unicode), expected);
    }

    #[test]
    fn lines_end_alike() {
        let expected = ("a\nb\n\nc\n".to_owned(), false);
        assert_eq!(text(b"a\r\nb\r\rc\r\n", Spelling::Unicode), expected);
        let long = "x".repeat(CHUNK_BYTES - 1);
        let (read, _) = text(format!("{long}\r\n{long}\r\n").as_bytes(), Spelling::Unicode);
        assert_eq!(read, format!("{long}\n{long}\n"));
    }

    #[test]
    fn letters_are_whole_across_chunks() {
        let long = "é€x".repeat(CHUNK_BYTES);
        assert_eq!(text(long.as_bytes(), Spelling::Unicode), (long, false));
        assert_eq!(text(b"", Spelling::Unicode), (String::new(), false));
    }
}
