//! Tables of engines: a setting that has no effect with the engine that was chosen is refused, because whoever set it means another one.

use super::{BusEngineSetting, DocumentsEngine, EngineSetting, KeyValueEngine, ProcessSettings};
use crate::error::CliError;
use settings::{Settings, ValueOrigin};

/// Table of the settings of one engine.
struct EngineTable {
    /// Its key.
    table: &'static str,
    /// Value of its `engine` with which the other settings have no effect.
    without: &'static str,
    /// Values of its `engine` with which they have, for a message.
    with: &'static str,
    /// Whether the settings choose the former.
    is_without: fn(&ProcessSettings) -> bool,
}

const TABLES: [EngineTable; 4] = [
    EngineTable {
        table: "storage",
        without: "embedded",
        with: "\"postgres\"",
        is_without: |process| process.storage.engine == EngineSetting::Embedded,
    },
    EngineTable {
        table: "storage.documents",
        without: "storage",
        with: "\"mongodb\"",
        is_without: |process| process.storage.documents.engine == DocumentsEngine::Storage,
    },
    EngineTable {
        table: "storage.key_value",
        without: "storage",
        with: "\"redis\"",
        is_without: |process| process.storage.key_value.engine == KeyValueEngine::Storage,
    },
    EngineTable {
        table: "bus",
        without: "feeds",
        with: "\"kafka\", \"rabbitmq\" or \"redis-streams\"",
        is_without: |process| process.bus.engine == BusEngineSetting::Feeds,
    },
];

/// Refuses the first setting that has no effect.
///
/// Where a flag chooses the engine, what the file and the environment say of others is set aside knowingly.
pub(super) fn check(settings: &Settings, process: &ProcessSettings) -> Result<(), CliError> {
    for EngineTable { table, without, with, .. } in
        TABLES.iter().filter(|table| (table.is_without)(process))
    {
        let engine = format!("{table}.engine");
        let is_flag = |key: &str| matches!(settings.origin(key), Some(ValueOrigin::Flag(_)));
        let has_no_effect = |key: &&str| {
            let name = key.strip_prefix(table).and_then(|rest| rest.strip_prefix('.'));
            name.is_some_and(|name| name != "engine" && !name.contains('.'))
                && settings.is_changed(key)
                && (is_flag(key) || !is_flag(&engine))
        };
        if let Some(key) = settings.keys().find(has_no_effect) {
            let origin = settings.origin(key).map(|origin| format!(" ({origin})"));
            return Err(CliError::usage(format!(
                "{key}{} is set, but {engine} is {without}: set {engine} = {with}, or leave out {key}",
                origin.unwrap_or_default()
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{cli::ProcessFlags, process};
    use settings::Flag;

    /// Sentence with which these settings are refused.
    fn refused(more: &[(&str, &str)]) -> Option<String> {
        let flags = more.iter().map(|(key, value)| Flag::new("test", *key, *value)).collect();
        let loaded = process::settings(&ProcessFlags::default(), flags);
        loaded.err().map(|error| error.to_string())
    }

    #[test]
    fn a_setting_without_effect_is_refused_in_every_table_of_an_engine() {
        for (key, value, engine, with) in [
            ("storage.url", "postgres://shop:hidden@h/shop", "storage.engine", "postgres"),
            ("storage.url_file", "/x/hidden", "storage.engine", "postgres"),
            ("storage.migrate_url", "postgres://hidden", "storage.engine", "postgres"),
            ("storage.migrate_at_start", "true", "storage.engine", "postgres"),
            ("storage.client_key", "/x/hidden", "storage.engine", "postgres"),
            ("storage.documents.url", "mongodb://hidden", "storage.documents.engine", "mongodb"),
            ("storage.key_value.url", "redis://hidden", "storage.key_value.engine", "redis"),
            ("storage.key_value.url_file", "/x/hidden", "storage.key_value.engine", "redis"),
            ("bus.url", "amqp://hidden", "bus.engine", "rabbitmq"),
            ("bus.partitions", "3", "bus.engine", "kafka"),
        ] {
            let sentence = refused(&[(key, value)]).unwrap_or_else(|| panic!("{key} is refused"));
            for expected in [key, "is set, but", engine, with] {
                assert!(sentence.contains(expected), "{key}: {sentence}");
            }
            assert!(!sentence.contains("hidden") && !sentence.contains('\n'), "{sentence}");
        }
        let named = [("storage.engine", "sqlite"), ("storage.url_file", "/x")];
        assert!(refused(&named).is_some(), "the older name of the same engine");
    }

    #[test]
    fn what_has_an_effect_or_changes_nothing_is_taken() {
        for settings in [
            &[("storage.engine", "postgres"), ("storage.url", "postgres://shop@h/shop")][..],
            &[("bus.engine", "kafka"), ("bus.url", "kafka://h"), ("bus.partitions", "3")],
            &[("storage.documents.engine", "mongodb"), ("storage.documents.url", "mongodb://h/x")],
            &[("storage.key_value.engine", "redis"), ("storage.key_value.url", "redis://h")],
            &[("storage.url", ""), ("bus.partitions", "8"), ("storage.migrate_at_start", "false")],
        ] {
            assert_eq!(refused(settings), None, "{settings:?}");
        }
    }
}
