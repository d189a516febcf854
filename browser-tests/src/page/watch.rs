//! What a page does behind the screen: what it asks for, what it keeps, what it complains about.

use super::Page;
use crate::wire::Event;
use serde_json::{Value, json};

/// Something the page asked the shop for.
#[derive(Clone, Debug)]
pub struct Request {
    /// As the browser sorts it: `Document`, `Stylesheet`, `Script`, `Image`, `Fetch`.
    pub kind: String,
    pub url: String,
}

impl Page {
    /// What is asked for while something is done.
    pub fn requests(&self, act: impl FnOnce(&Self)) -> Vec<Request> {
        let from = self.diary.len();
        act(self);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let sent = self
            .diary
            .since(from)
            .into_iter()
            .filter(|event| event.name == "Network.requestWillBeSent");
        sent.map(|event| Request {
            kind: text(&event.about["type"]),
            url: text(&event.about["request"]["url"]),
        })
        .collect()
    }

    /// The cookies this page's shopper has.
    pub fn cookies(&self) -> Vec<Value> {
        let mut answer =
            self.browser.ask("Storage.getCookies", &json!({"browserContextId": self.context}));
        match answer["cookies"].take() {
            Value::Array(cookies) => cookies,
            other => panic!("these are no cookies: {other}"),
        }
    }

    /// Everything that was written to the console or should not have been tried, since the page was made.
    pub fn complaints(&self) -> Vec<String> {
        self.diary.since(0).iter().filter_map(complaint).collect()
    }
}

fn complaint(event: &Event) -> Option<String> {
    let Event { name, about } = event;
    match name.as_str() {
        "Runtime.consoleAPICalled" => Some(format!("console: {}", about["args"])),
        "Runtime.exceptionThrown" => Some(format!("exception: {}", about["exceptionDetails"])),
        // That a page is gone, or that a form was wrong, is an answer and no trouble.
        "Log.entryAdded" if about["entry"]["source"] == "network" => {
            let text = about["entry"]["text"].as_str().unwrap_or_default();
            let expected =
                ["404", "422"].iter().any(|status| text.contains(&format!("status of {status}")));
            (!expected).then(|| format!("log: {}", about["entry"]))
        }
        "Log.entryAdded" => Some(format!("log: {}", about["entry"])),
        "Audits.issueAdded" => Some(format!("issue: {}", about["issue"])),
        _ => None,
    }
}
