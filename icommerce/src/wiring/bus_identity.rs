//! Identity of a shop on its bus: a copy of the shop, as a backup that was restored to be looked at, has the same keys and must
//! not have its place there.

use crate::error::CliError;
use kernel::{Randomness, SystemRandomness, hex};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// File in the data folder with the identity. Neither a backup nor a move takes it along.
const IDENTITY_FILE: &str = "icommerce.bus";
/// Bytes of an identity.
const IDENTITY_BYTES: usize = 16;

/// Identity of the shop of this folder, which is made when it is asked for the first time.
pub(super) fn bus_identity(folder: &Path) -> Result<Vec<u8>, CliError> {
    let file = folder.join(IDENTITY_FILE);
    let known = match fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => made(folder, &file),
        Ok(text) => parsed(&text),
        Err(error) => Err(error),
    };
    known.map_err(|error| CliError::unavailable(format!("{}: {error}", file.display())))
}

fn parsed(text: &str) -> io::Result<Vec<u8>> {
    let identity = hex::decode(text.trim()).filter(|it| it.len() == IDENTITY_BYTES);
    identity.ok_or_else(|| {
        io::Error::other(
            "this is no identity of a shop on its bus; without the file the shop gets another one, and its consumers read the feeds once more",
        )
    })
}

fn made(folder: &Path, file: &Path) -> io::Result<Vec<u8>> {
    let mut identity = vec![0; IDENTITY_BYTES];
    SystemRandomness.fill(&mut identity);
    let draft = folder.join(format!("{IDENTITY_FILE}.new"));
    let mut options = OpenOptions::new();
    let mut written = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    written.write_all(format!("{}\n", hex::encode(&identity)).as_bytes())?;
    written.sync_all()?;
    fs::rename(draft, file)?;
    Ok(identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_identity_and_another_folder_another_one() {
        let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let of_one = bus_identity(one.path()).unwrap();
        assert_eq!(of_one.len(), IDENTITY_BYTES);
        assert_eq!(bus_identity(one.path()).unwrap(), of_one);
        assert_ne!(bus_identity(other.path()).unwrap(), of_one);
        // Broken off in the middle, it is made again.
        fs::remove_file(one.path().join(IDENTITY_FILE)).unwrap();
        fs::write(one.path().join("icommerce.bus.new"), "0").unwrap();
        assert_ne!(bus_identity(one.path()).unwrap(), of_one);
        fs::write(one.path().join(IDENTITY_FILE), "something else").unwrap();
        let refused = bus_identity(one.path()).unwrap_err().to_string();
        assert!(refused.contains("icommerce.bus: this is no identity"), "{refused}");
    }
}
