//! Certificates of a test, made with the program `openssl`.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};
use tempfile::TempDir;

/// Certificate authority, whose files go with it.
#[derive(Debug)]
pub struct TestAuthority {
    folder: TempDir,
    made: AtomicU32,
}

/// Certificate and its private key, in PEM.
#[derive(Clone, Debug)]
pub struct CertifiedKey {
    /// File with the certificate.
    pub certificate: PathBuf,
    /// File with the key, unencrypted.
    pub key: PathBuf,
}

/// Days for which certificates are valid.
const DAYS: &str = "2";
/// Extensions of the certificate of an authority.
const AUTHORITY: &str =
    "basicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,cRLSign\n";
/// Extensions of every other certificate.
const LEAF: &str = "basicConstraints = critical,CA:FALSE\nkeyUsage = critical,digitalSignature\n";

/// Who signs a certificate.
#[derive(Clone, Copy)]
enum Signer {
    /// Its own key.
    Itself,
    /// The authority.
    Authority,
}

impl TestAuthority {
    /// Makes an authority.
    ///
    /// # Errors
    ///
    /// Whatever keeps `openssl` from doing it.
    pub fn create() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("icommerce-authority-").tempdir()?;
        // Some servers run as another user than this process.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let authority = Self { folder, made: AtomicU32::new(0) };
        // No two have the same name.
        let name = folder_name(authority.folder.path());
        authority.make("authority", &name, AUTHORITY, Signer::Itself)?;
        Ok(authority)
    }

    /// File with the certificate of the authority.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// Certifies a server at `127.0.0.1`.
    ///
    /// # Errors
    ///
    /// Whatever keeps `openssl` from doing it.
    pub fn certify_server(&self) -> io::Result<CertifiedKey> {
        self.certify_server_as("IP:127.0.0.1,DNS:localhost")
    }

    /// Certifies a server of these names, such as `DNS:elsewhere.example`.
    ///
    /// # Errors
    ///
    /// Whatever keeps `openssl` from doing it.
    pub fn certify_server_as(&self, names: &str) -> io::Result<CertifiedKey> {
        let usage = format!("{LEAF}extendedKeyUsage = serverAuth\nsubjectAltName = {names}\n");
        let server = self.make(&self.next_name(), "server of a test", &usage, Signer::Authority)?;
        fs::set_permissions(&server.key, fs::Permissions::from_mode(0o644))?;
        Ok(server)
    }

    /// Certifies a client of this name.
    ///
    /// # Errors
    ///
    /// Whatever keeps `openssl` from doing it.
    pub fn certify_client(&self, name: &str) -> io::Result<CertifiedKey> {
        let usage = format!("{LEAF}extendedKeyUsage = clientAuth\n");
        self.make(&self.next_name(), name, &usage, Signer::Authority)
    }

    /// Certifies a process that is a server at `127.0.0.1` and a client as well.
    ///
    /// # Errors
    ///
    /// Whatever keeps `openssl` from doing it.
    pub fn certify_member(&self) -> io::Result<CertifiedKey> {
        let names = "subjectAltName = IP:127.0.0.1,DNS:localhost\n";
        let usage = format!("{LEAF}extendedKeyUsage = serverAuth,clientAuth\n{names}");
        self.make(&self.next_name(), "member of a test", &usage, Signer::Authority)
    }

    /// Makes a certificate of this name that no authority has signed.
    ///
    /// # Errors
    ///
    /// Whatever keeps `openssl` from doing it.
    pub fn self_signed(&self, name: &str) -> io::Result<CertifiedKey> {
        self.make(&self.next_name(), name, LEAF, Signer::Itself)
    }

    /// Revocation list of this authority with these certificates, in PEM; one that ended long ago if it is not current.
    ///
    /// # Errors
    ///
    /// Whatever keeps `openssl` from doing it.
    pub fn revoke(&self, certificates: &[&CertifiedKey], is_current: bool) -> io::Result<PathBuf> {
        let name = self.next_name();
        let path = |ending: &str| self.folder.path().join(format!("{name}{ending}"));
        let (index, number, settings, list) =
            (path("-index"), path("-number"), path(".conf"), path("-crl.pem"));
        fs::write(&index, "")?;
        fs::write(&number, "01\n")?;
        let authority = format!(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = {}\ncrlnumber = {}\ndefault_md = sha256\ncrl_extensions = list\n[list]\nauthorityKeyIdentifier = keyid:always\n",
            text(&index),
            text(&number)
        );
        fs::write(&settings, authority)?;
        let openssl = || {
            let mut openssl = Command::new("openssl");
            openssl.arg("ca").arg("-config").arg(&settings).arg("-cert").arg(self.certificate());
            openssl.arg("-keyfile").arg(self.folder.path().join("authority-key.pem"));
            openssl
        };
        for revoked in certificates {
            run(openssl().arg("-revoke").arg(&revoked.certificate))?;
        }
        let mut making = openssl();
        making.arg("-gencrl").arg("-out").arg(&list);
        if is_current {
            making.args(["-crldays", DAYS]);
        } else {
            making.args(["-crl_lastupdate", "20200101000000Z"]);
            making.args(["-crl_nextupdate", "20200102000000Z"]);
        }
        run(&mut making)?;
        Ok(list)
    }

    fn next_name(&self) -> String {
        format!("leaf-{}", self.made.fetch_add(1, Ordering::Relaxed))
    }

    fn make(
        &self,
        file: &str,
        name: &str,
        extensions: &str,
        signer: Signer,
    ) -> io::Result<CertifiedKey> {
        let path = |ending: &str| self.folder.path().join(format!("{file}{ending}"));
        let (certificate, key, settings) = (path(".pem"), path("-key.pem"), path(".conf"));
        let request = "[req]\ndistinguished_name = subject\nprompt = no\n";
        fs::write(&settings, format!("{request}[subject]\nCN = {name}\n[made]\n{extensions}"))?;
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-days", DAYS, "-nodes", "-extensions", "made"]);
        openssl.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-config"]);
        openssl.arg(&settings).arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        if matches!(signer, Signer::Authority) {
            openssl.arg("-CA").arg(self.certificate()).arg("-CAkey");
            openssl.arg(self.folder.path().join("authority-key.pem"));
        }
        run(&mut openssl)?;
        fs::set_permissions(&certificate, fs::Permissions::from_mode(0o644))?;
        Ok(CertifiedKey { certificate, key })
    }
}

fn run(openssl: &mut Command) -> io::Result<()> {
    let output = openssl.output()?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("openssl failed: {reason}")))
}

fn folder_name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Path as the text that settings of servers want.
pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}
