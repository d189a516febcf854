//! Page object: navigation, script evaluation, waiting; input and diagnostics are in its submodules.

mod authenticator;
mod diagnostics;
mod input;
mod screenshot;

use crate::{Browser, Emulation, Shop, Theme, devtools::EventLog};
pub use authenticator::VirtualAuthenticator;
pub use diagnostics::Request;
pub use screenshot::Frame;
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Time limit of every wait.
const WAIT_SECONDS_MAX: u64 = 60;
/// Interval between two polls.
const POLL_MILLISECONDS: u64 = 15;

/// Calls that enable the events of a protocol domain.
const ENABLE_EVENTS: &[&str] =
    &["Page.enable", "Runtime.enable", "Network.enable", "Log.enable", "Audits.enable"];

/// A page of the shop in a browser context of its own.
#[derive(Debug)]
pub struct Page {
    browser: &'static Browser,
    context: String,
    session: String,
    events: Arc<EventLog>,
    emulation: Emulation,
}

impl Page {
    /// Opens an empty page without cookies or cache.
    pub fn new(emulation: Emulation) -> Self {
        let browser = Browser::shared();
        let text = |value: &Value| value.as_str().expect("the browser returns an id").to_owned();
        let context =
            text(&browser.call("Target.createBrowserContext", &json!({}))["browserContextId"]);
        let blank = json!({"url": "about:blank", "browserContextId": context});
        let target = text(&browser.call("Target.createTarget", &blank)["targetId"]);
        let attached =
            browser.call("Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        let session = text(&attached["sessionId"]);
        let page = Self {
            browser,
            context,
            events: browser.devtools.subscribe(&session),
            session,
            emulation,
        };
        for command in ENABLE_EVENTS {
            page.call(command, &json!({}));
        }
        page.call("Page.setLifecycleEventsEnabled", &json!({"enabled": true}));
        for (command, parameters) in emulation.commands() {
            page.call(command, &parameters);
        }
        page
    }

    /// The current emulation settings.
    pub fn emulation(&self) -> Emulation {
        self.emulation
    }

    /// Changes the emulation settings.
    pub fn emulate(&mut self, emulation: Emulation) {
        self.emulation = emulation;
        for (command, parameters) in emulation.commands() {
            self.call(command, &parameters);
        }
    }

    /// Shows this page in a theme, as if the system had changed to it.
    pub fn show_theme(&self, theme: Theme) {
        for (command, parameters) in (Emulation { theme, ..self.emulation }).commands() {
            self.call(command, &parameters);
        }
    }

    /// Slows the processor down by a factor for this page.
    pub fn throttle_cpu(&self, factor: u32) {
        self.call("Emulation.setCPUThrottlingRate", &json!({"rate": factor}));
    }

    /// Navigates to a path of the shop and waits until the page is loaded.
    pub fn visit(&self, path: &str) {
        self.visit_url(&Shop::shared().url(path));
    }

    /// Opens a path of the operator edge, and waits until it is loaded.
    pub fn visit_operator(&self, path: &str) {
        self.visit_url(&Shop::shared().operator_url(path));
    }

    /// Navigates to a URL and waits until the page is loaded.
    pub fn visit_url(&self, url: &str) {
        let from = self.events.len();
        let started = self.call("Page.navigate", &json!({"url": url}));
        assert!(started["errorText"].is_null(), "{url}: {}", started["errorText"]);
        if let Some(loader) = started["loaderId"].as_str() {
            self.wait_until_loaded(from, loader);
        }
    }

    /// Does something that navigates to another page, and waits until that page is loaded.
    pub fn wait_for_navigation(&self, action: impl FnOnce(&Self)) {
        let from = self.events.len();
        action(self);
        let loader = self.poll("navigation", || {
            let navigated = self
                .events
                .since(from)
                .into_iter()
                .filter(|event| event.name == "Page.frameNavigated");
            let mut main = navigated.filter(|event| event.params["frame"]["parentId"].is_null());
            main.find_map(|event| event.params["frame"]["loaderId"].as_str().map(ToOwned::to_owned))
        });
        self.wait_until_loaded(from, &loader);
    }

    fn wait_until_loaded(&self, from: usize, loader: &str) {
        self.poll("a loaded page", || {
            let is_loaded = self.events.since(from).into_iter().any(|event| {
                event.name == "Page.lifecycleEvent"
                    && event.params["name"] == "load"
                    && event.params["loaderId"] == loader
            });
            is_loaded.then_some(())
        });
    }

    /// Evaluates a script on this page and returns its value; a promise is awaited.
    #[track_caller]
    pub fn evaluate(&self, script: &str) -> Value {
        self.try_evaluate(script)
            .unwrap_or_else(|error| panic!("{error}\non {} in: {script}", self.path()))
    }

    fn try_evaluate(&self, script: &str) -> Result<Value, String> {
        let parameters = json!({"expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true});
        let mut response =
            self.browser.devtools.call(Some(&self.session), "Runtime.evaluate", &parameters)?;
        match response["exceptionDetails"]["exception"]["description"].as_str() {
            Some(error) => Err(error.to_owned()),
            None if response["exceptionDetails"].is_null() => {
                Ok(response["result"]["value"].take())
            }
            None => Err(response["exceptionDetails"].to_string()),
        }
    }

    /// Whether a script evaluates to `true`.
    #[track_caller]
    pub fn is_true(&self, script: &str) -> bool {
        self.evaluate(script) == true
    }

    /// Evaluates a script whose value is a text.
    #[track_caller]
    pub fn evaluate_text(&self, script: &str) -> String {
        self.evaluate(script).as_str().unwrap_or_else(|| panic!("no text: {script}")).to_owned()
    }

    /// The trimmed text content of the first element that matches.
    #[track_caller]
    pub fn text_content(&self, selector: &str) -> String {
        self.evaluate_text(&format!(
            "document.querySelector({}).textContent.trim()",
            Value::from(selector)
        ))
    }

    /// Whether an element matches.
    #[track_caller]
    pub fn exists(&self, selector: &str) -> bool {
        self.is_true(&format!("!!document.querySelector({})", Value::from(selector)))
    }

    /// Waits until a script evaluates to `true`, on this page or on the one it navigates to.
    #[track_caller]
    pub fn wait_until(&self, script: &str) {
        self.poll(script, || (self.try_evaluate(script) == Ok(Value::Bool(true))).then_some(()));
    }

    /// Path and query of the current URL.
    pub fn path(&self) -> String {
        let value = self.try_evaluate("location.pathname + location.search").unwrap_or_default();
        value.as_str().unwrap_or_default().to_owned()
    }

    /// The HTTP status of this page.
    #[track_caller]
    pub fn status(&self) -> u64 {
        self.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
            .as_u64()
            .unwrap_or_default()
    }

    #[track_caller]
    fn call(&self, method: &str, parameters: &Value) -> Value {
        let response = self.browser.devtools.call(Some(&self.session), method, parameters);
        response.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Polls until there is a result, after each event and at least at the poll interval.
    #[track_caller]
    fn poll<T>(&self, what: &str, mut result: impl FnMut() -> Option<T>) -> T {
        let deadline = now() + Duration::from_secs(WAIT_SECONDS_MAX);
        loop {
            let seen = self.events.len();
            if let Some(result) = result() {
                return result;
            }
            assert!(now() < deadline, "timed out on {} waiting for: {what}", self.path());
            self.events.wait_for_more(seen, Duration::from_millis(POLL_MILLISECONDS));
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // A test that failed because the browser is gone must not fail twice.
        let _ = self.browser.devtools.call(
            None,
            "Target.disposeBrowserContext",
            &json!({"browserContextId": self.context}),
        );
        self.browser.devtools.unsubscribe(&self.session);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a browser takes real time, and a test must not wait for ever"
)]
fn now() -> Instant {
    Instant::now()
}
