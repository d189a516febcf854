//! Page diagnostics: network requests, cookies, console messages and reported issues.

use super::Page;
use crate::devtools::Event;
use serde_json::{Value, json};

/// A network request of a page.
#[derive(Clone, Debug)]
pub struct Request {
    /// Resource type: `Document`, `Stylesheet`, `Script`, `Image`, `Fetch`.
    pub kind: String,
    pub url: String,
}

impl Page {
    /// The requests sent while the action runs.
    pub fn record_requests(&self, action: impl FnOnce(&Self)) -> Vec<Request> {
        let from = self.events.len();
        action(self);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let sent = self
            .events
            .since(from)
            .into_iter()
            .filter(|event| event.name == "Network.requestWillBeSent");
        sent.map(|event| Request {
            kind: text(&event.params["type"]),
            url: text(&event.params["request"]["url"]),
        })
        .collect()
    }

    /// The cookies of this page's browser context.
    pub fn cookies(&self) -> Vec<Value> {
        let mut response =
            self.browser.call("Storage.getCookies", &json!({"browserContextId": self.context}));
        match response["cookies"].take() {
            Value::Array(cookies) => cookies,
            other => panic!("not a list of cookies: {other}"),
        }
    }

    /// Console messages, exceptions, failed requests and issues since the page was opened.
    pub fn problems(&self) -> Vec<String> {
        self.events.since(0).iter().filter_map(problem).collect()
    }
}

fn problem(event: &Event) -> Option<String> {
    let Event { name, params } = event;
    match name.as_str() {
        "Runtime.consoleAPICalled" => Some(format!("console: {}", params["args"])),
        "Runtime.exceptionThrown" => Some(format!("exception: {}", params["exceptionDetails"])),
        // A page that is not found, a form with errors, and a request of an unknown client are expected responses.
        "Log.entryAdded" if params["entry"]["source"] == "network" => {
            let text = |name: &str| params["entry"][name].as_str().unwrap_or_default();
            let has_status = |status: u16| text("text").contains(&format!("status of {status}"));
            let is_refused = text("url").contains("/auth/authorize?") && has_status(400);
            let is_expected = has_status(404) || has_status(422) || is_refused;
            (!is_expected).then(|| format!("log: {}", params["entry"]))
        }
        "Log.entryAdded" => Some(format!("log: {}", params["entry"])),
        "Audits.issueAdded" => Some(format!("issue: {}", params["issue"])),
        _ => None,
    }
}
