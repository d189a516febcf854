//! Breached passwords: those that everybody guesses first. A short list is built in; a file of any size may be added.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::{
    collections::HashSet,
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
};

/// The commonest passwords of public lists, in small letters: a line each.
const COMMON: &str = include_str!("common_passwords.txt");
/// Bytes of a digest in hexadecimal digits.
const DIGEST_HEX_BYTES: usize = 40;
/// Longest line of a file, in bytes.
const LINE_BYTES_MAX: u64 = 1_024;
/// Most words of a file of words; a longer list is better kept as digests, which stay on the disk.
const WORDS_MAX: usize = 1_000_000;

/// List of breached passwords.
#[derive(Clone)]
pub(crate) struct BreachedPasswords(Arc<Source>);

enum Source {
    BuiltIn,
    /// Words of a file, in small letters.
    Words(HashSet<String>),
    /// File of SHA-1 digests in ascending order, a line each, with anything after a colon.
    Digests(Box<Path>),
}

/// Reason why a file is no list.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    #[error(transparent)]
    Read(#[from] io::Error),
    #[error(
        "it has more than {WORDS_MAX} words: a list as long as that must be of SHA-1 digests in order"
    )]
    TooLong,
}

impl BreachedPasswords {
    /// The built-in list alone.
    pub(crate) fn built_in() -> Self {
        Self(Arc::new(Source::BuiltIn))
    }

    /// The built-in list and that of a file: words, or SHA-1 digests in ascending order, as its first line shows.
    pub(crate) fn with_file(path: &Path) -> Result<Self, ListError> {
        let mut lines = BufReader::new(File::open(path)?);
        let first = line(&mut lines)?.unwrap_or_default();
        if digest_of_line(&first).is_some() {
            return Ok(Self(Arc::new(Source::Digests(path.into()))));
        }
        let (mut words, mut next) = (HashSet::new(), Some(first));
        while let Some(word) = next {
            words.insert(word.trim().to_lowercase());
            if words.len() > WORDS_MAX {
                return Err(ListError::TooLong);
            }
            next = line(&mut lines)?;
        }
        words.remove("");
        Ok(Self(Arc::new(Source::Words(words))))
    }

    /// Whether a password is on the list. Reads the disk where the list is a file of digests.
    pub(crate) fn contains(&self, password: &str) -> io::Result<bool> {
        let lower = password.to_lowercase();
        if is_common(&lower) {
            return Ok(true);
        }
        match &*self.0 {
            Source::BuiltIn => Ok(false),
            Source::Words(words) => Ok(words.contains(&lower)),
            Source::Digests(path) => {
                let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
                let wanted = kernel::hex::encode(digest.as_ref()).to_uppercase();
                find(&mut File::open(path)?, &wanted)
            }
        }
    }
}

impl fmt::Debug for BreachedPasswords {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("BreachedPasswords")
    }
}

/// Whether a password in small letters is on the built-in list.
fn is_common(lower: &str) -> bool {
    COMMON.lines().any(|common| common == lower)
}

/// Binary search for a digest among lines of any length: by the position of bytes, each time with the line that begins after it.
fn find(file: &mut File, wanted: &str) -> io::Result<bool> {
    // All lines that begin before `low` are smaller; none that begins at `high` or later is the one.
    let (mut low, mut high) = (0, file.seek(SeekFrom::End(0))?);
    while low < high {
        let middle = low + (high - low) / 2;
        match line_from(file, middle, high)? {
            Some((digest, _)) if digest == wanted => return Ok(true),
            Some((digest, end)) if *digest < *wanted => low = end,
            _ => high = middle,
        }
    }
    Ok(false)
}

/// Digest of the first line that begins at a position or after it, and before an end; and where the next line begins.
fn line_from(file: &mut File, from: u64, end: u64) -> io::Result<Option<(String, u64)>> {
    // From the byte before, so that a line that begins exactly here is not skipped.
    let mut begin = from.saturating_sub(1);
    file.seek(SeekFrom::Start(begin))?;
    let mut reader = BufReader::with_capacity(256, file);
    if from > 0 {
        let mut skipped = Vec::new();
        begin += reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut skipped)? as u64;
    }
    if begin >= end {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let read = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)? as u64;
    let text = String::from_utf8_lossy(&bytes);
    let digest = digest_of_line(&text).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "a line of the list of breached passwords has no SHA-1 digest",
        )
    })?;
    Ok(Some((digest, begin + read)))
}

/// Digest at the beginning of a line, in capital letters.
fn digest_of_line(line: &str) -> Option<String> {
    let digest = line.trim().split(':').next()?;
    let is_hex = digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    (digest.len() == DIGEST_HEX_BYTES && is_hex).then(|| digest.to_uppercase())
}

fn line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let read = reader.take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes)?;
    Ok((read > 0).then(|| String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn sha1(text: &str) -> String {
        kernel::hex::encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref())
    }

    #[test]
    fn the_commonest_passwords_are_known_whatever_their_capital_letters() {
        let list = BreachedPasswords::built_in();
        for common in ["password", "PasswordPassword", "qwertyuiopasdfghjkl", "123456789012345"] {
            assert!(list.contains(common).unwrap(), "{common}");
        }
        assert!(!list.contains("correct horse battery").unwrap() && !list.contains("").unwrap());
        let lines: Vec<_> = COMMON.lines().collect();
        assert!(lines.iter().all(|line| line.to_lowercase() == *line && !line.is_empty()));
    }

    #[test]
    fn a_file_of_words_is_added() {
        let list = file("Tr0ub4dor\r\n\nein langes wort\nno line end");
        let list = BreachedPasswords::with_file(list.path()).unwrap();
        for word in ["tr0ub4dor", "Ein Langes Wort", "no line end", "password"] {
            assert!(list.contains(word).unwrap(), "{word}");
        }
        assert!(!list.contains("tr0ub4do").unwrap() && !list.contains("").unwrap());
    }

    #[test]
    fn each_digest_of_a_sorted_file_is_found_and_no_other() {
        for count in [1, 2, 3, 10, 257] {
            for (ending, suffix) in [("\n", ""), ("\r\n", ":12"), ("\n", ":1234567")] {
                let words: Vec<_> = (0..count).map(|number| format!("word {number}")).collect();
                let mut digests: Vec<_> =
                    words.iter().map(|word| sha1(word).to_uppercase()).collect();
                digests.sort();
                let lines = digests.iter().map(|digest| format!("{digest}{suffix}{ending}"));
                let list = file(&lines.collect::<String>());
                let list = BreachedPasswords::with_file(list.path()).unwrap();
                for word in &words {
                    assert!(list.contains(word).unwrap(), "{word} of {count}");
                }
                for other in 0..count {
                    assert!(!list.contains(&format!("other {other}")).unwrap());
                }
            }
        }
        let last = file(&sha1("no line end"));
        assert!(
            BreachedPasswords::with_file(last.path()).unwrap().contains("no line end").unwrap()
        );
    }

    #[test]
    fn a_file_that_is_missing_or_breaks_off_is_an_error_and_an_empty_one_an_empty_list() {
        assert!(BreachedPasswords::with_file(Path::new("/nowhere/at/all")).is_err());
        let empty = BreachedPasswords::with_file(file("").path()).unwrap();
        assert!(!empty.contains("correct horse battery").unwrap());
        // Whatever is looked for is behind the first digest, where the list breaks off.
        let broken = file(&format!("{}\nnonsense\n", "0".repeat(DIGEST_HEX_BYTES)));
        let list = BreachedPasswords::with_file(broken.path()).unwrap();
        assert_eq!(list.contains("zzz").unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
