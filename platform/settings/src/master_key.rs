//! Master key: the secret under which other keys are encrypted at rest, set as text or in a file.

use crate::Secret;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Shortest master key, in bytes.
pub const MASTER_KEY_BYTES_MIN: usize = 16;

/// Reasons why there is no master key although one is set. Each begins with the name of the setting.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read.
    #[error("master_key_file: {}: {error}", file.display())]
    Unreadable {
        /// File with the key.
        file: PathBuf,
        /// Error of the operating system.
        error: io::Error,
    },
    /// The key can be guessed.
    #[error(
        "{setting}: the key is shorter than {MASTER_KEY_BYTES_MIN} bytes; make one with `openssl rand -hex 32`"
    )]
    TooShort {
        /// Name of the setting.
        setting: &'static str,
    },
}

/// Master key from the setting `master_key`, or else from the file in `master_key_file`, without the spaces around it; `None` when
/// neither is set. Everything that is encrypted under it asks here, so that all of it has the same key.
///
/// # Errors
///
/// [`MasterKeyError`], by variant.
pub fn master_key(key: &Secret, file: &Path) -> Result<Option<Secret>, MasterKeyError> {
    let (setting, text) = if !key.is_empty() {
        ("master_key", key.expose().to_owned())
    } else if file.as_os_str().is_empty() {
        return Ok(None);
    } else {
        let unreadable = |error| MasterKeyError::Unreadable { file: file.to_owned(), error };
        ("master_key_file", std::fs::read_to_string(file).map_err(unreadable)?)
    };
    let text = text.trim();
    if text.len() < MASTER_KEY_BYTES_MIN {
        return Err(MasterKeyError::TooShort { setting });
    }
    Ok(Some(Secret::new(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef";

    fn found(key: &str, file: &Path) -> Result<Option<String>, String> {
        let found = master_key(&Secret::new(key), file).map_err(|error| error.to_string())?;
        Ok(found.map(|key| key.expose().to_owned()))
    }

    #[test]
    fn a_key_is_the_same_as_text_and_in_a_file_and_never_short() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let none = Path::new("");
        assert_eq!(found("", none), Ok(None));
        for text in [KEY.to_owned(), format!(" {KEY}\n")] {
            std::fs::write(&file, &text).unwrap();
            assert_eq!(found(&text, none), Ok(Some(KEY.to_owned())));
            assert_eq!(found("", &file), Ok(Some(KEY.to_owned())));
        }
        for short in ["\n", "short", "                \n"] {
            std::fs::write(&file, short).unwrap();
            assert!(found(short, none).unwrap_err().starts_with("master_key: "), "{short:?}");
            assert!(found("", &file).unwrap_err().starts_with("master_key_file: "), "{short:?}");
        }
        let missing = found("", &folder.path().join("none")).unwrap_err();
        assert!(missing.starts_with("master_key_file: "), "{missing}");
    }
}
