//! Shared browser: one process for all tests. Each page gets a browser context of its own, so that no test sees
//! another one's cookies.

use crate::{
    devtools::Connection,
    environment,
    process_guard::{self, Termination},
};
use serde_json::{Value, json};
use std::{process::Child, sync::OnceLock};

/// A running browser process.
#[derive(Debug)]
pub struct Browser {
    pub(crate) devtools: Connection,
    _shell: Child,
}

/// Command-line flags of Chromium.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    // The same colours on every machine, whatever its screen.
    "--force-color-profile=srgb",
    // Scrollbars take no space, as on a phone.
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

impl Browser {
    /// The shared browser, started by the first test.
    pub fn shared() -> &'static Self {
        static BROWSER: OnceLock<Browser> = OnceLock::new();
        BROWSER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let folder = process_guard::temp_folder();
        let mut arguments: Vec<String> = FLAGS.iter().map(|flag| (*flag).to_owned()).collect();
        arguments.push(format!("--user-data-dir={}", folder.display()));
        let mut shell = process_guard::spawn(
            Termination::PipeClose,
            &folder,
            &environment::chromium(),
            &arguments,
        );
        let writer = shell.stdin.take().expect("the input is a pipe");
        let reader = shell.stdout.take().expect("the output is a pipe");
        let browser = Self { devtools: Connection::new(writer, reader), _shell: shell };
        browser.call("Browser.getVersion", &json!({}));
        browser
    }

    /// Calls a method of the browser itself.
    pub(crate) fn call(&self, method: &str, parameters: &Value) -> Value {
        self.devtools
            .call(None, method, parameters)
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}
