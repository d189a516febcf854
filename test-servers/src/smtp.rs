//! Mail server: aiosmtpd, which keeps each mail that it accepts as a file, and answers as the recipient's address says.

use crate::{
    certificates::{CertifiedKey, text},
    server::{Kind, Placement, Server},
};
use std::{
    fs,
    io::{self, Read},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Mail server. What it does with a mail, the part of the recipient's address before the at sign says: `refused` (550), `later` (451 the
/// first time), `lost` (accepted, and the connection ends without an answer), `reset` (the connection ends within the mail), `hanging`
/// (never answered); anything else is accepted.
pub type SmtpServer = Server<Smtp>;

/// Kind of [`SmtpServer`].
#[derive(Debug)]
pub struct Smtp {
    python: PathBuf,
    options: SmtpServerOptions,
}

/// Options of an [`SmtpServer`].
#[derive(Clone, Debug, Default)]
pub struct SmtpServerOptions {
    /// Certificate with which it offers STARTTLS, which it insists on then.
    pub starttls: Option<CertifiedKey>,
    /// Certificate with which it speaks TLS from the first byte.
    pub implicit_tls: Option<CertifiedKey>,
    /// User and password without whom it takes nothing.
    pub user: Option<(String, String)>,
}

const PROGRAM: &str = include_str!("smtp_server.py");
const PROGRAM_FILE: &str = "smtp_server.py";
/// How long the server may take to greet.
const GREET_WITHIN: Duration = Duration::from_secs(10);

impl SmtpServer {
    /// Starts a new server with this Python, which has the package `aiosmtpd`.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from running.
    pub fn start(python: &Path, options: SmtpServerOptions) -> io::Result<Self> {
        Self::start_new(Smtp { python: python.to_owned(), options })
    }

    /// Host and port of the server.
    pub fn address(&self) -> String {
        self.placement.address(0)
    }

    /// Mails that it accepted, oldest first, each as the server's own parser reads it.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn accepted(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.placement.data())?;
        let mut paths = entries.map(|it| Ok(it?.path())).collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        paths.iter().map(fs::read_to_string).collect()
    }
}

impl Kind for Smtp {
    const NAME: &'static str = "smtp";

    fn prepare(&mut self, placement: &Placement) -> io::Result<()> {
        fs::write(placement.folder().join(PROGRAM_FILE), PROGRAM)?;
        fs::create_dir(placement.data())
    }

    fn command(&self, placement: &Placement) -> Command {
        let Smtp { python, options } = self;
        let mut command = Command::new(python);
        command.arg(placement.folder().join(PROGRAM_FILE));
        command.arg(placement.port(0).to_string()).arg(placement.data());
        for (flag, certified) in
            [("--starttls", &options.starttls), ("--implicit-tls", &options.implicit_tls)]
        {
            if let Some(certified) = certified {
                command.arg(flag).arg(text(&certified.certificate)).arg(text(&certified.key));
            }
        }
        if let Some((user, password)) = &options.user {
            command.args(["--user", user, password]);
        }
        command
    }

    fn is_ready(&self, placement: &Placement) -> bool {
        if self.options.implicit_tls.is_some() {
            return true;
        }
        let Ok(mut stream) = TcpStream::connect(placement.address(0)) else { return false };
        let mut greeting = [0; 4];
        stream.set_read_timeout(Some(GREET_WITHIN)).is_ok()
            && stream.read_exact(&mut greeting).is_ok()
            && greeting == *b"220 "
    }
}
