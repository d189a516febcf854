//! Layered settings: loads the layers, refuses undeclared keys, and deserialises sections.

use crate::deserializer::{Node, NodeContent, NodeDeserializer, Observed};
use crate::secret::REDACTED;
use crate::section::joined;
use crate::source::{self, FILE_VARIABLE, PREFIX};
use crate::{Allowed, InvalidSetting, Section, SettingError, Sources, ValueOrigin, suggestion};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Settings of a process, loaded and validated, each with its value and origin. The crate's [example](crate) loads some.
#[derive(Clone)]
pub struct Settings {
    sections: Vec<Section>,
    pub(crate) keys: BTreeMap<String, Setting>,
    pub(crate) observed: Observed,
}

/// Setting of one key.
#[derive(Clone)]
pub(crate) struct Setting {
    section: &'static str,
    pub(crate) default: Value,
    pub(crate) node: Node,
}

impl Setting {
    /// Whether it has another value than its default.
    fn is_changed(&self) -> bool {
        match &self.node.content {
            NodeContent::Typed(value) => *value != self.default,
            NodeContent::Text(text) => match &self.default {
                Value::String(default) => text != default,
                default => serde_json::from_str(text).ok().as_ref() != Some(default),
            },
            NodeContent::Table(_) => true,
        }
    }
}

/// End of the key of a setting that names a file with what the setting without it would give as text.
const FILE_SUFFIX: &str = "_file";

impl Settings {
    /// Loads the settings of these sections. Every section is deserialised once, so that a process with a wrong setting does
    /// not start.
    ///
    /// # Errors
    ///
    /// [`SettingError`] for the first of: a declaration that contradicts another, a file that cannot be read or is not TOML,
    /// a key or variable that no section declares, a value of a wrong type or range, a secret with a default.
    pub fn load(
        sections: impl IntoIterator<Item = Section>,
        sources: &Sources,
    ) -> Result<Self, SettingError> {
        let mut settings = Self::defaults(sections)?;
        if let Some(path) = sources.settings_file() {
            settings.load_file(&path)?;
        }
        settings.load_environment(&sources.environment)?;
        for flag in &sources.flags {
            settings.load_flag(flag)?;
        }
        settings.check()?;
        Ok(settings)
    }

    /// Settings in which these values replace the defaults, as one: where any of the keys has been given a value already,
    /// all stay as they are. `origin` names them where an origin is shown.
    ///
    /// # Errors
    ///
    /// [`SettingError`] for a key that no section declares, or a value that is refused.
    pub fn preset(mut self, origin: &str, values: &[(&str, &str)]) -> Result<Self, SettingError> {
        let is_given = |key: &str| {
            self.keys.get(key).is_some_and(|setting| setting.node.origin != ValueOrigin::Default)
        };
        if values.iter().any(|(key, _)| is_given(key)) {
            return Ok(self);
        }
        for (key, value) in values {
            self.load_flag(&source::Flag::new(origin, *key, *value))?;
        }
        self.check()?;
        Ok(self)
    }

    /// Origin of the value of a setting; `None` where no section declares the key.
    pub fn origin(&self, key: &str) -> Option<&ValueOrigin> {
        self.keys.get(key).map(|setting| &setting.node.origin)
    }

    /// Keys of all settings, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// Whether a setting has another value than its default.
    pub fn is_changed(&self, key: &str) -> bool {
        self.keys.get(key).is_some_and(Setting::is_changed)
    }

    /// Deserialises a section.
    ///
    /// # Errors
    ///
    /// [`SettingError`] when no section has this name, or `T` is not the type it was declared with and does not fit.
    pub fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T, SettingError> {
        if !self.sections.iter().any(|section| section.name == name) {
            let suggestion = suggestion::did_you_mean(name, self.sections.iter().map(|it| it.name));
            return Err(SettingError::new(format!(
                "there is no settings section `{name}`{suggestion}"
            )));
        }
        let observed = RefCell::default();
        let deserializer = NodeDeserializer { node: self.table(name), observed: &observed };
        T::deserialize(deserializer).map_err(|error| SettingError::new(error.to_string()))
    }

    /// Deserialises the settings of the top level.
    ///
    /// # Errors
    ///
    /// As for [`Settings::section`].
    pub fn top<T: DeserializeOwned>(&self) -> Result<T, SettingError> {
        self.section("")
    }

    fn defaults(sections: impl IntoIterator<Item = Section>) -> Result<Self, SettingError> {
        let mut all =
            Self { sections: Vec::new(), keys: BTreeMap::new(), observed: Observed::default() };
        let mut variables = BTreeMap::from([(FILE_VARIABLE.to_owned(), "config".to_owned())]);
        for section in sections {
            let declared =
                |what: String| SettingError::new(format!("section `{}`: {what}", section.name));
            if all.sections.iter().any(|other| other.name == section.name) {
                return Err(declared("two sections have this name".to_owned()));
            }
            let defaults = (section.defaults)().map_err(declared)?;
            let mut leaves = Vec::new();
            flatten(&section.key(""), defaults, &mut leaves);
            for (key, default) in leaves {
                if let Some(other) = variables.insert(source::variable(&key), key.clone()) {
                    return Err(declared(format!(
                        "`{key}` and `{other}` would share one environment variable"
                    )));
                }
                let content = NodeContent::Typed(default.clone());
                let node = Node { key: key.clone(), origin: ValueOrigin::Default, content };
                all.keys.insert(key, Setting { section: section.name, default, node });
            }
            all.sections.push(section);
        }
        Ok(all)
    }

