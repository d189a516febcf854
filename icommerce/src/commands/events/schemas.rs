//! The schema of every event: the envelope it travels in, with the event of the contract as its data.

use contracts::{
    cart::{CartClient, CartEvent},
    inventory::{InventoryClient, InventoryEvent},
    order::{OrderClient, OrderEvent},
    payment::{PaymentClient, PaymentEvent},
    product::{ProductClient, ProductEvent},
};
use messaging::Message;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

/// Where feeds are.
pub(super) const FEEDS: &str = "/internal/v1/feeds/";

/// An event that a service tells others.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub(super) service: &'static str,
    /// Its type, without the version.
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) summary: String,
    pub(super) schema: Value,
}

impl Described {
    /// Where its schema is.
    pub(super) fn path(&self) -> String {
        format!("{}/{}.v{}.json", self.service, self.name, self.version)
    }
}

/// All of them.
pub(super) fn all() -> Vec<Described> {
    [
        of::<ProductEvent>(ProductClient::SERVICE),
        of::<CartEvent>(CartClient::SERVICE),
        of::<InventoryEvent>(InventoryClient::SERVICE),
        of::<PaymentEvent>(PaymentClient::SERVICE),
        of::<OrderEvent>(OrderClient::SERVICE),
    ]
    .concat()
}

/// Those of one contract: a variant each.
fn of<T: JsonSchema>(service: &'static str) -> Vec<Described> {
    let events = schema_of::<T>();
    let variants = events["oneOf"].as_array().cloned().unwrap_or_default();
    variants.into_iter().map(|variant| described(service, variant)).collect()
}

fn described(service: &'static str, mut event: Value) -> Described {
    let word = event["properties"]["type"]["const"].as_str().unwrap_or_default().to_owned();
    let (name, version) = messaging::version_of(&word);
    let summary = event["description"].take().as_str().unwrap_or_default().to_owned();
    if let Some(event) = event.as_object_mut() {
        event.remove("description");
    }
    // As it is written: what is read leniently is always there.
    let mut schema = schema_of_what_is_written::<Message>();
    schema["$id"] = json!(format!("icommerce:{service}/{name}.v{version}"));
    schema["title"] = json!(word);
    schema["description"] = json!(summary);
    schema["properties"]["type"] = json!({"const": messaging::event_type(&word), "description": "What happened, and in which version."});
    schema["properties"]["source"] =
        json!({"const": service, "description": "The service it comes from."});
    schema["properties"]["data"] = event;
    Described { service, name: name.to_owned(), version, summary, schema }
}

fn schema_of<T: JsonSchema>() -> Value {
    settings().into_generator().into_root_schema_for::<T>().to_value()
}

fn schema_of_what_is_written<T: JsonSchema>() -> Value {
    settings().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

/// The draft that `AsyncAPI` tools read; every schema whole in one place.
fn settings() -> SchemaSettings {
    SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true)
}
