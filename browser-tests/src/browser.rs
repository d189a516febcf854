//! One browser for all tests. Each page gets a context of its own, so that no test sees another one's cookies.

use crate::{
    needs,
    warden::{self, Ending},
    wire::Wire,
};
use serde_json::{Value, json};
use std::{process::Child, sync::OnceLock};

/// A running browser.
#[derive(Debug)]
pub struct Browser {
    pub(crate) wire: Wire,
    _shell: Child,
}

const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    // Colours come out as they were put in, whatever the machine's screen.
    "--force-color-profile=srgb",
    // Scrollbars of a phone: they take no room.
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

impl Browser {
    /// The browser, which the first test starts.
    pub fn shared() -> &'static Self {
        static BROWSER: OnceLock<Browser> = OnceLock::new();
        BROWSER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let folder = warden::folder();
        let mut arguments: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        arguments.push(format!("--user-data-dir={}", folder.display()));
        let mut shell = warden::start(Ending::Piped, &folder, &needs::chromium(), &arguments);
        let write = shell.stdin.take().expect("the input is a pipe");
        let read = shell.stdout.take().expect("the output is a pipe");
        let browser = Self { wire: Wire::new(write, read), _shell: shell };
        browser.ask("Browser.getVersion", &json!({}));
        browser
    }

    /// Asks the browser as a whole.
    pub(crate) fn ask(&self, method: &str, parameters: &Value) -> Value {
        self.wire.ask(None, method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}
