//! Parameters of a request (`application/x-www-form-urlencoded`), as OAuth wants them read: none occurs twice, an empty one is none
//! (RFC 6749, sections 3.1 and 3.2).

use std::{borrow::Cow, collections::BTreeMap};

/// Longest value, in bytes.
const VALUE_BYTES_MAX: usize = 8 * 1024;
/// Name of the sealed form that a page of this provider hands on.
const FORM: &str = "form";
/// Longest sealed form, in bytes: more than that of the largest request that is accepted.
const FORM_BYTES_MAX: usize = 32 * 1024;
/// Longest `state`, in bytes.
const STATE_BYTES_MAX: usize = 4_096;
/// Parameters that may occur more than once (RFC 8707, section 2; RFC 8693, section 2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];
/// Most parameters.
const PARAMETERS_MAX: usize = 100;

/// Parameters of a request.
#[derive(Clone, Default)]
pub(crate) struct Parameters(BTreeMap<String, Vec<String>>);

/// Reason why parameters cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterError {
    /// One occurs twice.
    Repeated,
    /// One is not UTF-8, too long, or there are too many.
    Unreadable,
}

/// A parameter that is needed is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MissingParameter(pub(crate) &'static str);

/// A `state` that is too long, or has control characters (RFC 6749, appendix A.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnusableState;

impl ParameterError {
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Repeated => "a parameter occurs more than once",
            Self::Unreadable => "a parameter is not UTF-8, too long, or one of too many",
        }
    }
}

impl Parameters {
    /// Parses a query or a body. Names that are given again count only if they have a value.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, ParameterError> {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut count = 0;
        for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = decoded(pair)?;
            if value.is_empty() {
                continue;
            }
            let bytes_max = if name == FORM { FORM_BYTES_MAX } else { VALUE_BYTES_MAX };
            count += 1;
            if value.len() > bytes_max || count > PARAMETERS_MAX {
                return Err(ParameterError::Unreadable);
            }
            if parameters.contains_key(&name) && !REPEATABLE.contains(&&*name) {
                return Err(ParameterError::Repeated);
            }
            parameters.entry(name).or_default().push(value);
        }
        Ok(Self(parameters))
    }

    /// Value of a parameter that is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(String::as_str)
    }

    /// Values of a parameter that may occur more than once.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// The same parameters with this value of one of them, and no other.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), vec![value.to_owned()]);
        self
    }

    /// The same parameters without some.
    #[must_use]
    pub(crate) fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|name, _| !names.contains(&name.as_str()));
        self
    }

    /// The parameters as a form, from which they are parsed again.
    pub(crate) fn to_form(&self) -> String {
        let values = |(name, values): (&'_ String, &'_ Vec<String>)| {
            values.iter().map(|value| (name.clone(), value.clone())).collect::<Vec<_>>()
        };
        let pairs = self.0.iter().flat_map(values);
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// Value of a parameter without which the request means nothing.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, MissingParameter> {
        self.get(name).ok_or(MissingParameter(name))
    }

    /// Scopes that are asked for, each once; `None` where there is not one word of them.
    pub(crate) fn scopes(&self) -> Option<Vec<&str>> {
        let mut scopes = Vec::new();
        for scope in self.get("scope")?.split(' ').filter(|scope| !scope.is_empty()) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        (!scopes.is_empty()).then_some(scopes)
    }

    /// Sealed form.
    pub(crate) fn form(&self) -> &str {
        self.get(FORM).unwrap_or_default()
    }

    /// `state` that is to return to the client.
    pub(crate) fn state(&self) -> Result<Option<&str>, UnusableState> {
        let state = self.get("state");
        let is_usable = |state: &str| {
            state.len() <= STATE_BYTES_MAX && !state.bytes().any(|byte| byte.is_ascii_control())
        };
        if state.is_none_or(is_usable) { Ok(state) } else { Err(UnusableState) }
    }

    /// Whether a parameter has a value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl std::fmt::Debug for Parameters {
    /// The names alone: values are secrets.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.0.keys()).finish()
    }
}

