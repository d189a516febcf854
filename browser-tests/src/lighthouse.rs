//! Lighthouse audits of pages of the shop, in a separate browser.

use crate::{
    Shop, environment,
    process_guard::{self, Termination},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
};

/// Emulated device. The phone has a slow connection and a slow processor, as Lighthouse emulates them by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    Phone,
    Desktop,
}

/// A page to audit.
#[derive(Clone, Debug)]
pub struct AuditTarget {
    pub name: &'static str,
    pub path: String,
    /// Value of the `Cookie` header; empty for none.
    pub cookie: String,
}

/// Results of the audits of a page, one per run.
#[derive(Debug)]
pub struct AuditReport {
    pub name: &'static str,
    runs: Vec<Value>,
}

/// Audits every page `runs` times.
pub fn audit(device: Device, targets: &[AuditTarget], runs: usize) -> Vec<AuditReport> {
    let folder = process_guard::temp_folder();
    let form_factor = match device {
        Device::Phone => "phone",
        Device::Desktop => "desktop",
    };
    let page = |target: &AuditTarget| {
        json!({
            "name": target.name, "url": Shop::shared().url(&target.path), "form_factor": form_factor, "cookie": target.cookie,
        })
    };
    let pages: Vec<Value> = (0..runs).flat_map(|_| targets.iter().map(page)).collect();
    let request = json!({"browser": environment::chromium(), "folder": folder, "pages": pages});
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/lighthouse.mjs");
    let mut shell = process_guard::spawn(
        Termination::PipeClose,
        &folder,
        Path::new("node"),
        &[script.to_owned()],
    );
    let mut input = shell.stdin.take().expect("the input is a pipe");
    writeln!(input, "{request}").expect("node reads its input");
    let output = shell.stdout.take().expect("the output is a pipe");
    let results: Vec<Value> = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .map(|line| serde_json::from_str(&line).expect("the script writes JSON"))
        .collect();
    if let Some(error) = results.iter().find_map(|it| it["error"].as_str()) {
        panic!("Lighthouse failed: {error}");
    }
    assert_eq!(results.len(), pages.len(), "Lighthouse did not finish");
    // Closed only now, because the script exits when its input is closed.
    drop(input);
    shell.wait().expect("node exits when its input is closed");
    let report = |target: &AuditTarget| {
        let own = results.iter().filter(|it| it["name"] == target.name).cloned();
        AuditReport { name: target.name, runs: own.collect() }
    };
    targets.iter().map(report).collect()
}

impl AuditReport {
    /// The median score of a category, from 0 to 100.
    pub fn score(&self, category: &str) -> f64 {
        (self.median(|it| it["scores"][category].as_f64()) * 100.0).round()
    }

    /// The median of a metric.
    pub fn metric(&self, audit: &str) -> f64 {
        self.median(|it| it["metrics"][audit].as_f64())
    }

    /// Failed audits of a category, over all runs.
    pub fn findings(&self, category: &str) -> Vec<String> {
        let lists = self.runs.iter().filter_map(|it| it["findings"][category].as_array());
        let mut found: Vec<String> =
            lists.flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
        found.sort();
        found.dedup();
        found
    }

    /// Requests and bytes transferred in the first run, by resource type.
    pub fn transfers_by_kind(&self) -> BTreeMap<String, (usize, u64)> {
        let mut transfers: BTreeMap<String, (usize, u64)> = BTreeMap::new();
        let requests = self.runs[0]["requests"].as_array();
        for request in requests.expect("every result lists the requests") {
            let kind = request["kind"].as_str().unwrap_or("Other");
            let sum = transfers.entry(kind.to_owned()).or_default();
            sum.0 += 1;
            sum.1 += request["bytes"].as_u64().unwrap_or_default();
        }
        transfers
    }

    fn median(&self, part: impl Fn(&Value) -> Option<f64>) -> f64 {
        let value = |it: &Value| {
            part(it).unwrap_or_else(|| panic!("{}: a metric is missing: {it}", self.name))
        };
        let mut values: Vec<f64> = self.runs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }
}
