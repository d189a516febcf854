//! `icommerce settings`: every setting with its value, default, origin and allowed values.

use crate::{
    cli::{ProcessFlags, SettingsFlags},
    error::CliError,
    output::{LINE_COLUMNS, print, print_json, wrapped},
    process,
};
use serde_json::{Value, json};
use settings::{DumpedSetting, ValueOrigin};
use std::{fmt::Write, process::ExitCode};

/// Indent of the further lines of a value.
const VALUE_INDENT: &str = "        ";
const DETAILS_INDENT: &str = "    ";

pub(crate) fn run(flags: &ProcessFlags, options: &SettingsFlags) -> Result<ExitCode, CliError> {
    let dump = process::settings(flags, Vec::new())?.dump();
    if options.json {
        print_json(&dump.0.iter().map(as_json).collect::<Vec<_>>())?;
    } else if options.dump {
        print(dump)?;
    } else {
        print(list(&dump.0).trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(setting: &DumpedSetting) -> Value {
    let DumpedSetting { key, value, default, origin, allowed } = setting;
    // A secret is shown by words that are not JSON.
    let [value, default] = [value, default]
        .map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())));
    json!({"key": key, "value": value, "default": default, "origin": origin.to_string(), "allowed": allowed})
}

/// List with a few lines for each setting, so that long values do not widen a table.
fn list(settings: &[DumpedSetting]) -> String {
    let mut list = String::new();
    for DumpedSetting { key, value, default, origin, allowed } in settings {
        let mut details = match origin {
            ValueOrigin::Default => "default".to_owned(),
            origin => format!("from {origin}; default {default}"),
        };
        if let Some(allowed) = allowed {
            details = format!("{details}; allowed: {allowed}");
        }
        let value = wrapped(&format!("{key} = {value}"), LINE_COLUMNS, VALUE_INDENT);
        let details = wrapped(&format!("{DETAILS_INDENT}{details}"), LINE_COLUMNS, DETAILS_INDENT);
        let _ = writeln!(list, "{value}\n{details}");
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_shows_its_range_and_where_it_came_from() {
        let setting = |origin, allowed: Option<&str>| DumpedSetting {
            key: "x.days".to_owned(),
            value: "3".to_owned(),
            default: "2".to_owned(),
            origin,
            allowed: allowed.map(str::to_owned),
        };
        let flag = ValueOrigin::Flag("--days".to_owned());
        let settings = [setting(ValueOrigin::Default, Some("1 to 365")), setting(flag, None)];
        let expected = "x.days = 3\n    default; allowed: 1 to 365\nx.days = 3\n    from flag --days; default 2\n";
        assert_eq!(list(&settings), expected);
    }

    #[test]
    fn every_setting_fits_a_terminal_whatever_its_value() {
        let flag =
            settings::Flag::new("--x", "api-gateway.trusted_proxies", "10.0.0.0/8,".repeat(40));
        let dump = process::settings(&ProcessFlags::default(), vec![flag]).unwrap().dump();
        let list = list(&dump.0);
        assert!(
            list.lines().all(|line| line.chars().count() <= usize::from(LINE_COLUMNS)),
            "{list}"
        );
    }

    #[test]
    fn every_number_of_every_section_has_a_range() {
        let dump = process::settings(&ProcessFlags::default(), Vec::new()).unwrap().dump();
        let is_number = |setting: &&DumpedSetting| setting.value.parse::<f64>().is_ok();
        let numbers: Vec<_> = dump.0.iter().filter(is_number).collect();
        assert!(numbers.len() > 20, "{}", numbers.len());
        for DumpedSetting { key, allowed, .. } in &numbers {
            assert!(allowed.as_ref().is_some_and(|range| range.contains(" to ")), "{key}");
        }
        let words = |key: &str| dump.0.iter().find(|it| it.key == key).unwrap().allowed.clone();
        assert_eq!(words("log").unwrap(), "text, json");
        assert_eq!(words("order-service.capture").unwrap(), "at_confirmation, at_fulfilment");
    }

    #[test]
    fn a_number_outside_its_range_is_refused_with_key_value_and_range() {
        let dump = process::settings(&ProcessFlags::default(), Vec::new()).unwrap().dump();
        for DumpedSetting { key, allowed, .. } in dump.0 {
            let bounds = allowed.as_deref().and_then(|range| range.split_once(" to "));
            let Some((min, max)) = bounds else { continue };
            let below = (min.parse::<i64>().unwrap() - 1).to_string();
            let above = (max.parse::<i64>().unwrap() + 1).to_string();
            for value in [below.as_str(), above.as_str(), "1000000000000000000"] {
                let flag = settings::Flag::new("--x", key.as_str(), value);
                let error = process::settings(&ProcessFlags::default(), vec![flag]);
                let error = format!("{:?}", error.expect_err("it is refused"));
                let expected = format!("expected a whole number from {min} to {max}");
                assert!(error.contains(&key) && error.contains(value), "{error}");
                assert!(error.contains(&expected) && error.contains("Usage"), "{error}");
            }
        }
    }
}
