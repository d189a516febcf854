//! A page, as somebody uses it: look at it, point at it, type into it, wait for it.

mod hands;
mod watch;

use crate::{Browser, Look, Shop, wire::Diary};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
pub use watch::Request;

/// How long anything may take until it is there.
const PATIENCE_SECONDS_MAX: u64 = 20;
/// How often a page is asked whether it is there.
const ASK_MILLISECONDS: u64 = 15;

/// What has to be on, so that the page tells what happens on it.
const TELLING: &[&str] =
    &["Page.enable", "Runtime.enable", "Network.enable", "Log.enable", "Audits.enable"];

/// A page of the shop in a browser context of its own.
#[derive(Debug)]
pub struct Page {
    browser: &'static Browser,
    context: String,
    session: String,
    diary: Arc<Diary>,
    look: Look,
}

impl Page {
    /// An empty page that has never been in the shop.
    pub fn new(look: Look) -> Self {
        let browser = Browser::shared();
        let text =
            |value: &Value| value.as_str().expect("the browser names what it makes").to_owned();
        let context =
            text(&browser.ask("Target.createBrowserContext", &json!({}))["browserContextId"]);
        let made = json!({"url": "about:blank", "browserContextId": context});
        let target = text(&browser.ask("Target.createTarget", &made)["targetId"]);
        let attached =
            browser.ask("Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        let session = text(&attached["sessionId"]);
        let page = Self { browser, context, diary: browser.wire.diary(&session), session, look };
        for command in TELLING {
            page.ask(command, &json!({}));
        }
        page.ask("Page.setLifecycleEventsEnabled", &json!({"enabled": true}));
        for (command, parameters) in look.commands() {
            page.ask(command, &parameters);
        }
        page
    }

    /// How it is looked at.
    pub fn look(&self) -> Look {
        self.look
    }

    /// From now on it is looked at in another way.
    pub fn look_again(&mut self, look: Look) {
        self.look = look;
        for (command, parameters) in look.commands() {
            self.ask(command, &parameters);
        }
    }

    /// From now on the processor is so many times slower for this page.
    pub fn slow_down(&self, times: u32) {
        self.ask("Emulation.setCPUThrottlingRate", &json!({"rate": times}));
    }

    /// Goes to a page of the shop and waits until it is loaded.
    pub fn visit(&self, path: &str) {
        let url = Shop::shared().url(path);
        let from = self.diary.len();
        let started = self.ask("Page.navigate", &json!({"url": url}));
        assert!(started["errorText"].is_null(), "{path}: {}", started["errorText"]);
        if let Some(loader) = started["loaderId"].as_str() {
            self.wait_until_loaded(from, loader);
        }
    }

    /// Does something that leads to another page, and waits until that is loaded.
    pub fn leads(&self, act: impl FnOnce(&Self)) {
        let from = self.diary.len();
        act(self);
        let loader = self.awaited("a new page", || {
            let navigated = self
                .diary
                .since(from)
                .into_iter()
                .filter(|event| event.name == "Page.frameNavigated");
            let mut main = navigated.filter(|event| event.about["frame"]["parentId"].is_null());
            main.find_map(|event| event.about["frame"]["loaderId"].as_str().map(ToOwned::to_owned))
        });
        self.wait_until_loaded(from, &loader);
    }

    fn wait_until_loaded(&self, from: usize, loader: &str) {
        self.awaited("a loaded page", || {
            let done = self.diary.since(from).into_iter().any(|event| {
                event.name == "Page.lifecycleEvent"
                    && event.about["name"] == "load"
                    && event.about["loaderId"] == loader
            });
            done.then_some(())
        });
    }

    /// What a script comes to on this page.
    #[track_caller]
    pub fn value(&self, script: &str) -> Value {
        self.try_value(script)
            .unwrap_or_else(|error| panic!("{error}\non {} in: {script}", self.path()))
    }

    fn try_value(&self, script: &str) -> Result<Value, String> {
        let asked = json!({"expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true});
        let mut answer = self.browser.wire.ask(Some(&self.session), "Runtime.evaluate", &asked)?;
        match answer["exceptionDetails"]["exception"]["description"].as_str() {
            Some(error) => Err(error.to_owned()),
            None if answer["exceptionDetails"].is_null() => Ok(answer["result"]["value"].take()),
            None => Err(answer["exceptionDetails"].to_string()),
        }
    }

    /// Whether a script comes to `true`.
    #[track_caller]
    pub fn holds(&self, script: &str) -> bool {
        self.value(script) == true
    }

    /// What a script comes to, as text.
    #[track_caller]
    pub fn text(&self, script: &str) -> String {
        self.value(script).as_str().unwrap_or_else(|| panic!("no text: {script}")).to_owned()
    }

    /// The text of the first element that fits, without what is around it.
    #[track_caller]
    pub fn text_of(&self, selector: &str) -> String {
        self.text(&format!("document.querySelector({}).textContent.trim()", Value::from(selector)))
    }

    /// Whether there is such an element.
    #[track_caller]
    pub fn has(&self, selector: &str) -> bool {
        self.holds(&format!("!!document.querySelector({})", Value::from(selector)))
    }

    /// Waits until a script comes to `true`, on this page or the one it leads to.
    #[track_caller]
    pub fn until(&self, script: &str) {
        self.awaited(script, || (self.try_value(script) == Ok(Value::Bool(true))).then_some(()));
    }

    /// Path and query of the address.
    pub fn path(&self) -> String {
        let value = self.try_value("location.pathname + location.search").unwrap_or_default();
        value.as_str().unwrap_or_default().to_owned()
    }

    /// The status with which this page was answered.
    #[track_caller]
    pub fn status(&self) -> u64 {
        self.value("performance.getEntriesByType('navigation')[0].responseStatus")
            .as_u64()
            .unwrap_or_default()
    }

    #[track_caller]
    fn ask(&self, method: &str, parameters: &Value) -> Value {
        let answer = self.browser.wire.ask(Some(&self.session), method, parameters);
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Asks again and again until there is an answer.
    #[track_caller]
    fn awaited<T>(&self, what: &str, mut find: impl FnMut() -> Option<T>) -> T {
        let deadline = now() + Duration::from_secs(PATIENCE_SECONDS_MAX);
        loop {
            let seen = self.diary.len();
            if let Some(found) = find() {
                return found;
            }
            assert!(now() < deadline, "waited in vain on {} for: {what}", self.path());
            self.diary.wait_beyond(seen, Duration::from_millis(ASK_MILLISECONDS));
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // A test that failed because the browser is gone must not fail twice.
        let _ = self.browser.wire.ask(
            None,
            "Target.disposeBrowserContext",
            &json!({"browserContextId": self.context}),
        );
        self.browser.wire.forget(&self.session);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a browser takes real time, and a test must not wait for ever"
)]
fn now() -> Instant {
    Instant::now()
}
