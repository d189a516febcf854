//! Choice: a query parameter with a closed set of values.

use kernel::{FieldError, Problem, codes};
use serde::{
    Deserialize,
    de::{IntoDeserializer, value},
};

/// The value of a query parameter that is one of the unit variants of `T`, by their serialised names. The same type
/// documents the parameter, so that the document lists what is accepted.
///
/// ```
/// #[derive(Debug, PartialEq, serde::Deserialize)]
/// #[serde(rename_all = "snake_case")]
/// enum Size {
///     Small,
///     ExtraLarge,
/// }
///
/// assert_eq!(web::choice::<Size>("size", "extra_large").unwrap(), Size::ExtraLarge);
/// let problem = web::choice::<Size>("size", "huge").unwrap_err();
/// assert_eq!(problem.errors[0].message, "is small or extra_large");
/// ```
///
/// # Errors
///
/// 400 `invalid_query`, which names the parameter and its values.
pub fn choice<'de, T: Deserialize<'de>>(name: &str, text: &'de str) -> Result<T, Problem> {
    let reader: value::StrDeserializer<'de, value::Error> = text.into_deserializer();
    T::deserialize(reader).map_err(|error| {
        // Serde's message ends with the names of the variants: "expected one of `a`, `b`".
        let error = error.to_string().replace('`', "");
        let expected = error.split_once("expected ").map_or("not known", |(_, names)| names);
        let message = format!("is {expected}");
        let mut problem = Problem::of(codes::INVALID_QUERY, format!("{name} {message}"));
        problem.errors.push(FieldError { field: name.to_owned(), message });
        problem
    })
}