    fn load_file(&mut self, path: &Path) -> Result<(), SettingError> {
        let file = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            SettingError::new(format!("the settings file {file} cannot be read: {error}"))
        })?;
        let table: toml::Table = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let message = error.message().replace('\n', ", ");
            SettingError::new(format!(
                "the settings file {file} is not TOML at line {line}: {message}"
            ))
        })?;
        self.load_table("", table, &ValueOrigin::File(path.to_owned()))
    }

    fn load_table(
        &mut self,
        parent: &str,
        table: toml::Table,
        origin: &ValueOrigin,
    ) -> Result<(), SettingError> {
        for (name, value) in table {
            let key = joined(parent, &name);
            if let Some(setting) = self.keys.get_mut(&key) {
                let content = NodeContent::Typed(from_toml(value));
                setting.node = Node { key, origin: origin.clone(), content };
            } else if !self.children(&key).is_empty() {
                let toml::Value::Table(table) = value else {
                    let sentence =
                        format!("`{key}` ({origin}) is a table: write [{key}] and its keys below");
                    return Err(SettingError::new(sentence));
                };
                self.load_table(&key, table, origin)?;
            } else {
                let known = self.children(parent);
                let suggestion = suggestion::did_you_mean(&name, known.iter().map(String::as_str));
                let sentence = format!("there is no setting `{key}` ({origin}){suggestion}");
                return Err(SettingError::new(sentence));
            }
        }
        Ok(())
    }

    fn load_environment(&mut self, environment: &[(String, String)]) -> Result<(), SettingError> {
        let keys: BTreeMap<String, String> =
            self.keys.keys().map(|key| (source::variable(key), key.clone())).collect();
        for (name, value) in environment {
            if !name.starts_with(PREFIX) || name == FILE_VARIABLE {
                continue;
            }
            let Some(key) = keys.get(name) else {
                if source::is_service_link(name, value) {
                    continue;
                }
                let suggestion = suggestion::did_you_mean(name, keys.keys().map(String::as_str));
                let sentence = format!("the environment variable {name} sets nothing{suggestion}");
                return Err(SettingError::new(sentence));
            };
            self.set_text(key, ValueOrigin::Environment(name.clone()), value);
        }
        Ok(())
    }

    fn load_flag(&mut self, flag: &source::Flag) -> Result<(), SettingError> {
        if !self.keys.contains_key(&flag.key) {
            let suggestion =
                suggestion::did_you_mean(&flag.key, self.keys.keys().map(String::as_str));
            let sentence =
                format!("there is no setting `{}` (flag {}){suggestion}", flag.key, flag.name);
            return Err(SettingError::new(sentence));
        }
        let origin = ValueOrigin::Flag(flag.name.clone());
        // A flag that gives a secret takes the place of the file that has it, and the other way round.
        if let Some(twin) = self.twin(&flag.key)
            && !matches!(self.origin(&twin), Some(ValueOrigin::Flag(_)))
        {
            self.set_text(&twin, origin.clone(), "");
        }
        self.set_text(&flag.key, origin, &flag.value);
        Ok(())
    }

    /// Key of the setting that gives the same in a file, or as text.
    fn twin(&self, key: &str) -> Option<String> {
        let twin = match key.strip_suffix(FILE_SUFFIX) {
            Some(text) => text.to_owned(),
            None => format!("{key}{FILE_SUFFIX}"),
        };
        self.keys.contains_key(&twin).then_some(twin)
    }

    /// Refuses a secret that is given both as text and in a file: one of them would have no effect.
    fn check_twins(&self) -> Result<(), SettingError> {
        for key in &self.observed.secrets {
            let file = format!("{key}{FILE_SUFFIX}");
            let (Some(one), Some(other)) = (self.keys.get(key), self.keys.get(&file)) else {
                continue;
            };
            if one.is_changed() && other.is_changed() {
                let (one, other) = (&one.node.origin, &other.node.origin);
                return Err(SettingError::new(format!(
                    "`{key}` ({one}) and `{file}` ({other}) are both set: leave one of the two out"
                )));
            }
        }
        Ok(())
    }

    fn set_text(&mut self, key: &str, origin: ValueOrigin, value: &str) {
        if let Some(setting) = self.keys.get_mut(key) {
            setting.node =
                Node { key: key.to_owned(), origin, content: NodeContent::Text(value.to_owned()) };
        }
    }

    /// Checks the ranges, and deserialises every section once, which also finds out what kind of setting each key is.
    fn check(&mut self) -> Result<(), SettingError> {
        let observed = RefCell::default();
        for section in &self.sections {
            self.check_ranges(section)?;
            let deserializer =
                NodeDeserializer { node: self.table(section.name), observed: &observed };
            let checked = (section.check)(deserializer);
            let checked = checked.map_err(|error| SettingError::new(error.to_string()))?;
            checked.map_err(|InvalidSetting { path, expected }| {
                self.invalid(&section.key(path), &expected, &observed.borrow().secrets)
            })?;
        }
        self.observed = observed.into_inner();
        for key in &self.observed.numbers {
            if self.range_of(key).is_none() {
                let sentence =
                    format!("`{key}` is a number, and its section declares no range for it");
                return Err(SettingError::new(sentence));
            }
        }
        for key in &self.observed.secrets {
            if self
                .keys
                .get(key)
                .is_some_and(|it| it.default.as_str().is_some_and(|it| !it.is_empty()))
            {
                let sentence = format!(
                    "`{key}` has a default, which would be a published secret; leave it empty"
                );
                return Err(SettingError::new(sentence));
            }
        }
        self.check_twins()
    }

    fn check_ranges(&self, section: &Section) -> Result<(), SettingError> {
        for (key, setting) in self.keys.iter().filter(|(_, it)| it.section == section.name) {
            let number = match &setting.node.content {
                NodeContent::Typed(Value::Number(number)) => {
                    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
                }
                NodeContent::Text(text) => text.trim().parse().ok(),
                _ => None,
            };
            // What is not a whole number is refused by its type, or is no number.
            if let (Some(number), Some(range)) = (number, section.range_of(key))
                && !range.contains(number)
            {
                let expected = format!("expected a whole number from {range}");
                return Err(self.invalid(key, &expected, &self.observed.secrets));
            }
        }
        Ok(())
    }

    /// Range of the number with this key, if its section declares one.
    pub(crate) fn range_of(&self, key: &str) -> Option<&'static Allowed> {
        self.sections.iter().find_map(|section| section.range_of(key))
    }

    /// Error for a setting whose value is not as expected; it is not shown if it is one of these secrets, or has one in it.
    fn invalid(&self, key: &str, expected: &str, secrets: &BTreeSet<String>) -> SettingError {
        let Some(Setting { node, .. }) = self.keys.get(key) else {
            return SettingError::new(format!("`{key}`: {expected}"));
        };
        let is_within = |secret: &String| {
            secret.strip_prefix(key).is_some_and(|it| it.is_empty() || it.starts_with('.'))
        };
        let is_secret = secrets.iter().any(is_within);
        let value = if is_secret { REDACTED.to_owned() } else { node.excerpt() };
        let origin = &node.origin;
        SettingError::new(format!("`{key}` cannot be {value} ({origin}): {expected}"))
    }

    /// Names directly below a key.
    fn children(&self, parent: &str) -> BTreeSet<String> {
        let below = self.keys.keys().filter_map(|key| match parent {
            "" => Some(key.as_str()),
            _ => key.strip_prefix(parent)?.strip_prefix('.'),
        });
        below.filter_map(|rest| rest.split('.').next()).map(str::to_owned).collect()
    }

    /// Values of a section as a tree.
    fn table(&self, section: &str) -> Node {
        let mut root = empty_table(section);
        for (key, setting) in self.keys.iter().filter(|(_, it)| it.section == section) {
            let path = key.strip_prefix(section).unwrap_or(key);
            let path = path.strip_prefix('.').unwrap_or(path);
            if path.is_empty() {
                return setting.node.clone();
            }
            insert(&mut root, path, setting.node.clone());
        }
        root
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The values themselves may be secret; the dump knows which.
        std::fmt::Debug::fmt(&self.dump(), out)
    }
}

fn empty_table(key: &str) -> Node {
    Node {
        key: key.to_owned(),
        origin: ValueOrigin::Default,
        content: NodeContent::Table(BTreeMap::new()),
    }
}

fn insert(parent: &mut Node, path: &str, leaf: Node) {
    let NodeContent::Table(table) = &mut parent.content else {
        return;
    };
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), leaf);
        }
        Some((name, rest)) => {
            let key = joined(&parent.key, name);
            insert(table.entry(name.to_owned()).or_insert_with(|| empty_table(&key)), rest, leaf);
        }
    }
}

/// Collects the keys of a default: every value that is not itself a struct. An empty table accepts any keys, which its
/// type then checks.
fn flatten(key: &str, value: Value, leaves: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                flatten(&joined(key, &name), value, leaves);
            }
        }
        Value::Object(_) if key.is_empty() => {}
        leaf => leaves.push((key.to_owned(), leaf)),
    }
}

fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(value) => Value::Bool(value),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(from_toml).collect()),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(name, value)| (name, from_toml(value))).collect())
        }
    }
}
