//! Verifier of the certificates of clients by the authorities that have signed them, and by what these have revoked.

use crate::{TlsFile, TlsFileError, read, roots, wrong};
use std::{path::Path, sync::Arc};
use tokio_rustls::rustls::{
    crypto::ring,
    pki_types::{CertificateRevocationListDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

/// Verifier that trusts the authorities in a file, and refuses what the revocation lists (CRL, RFC 5280, section 5) in another one name. With
/// lists, it needs one of each authority in the chain of a certificate, and one that has not ended: what may have been revoked meanwhile
/// is not trusted.
///
/// # Errors
///
/// [`TlsFileError`] for the first file that cannot be read, or has nothing of the kind in it.
pub fn client_authorities(
    authorities: &Path,
    revoked: Option<&Path>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsFileError> {
    let content = read(TlsFile::CertificateAuthorities, authorities)?;
    let trusted = Arc::new(roots(authorities, &content)?);
    let provider = Arc::new(ring::default_provider());
    let mut verifier = WebPkiClientVerifier::builder_with_provider(trusted, provider);
    if let Some(revoked) = revoked {
        verifier = verifier.with_crls(revocation_lists(revoked)?).enforce_revocation_expiration();
    }
    let (file, path) = match revoked {
        // The authorities have been parsed.
        Some(revoked) => (TlsFile::RevocationList, revoked),
        None => (TlsFile::CertificateAuthorities, authorities),
    };
    verifier.build().map_err(|error| wrong(file, path)(&error))
}

/// Lists in a file, of which there is at least one.
fn revocation_lists(
    path: &Path,
) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsFileError> {
    let wrong = wrong(TlsFile::RevocationList, path);
    let content = read(TlsFile::RevocationList, path)?;
    let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&content).collect();
    let lists = lists.map_err(|error| wrong(&error))?;
    if lists.is_empty() {
        return Err(wrong(&"there is no revocation list in it"));
    }
    Ok(lists)
}
