//! The settings of the process itself.

use crate::{cli::ProcessFlags, failure::Failure, modules};
use serde::{Deserialize, Serialize};
use settings::{Flag, Origin, Section, Settings, Sources};
use std::{collections::BTreeMap, path::PathBuf};
use telemetry::LogFormat;

/// The settings of the process itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProcessSettings {
    /// Where the data is.
    pub(crate) data: PathBuf,
    /// Where shoppers are served.
    pub(crate) listen: String,
    /// Where operators are served.
    pub(crate) operator_listen: String,
    /// Where other processes reach the services that run here; empty for nowhere.
    pub(crate) service_listen: String,
    /// Which services run here; empty for all.
    pub(crate) services: Vec<String>,
    /// Where services run that do not run here, as `name=url`; a name may come several times.
    pub(crate) peers: Vec<String>,
    /// Whether this is the demonstration: a new data folder gets a catalogue, and test payments are taken.
    pub(crate) demo: bool,
    /// How logs are written.
    pub(crate) log: LogSetting,
    /// Which logs are written, as a filter of the `tracing` ecosystem.
    pub(crate) log_filter: String,
    /// Bytes of disk that stay free: below them nothing is written any more.
    pub(crate) disk_reserve_bytes: u64,
    /// How long requests and tasks under way may take to end when the process stops.
    pub(crate) drain_timeout_ms: u64,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogSetting {
    /// For people.
    #[default]
    Text,
    /// For programs, one JSON object a line.
    Json,
}

impl Default for ProcessSettings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("./data"),
            listen: "127.0.0.1:8080".to_owned(),
            operator_listen: "127.0.0.1:8081".to_owned(),
            service_listen: String::new(),
            services: Vec::new(),
            peers: Vec::new(),
            demo: true,
            log: LogSetting::default(),
            log_filter: "info".to_owned(),
            disk_reserve_bytes: 64 << 20,
            drain_timeout_ms: 20_000,
        }
    }
}

impl ProcessSettings {
    /// Begins the log of this process.
    pub(crate) fn begin_log(&self) -> Result<(), Failure> {
        let format = match self.log {
            LogSetting::Text => LogFormat::Text,
            LogSetting::Json => LogFormat::Json,
        };
        telemetry::init(format, &self.log_filter).map_err(Failure::usage)
    }

    /// The peers by service.
    pub(crate) fn peers(&self) -> Result<BTreeMap<&str, Vec<http::Uri>>, Failure> {
        let mut peers: BTreeMap<&str, Vec<http::Uri>> = BTreeMap::new();
        for peer in &self.peers {
            let wrong = || {
                Failure::usage(format!(
                    "peers: {peer:?} is not of the form NAME=URL, such as some-service=http://127.0.0.1:9001"
                ))
            };
            let (name, url) = peer.split_once('=').ok_or_else(wrong)?;
            let url: http::Uri = url.trim().parse().map_err(|_| wrong())?;
            if url.scheme_str() != Some("http") || url.authority().is_none() {
                return Err(wrong());
            }
            let known =
                modules::table()?.select(Some(&[name.to_owned()])).map_err(Failure::usage)?;
            for module in known {
                peers.entry(module.name).or_default().push(url.clone());
            }
        }
        Ok(peers)
    }
}

/// Whether test payments are taken. The demonstration takes them though a shop in earnest does not, unless somebody
/// said so.
const TEST_PAYMENTS: &str = "payment-service.test_payments";
/// Whether the checkout offers what is taken; it does, unless somebody said so.
const OFFERED_PAYMENTS: &str = "storefront.test_payments";

/// All settings of this process from its flags, its environment and its file.
pub(crate) fn settings(flags: &ProcessFlags, more: Vec<Flag>) -> Result<Settings, Failure> {
    let mut all = flags.flags();
    all.extend(more);
    let settings = load(flags, all.clone())?;
    let process: ProcessSettings = settings.top().map_err(Failure::usage)?;
    let dump = settings.dump().0;
    let is_open =
        |key| dump.iter().any(|setting| setting.key == key && setting.origin == Origin::Default);
    let mut taken = switch(&settings, "payment-service")?;
    let said = all.len();
    if process.demo && is_open(TEST_PAYMENTS) {
        taken = true;
        all.push(Flag::new("the demonstration", TEST_PAYMENTS, "true"));
    }
    if taken && is_open(OFFERED_PAYMENTS) {
        all.push(Flag::new(TEST_PAYMENTS, OFFERED_PAYMENTS, "true"));
    }
    if all.len() == said { Ok(settings) } else { load(flags, all) }
}

/// Whether a section says yes to test payments.
fn switch(settings: &Settings, section: &str) -> Result<bool, Failure> {
    #[derive(Deserialize)]
    struct Switch {
        test_payments: bool,
    }
    let Switch { test_payments } = settings.section(section).map_err(Failure::usage)?;
    Ok(test_payments)
}

fn load(flags: &ProcessFlags, all: Vec<Flag>) -> Result<Settings, Failure> {
    let sections = std::iter::once(Section::top::<ProcessSettings>())
        .chain(modules::ALL.iter().filter_map(|module| module.settings));
    let environment = settings::environment().map_err(Failure::usage)?;
    let sources = Sources { file: flags.config.clone(), environment, flags: all };
    Settings::load(sections, &sources).map_err(Failure::usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether test payments are taken, and whether they are offered.
    fn taken_and_offered(more: &[(&str, &str)]) -> (bool, bool) {
        let more = more.iter().map(|(key, value)| Flag::new("test", *key, *value)).collect();
        let settings = settings(&ProcessFlags::default(), more).unwrap();
        (switch(&settings, "payment-service").unwrap(), switch(&settings, "storefront").unwrap())
    }

    #[test]
    fn the_checkout_offers_test_payments_where_they_are_taken_and_nowhere_else() {
        assert_eq!(taken_and_offered(&[]), (true, true), "the demonstration");
        assert_eq!(taken_and_offered(&[("demo", "false")]), (false, false));
        let on = [("demo", "false"), (TEST_PAYMENTS, "true")];
        assert_eq!(taken_and_offered(&on), (true, true));
        assert_eq!(taken_and_offered(&[(TEST_PAYMENTS, "false")]), (false, false));
        assert_eq!(taken_and_offered(&[(OFFERED_PAYMENTS, "false")]), (true, false));
    }
}
