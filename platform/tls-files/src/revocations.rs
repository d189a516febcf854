//! Certificate revocation lists (CRL, RFC 5280, section 5) in files.

use crate::{TlsFile, TlsFileError, read, wrong};
use std::path::Path;
use tokio_rustls::rustls::pki_types::{CertificateRevocationListDer, pem::PemObject};

/// Lists in a file (PEM), of which there is at least one.
///
/// # Errors
///
/// [`TlsFileError`] if the file cannot be read, or has none in it.
pub fn certificate_revocation_lists(
    path: &Path,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsFileError> {
    let (content, wrong) =
        (read(TlsFile::RevocationList, path)?, wrong(TlsFile::RevocationList, path));
    let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&content).collect();
    let lists = lists.map_err(|error| wrong(&error))?;
    if lists.is_empty() {
        return Err(wrong(&"there is no revocation list in it"));
    }
    Ok(lists)
}