/// Name and value of a pair; only what is UTF-8 once it is decoded.
fn decoded(pair: &[u8]) -> Result<(String, String), ParameterError> {
    let (name, value) = form_urlencoded::parse(pair).next().unwrap_or_default();
    // The decoder puts this character in place of what is not UTF-8; nobody sends it otherwise.
    let is_text = |text: &Cow<'_, str>| !text.contains(char::REPLACEMENT_CHARACTER);
    if is_text(&name) && is_text(&value) {
        Ok((name.into_owned(), value.into_owned()))
    } else {
        Err(ParameterError::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_parameter_occurs_once_and_an_empty_one_is_none() {
        let read = |text: &str| Parameters::parse(text.as_bytes());
        let good = read("a=1&b=&c=x+y%26&&d&b=2").unwrap();
        assert_eq!(
            (good.get("a"), good.get("b"), good.get("c")),
            (Some("1"), Some("2"), Some("x y&"))
        );
        assert!(!good.has("d") && !good.has("e"));
        assert!(!format!("{good:?}").contains("x y"));
        assert_eq!(read("a=1&a=1").unwrap_err(), ParameterError::Repeated);
        assert_eq!(read("a=1&%61=2").unwrap_err(), ParameterError::Repeated);
        assert_eq!(read("a=%ff").unwrap_err(), ParameterError::Unreadable);
        assert_eq!(
            read(&format!("a={}", "x".repeat(9_000))).unwrap_err(),
            ParameterError::Unreadable
        );
        let many = (0..101).map(|number| format!("a{number}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(read(&many).unwrap_err(), ParameterError::Unreadable);
    }

    #[test]
    fn a_resource_may_occur_more_than_once() {
        let parameters = Parameters::parse(b"resource=a&b=1&resource=b").unwrap();
        assert_eq!(parameters.all("resource"), ["a", "b"]);
        assert!(parameters.all("c").is_empty());
        let changed = parameters.with("b", "2").without(&["resource"]);
        assert_eq!((changed.get("b"), changed.has("resource")), (Some("2"), false));
        let many = vec!["resource=a"; 101].join("&");
        assert_eq!(Parameters::parse(many.as_bytes()).unwrap_err(), ParameterError::Unreadable);
    }

    #[test]
    fn scopes_count_once_and_blanks_are_none() {
        let read = |text: &str| Parameters::parse(text.as_bytes()).unwrap();
        assert_eq!(read("scope=a+b++a+").scopes(), Some(vec!["a", "b"]));
        assert_eq!((read("scope=++").scopes(), read("scope=").scopes()), (None, None));
        assert_eq!(read("scope=a%09b").scopes(), Some(vec!["a\tb"]), "only a blank parts scopes");
    }

    #[test]
    fn only_a_sealed_form_is_long() {
        let long = "x".repeat(FORM_BYTES_MAX);
        assert_eq!(Parameters::parse(format!("form={long}").as_bytes()).unwrap().form(), long);
        for refused in [format!("form={long}x"), format!("scope={long}")] {
            let refused = Parameters::parse(refused.as_bytes());
            assert_eq!(refused.unwrap_err(), ParameterError::Unreadable);
        }
    }

    #[test]
    fn what_is_needed_and_empty_is_missing() {
        let parameters = Parameters::parse(b"a=1&b=").unwrap();
        assert_eq!(parameters.required("a"), Ok("1"));
        assert_eq!(parameters.required("b"), Err(MissingParameter("b")));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(parameters) = Parameters::parse(&bytes) {
                prop_assert!(parameters.0.values().flatten().all(|value| !value.is_empty()));
                let again = Parameters::parse(parameters.to_form().as_bytes()).unwrap();
                prop_assert_eq!(again.0, parameters.0);
            }
        }
    }
}
