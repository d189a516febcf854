//! Lighthouse over pages of the shop, in a browser of its own that nobody else disturbs.

use crate::{
    Shop, needs,
    warden::{self, Ending},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
};

/// On what a page is looked at; each is emulated as Lighthouse does it, the phone with a slow line and a slow processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    Phone,
    Desktop,
}

/// A page to look at.
#[derive(Clone, Debug)]
pub struct Sight {
    pub name: &'static str,
    pub path: String,
    /// What the shopper's browser sends with it.
    pub cookie: String,
}

/// What Lighthouse said of a page, once or several times.
#[derive(Debug)]
pub struct Verdict {
    pub name: &'static str,
    rounds: Vec<Value>,
}

/// Has every page looked at `rounds` times.
pub fn lighthouse(device: Device, sights: &[Sight], rounds: usize) -> Vec<Verdict> {
    let folder = warden::folder();
    let width = match device {
        Device::Phone => "phone",
        Device::Desktop => "desktop",
    };
    let page = |sight: &Sight| {
        json!({
            "name": sight.name, "url": Shop::shared().url(&sight.path), "width": width, "cookie": sight.cookie,
        })
    };
    let pages: Vec<Value> = (0..rounds).flat_map(|_| sights.iter().map(page)).collect();
    let wanted = json!({"browser": needs::chromium(), "folder": folder, "pages": pages});
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/lighthouse.mjs");
    let mut shell = warden::start(Ending::Piped, &folder, Path::new("node"), &[script.to_owned()]);
    let mut input = shell.stdin.take().expect("the input is a pipe");
    writeln!(input, "{wanted}").expect("node listens");
    let output = shell.stdout.take().expect("the output is a pipe");
    let said: Vec<Value> = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .map(|line| serde_json::from_str(&line).expect("the script speaks JSON"))
        .collect();
    if let Some(error) = said.iter().find_map(|it| it["error"].as_str()) {
        panic!("Lighthouse failed: {error}");
    }
    assert_eq!(said.len(), pages.len(), "Lighthouse broke off");
    // Only now, so that the script does not end before it has said everything.
    drop(input);
    shell.wait().expect("node ends when it was told that it is over");
    let verdict = |sight: &Sight| {
        let own = said.iter().filter(|it| it["name"] == sight.name).cloned();
        Verdict { name: sight.name, rounds: own.collect() }
    };
    sights.iter().map(verdict).collect()
}

impl Verdict {
    /// The median of a category's score, of 100.
    pub fn score(&self, category: &str) -> f64 {
        (self.median(|it| it["scores"][category].as_f64()) * 100.0).round()
    }

    /// The median of a figure.
    pub fn figure(&self, audit: &str) -> f64 {
        self.median(|it| it["figures"][audit].as_f64())
    }

    /// What keeps a category from being full, whenever it was looked at.
    pub fn findings(&self, category: &str) -> Vec<String> {
        let lists = self.rounds.iter().filter_map(|it| it["findings"][category].as_array());
        let mut found: Vec<String> =
            lists.flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
        found.sort();
        found.dedup();
        found
    }

    /// What the page fetched the first time it was looked at: how often and how many bytes, by kind.
    pub fn fetched(&self) -> BTreeMap<String, (usize, u64)> {
        let mut fetched: BTreeMap<String, (usize, u64)> = BTreeMap::new();
        let requests = self.rounds[0]["requests"].as_array();
        for request in requests.expect("requests are always told") {
            let kind = request["kind"].as_str().unwrap_or("Other");
            let sum = fetched.entry(kind.to_owned()).or_default();
            sum.0 += 1;
            sum.1 += request["bytes"].as_u64().unwrap_or_default();
        }
        fetched
    }

    fn median(&self, part: impl Fn(&Value) -> Option<f64>) -> f64 {
        let value = |it: &Value| {
            part(it).unwrap_or_else(|| panic!("{}: Lighthouse did not say it: {it}", self.name))
        };
        let mut values: Vec<f64> = self.rounds.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }
}
