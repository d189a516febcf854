//! Mailbox: a folder to which a provider delivers, and its messages in the order in which they were asked for.

use crate::harness::{ORIGIN, World};
use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    sync::Mutex,
    time::{Duration, Instant},
};

/// Time limit of every wait.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// Interval between two looks into the folder.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Message that was read.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl Mail {
    /// Path of the link in the message, which is below the issuer.
    pub(crate) fn path(&self) -> String {
        let origins = [ORIGIN, "http://localhost:8080"];
        let link =
            |line: &str| origins.iter().find_map(|it| line.strip_prefix(it)).map(str::to_owned);
        self.text.lines().find_map(link).unwrap_or_else(|| panic!("{}", self.text))
    }
}

/// Mailbox.
#[derive(Debug)]
pub(crate) struct Mailbox {
    folder: tempfile::TempDir,
    read: Mutex<BTreeSet<PathBuf>>,
}

impl Mailbox {
    /// A provider that delivers to a new mailbox.
    pub(crate) async fn with_world(settings: &[(&str, &str)]) -> (Self, World) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_str().expect("a path in UTF-8").to_owned();
        let all = [settings, &[("mail_folder", &path)]].concat();
        let world = World::start_with(&all).await;
        (Self { folder, read: Mutex::default() }, world)
    }

    /// Number of all messages.
    pub(crate) fn len(&self) -> usize {
        self.paths().len()
    }

    /// Next message to an address, which is waited for.
    pub(crate) async fn next(&self, address: &str) -> Mail {
        let deadline = now() + WAIT_MAX;
        loop {
            if let Some(mail) = self.unread(address) {
                return mail;
            }
            assert!(now() < deadline, "no mail to {address} came");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn unread(&self, address: &str) -> Option<Mail> {
        let mut read = self.read.lock().expect("no test panicked");
        for path in self.paths() {
            let text = fs::read_to_string(&path).expect("a message");
            let is_to_it = text.contains(&format!("To: <{address}>\r\n"));
            if is_to_it && read.insert(path) {
                let subject = text.lines().find_map(|line| line.strip_prefix("Subject: "));
                return Some(Mail { subject: subject.expect("a subject").to_owned(), text });
            }
        }
        None
    }

    /// Finished messages, the oldest first: their names begin with the time.
    fn paths(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|it| it == "eml")).collect();
        paths.sort();
        paths
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "files take real time, and a test must not wait for ever"
)]
fn now() -> Instant {
    Instant::now()
}
