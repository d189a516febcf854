//! OpenAPI 3.1 documents of the routes.

mod document;

pub use document::openapi_document;

use crate::path::UNNAMED_PARTS;
use aide::{
    generate::GenContext,
    openapi::{
        HeaderStyle, OpenApi, Operation, Parameter, ParameterData, ParameterSchemaOrContent,
        PathItem, PathStyle, ReferenceOr, SchemaObject,
    },
};
use schemars::{Schema, json_schema};
use serde_json::Value;

/// Whether a parameter is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// Documentation of a text header.
pub(crate) fn header_parameter(
    context: &mut GenContext,
    name: &str,
    about: &str,
    presence: Presence,
) -> Parameter {
    let schema = context.schema.subschema_for::<String>();
    let mut parameter_data = parameter(name, schema, presence);
    parameter_data.description = Some(about.to_owned());
    Parameter::Header { parameter_data, style: HeaderStyle::Simple }
}

/// Documents the parameters of each path template: extractors of one value or of a tuple do not know their names, which
/// only the template has.
pub(crate) fn name_path_parts(document: &mut OpenApi) {
    let Some(paths) = &mut document.paths else { return };
    for (template, item) in &mut paths.paths {
        let ReferenceOr::Item(item) = item else { continue };
        let names: Vec<&str> = names(template).collect();
        for operation in operations(item) {
            let unnamed = operation.extensions.shift_remove(UNNAMED_PARTS);
            for (index, name) in names.iter().enumerate() {
                if !is_documented(operation, name) {
                    let schema = unnamed.as_ref().and_then(|parts| nth_schema(parts, index));
                    let schema = schema.unwrap_or_else(|| json_schema!({ "type": "string" }));
                    let parameter_data = parameter(name, schema, Presence::Required);
                    let parameter = Parameter::Path { parameter_data, style: PathStyle::Simple };
                    operation.parameters.push(ReferenceOr::Item(parameter));
                }
            }
        }
    }
}

fn parameter(name: &str, json_schema: Schema, presence: Presence) -> ParameterData {
    let schema = SchemaObject { json_schema, example: None, external_docs: None };
    ParameterData {
        name: name.to_owned(),
        description: None,
        required: presence == Presence::Required,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(schema),
        example: None,
        examples: [].into_iter().collect(),
        explode: None,
        extensions: [].into_iter().collect(),
    }
}

/// The names in a template such as `/api/v1/things/{id}/files/{*rest}`.
fn names(template: &str) -> impl Iterator<Item = &str> {
    let parts = template.split('{').skip(1).filter_map(|part| part.split('}').next());
    parts.map(|name| name.trim_start_matches('*'))
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    [get, put, post, delete, options, head, patch, trace].into_iter().flatten()
}

fn is_documented(operation: &Operation, name: &str) -> bool {
    operation.parameters.iter().any(|parameter| {
        matches!(parameter, ReferenceOr::Item(Parameter::Path { parameter_data, .. })
            if parameter_data.name == name)
    })
}

/// The schema of the parameter at `index`: of a tuple its element, of a single value the value itself.
fn nth_schema(parts: &Value, index: usize) -> Option<Schema> {
    let elements =
        parts.get("prefixItems").or_else(|| parts.get("items")).and_then(Value::as_array);
    let schema = match elements {
        Some(elements) => elements.get(index)?,
        None => (index == 0).then_some(parts)?,
    };
    schema.clone().try_into().ok()
}
