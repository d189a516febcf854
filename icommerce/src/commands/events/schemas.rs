//! JSON Schema of every contract event: the message envelope with the event as its data.

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

/// Path prefix of the feeds.
pub(super) const FEEDS: &str = "/internal/v1/feeds/";

/// Contract event with its schema.
#[derive(Clone, Debug)]
pub(super) struct EventSchema {
    pub(super) service: &'static str,
    /// Event type without its version.
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) summary: String,
    pub(super) schema: Value,
}

impl EventSchema {
    /// Path of the schema file.
    pub(super) fn path(&self) -> String {
        format!("{}/{}.v{}.json", self.service, self.name, self.version)
    }
}

/// Events of all contracts.
pub(super) fn all() -> Vec<EventSchema> {
    [
        events_of::<ProductEvent>(ProductClient::SERVICE),
        events_of::<CartEvent>(CartClient::SERVICE),
        events_of::<InventoryEvent>(InventoryClient::SERVICE),
        events_of::<PaymentEvent>(PaymentClient::SERVICE),
        events_of::<OrderEvent>(OrderClient::SERVICE),
    ]
    .concat()
}

/// Events of one contract, one per variant.
fn events_of<T: JsonSchema>(service: &'static str) -> Vec<EventSchema> {
    let events = schema_of::<T>();
    let variants = events["oneOf"].as_array().cloned().unwrap_or_default();
    variants.into_iter().map(|variant| event_schema(service, variant)).collect()
}

fn event_schema(service: &'static str, mut event: Value) -> EventSchema {
    let word = event["properties"]["type"]["const"].as_str().unwrap_or_default().to_owned();
    let (name, version) = messaging::version_of(&word);
    let summary = event["description"].take().as_str().unwrap_or_default().to_owned();
    if let Some(event) = event.as_object_mut() {
        event.remove("description");
    }
    // The schema of serialised messages: fields that are optional for readers are always present.
    let mut schema = serialize_schema_of::<Message>();
    schema["$id"] = json!(format!("icommerce:{service}/{name}.v{version}"));
    schema["title"] = json!(word);
    schema["description"] = json!(summary);
    schema["properties"]["type"] = json!({"const": messaging::event_type(&word), "description": "What happened, and in which version."});
    schema["properties"]["source"] =
        json!({"const": service, "description": "The service it comes from."});
    schema["properties"]["data"] = event;
    EventSchema { service, name: name.to_owned(), version, summary, schema }
}

fn schema_of<T: JsonSchema>() -> Value {
    settings().into_generator().into_root_schema_for::<T>().to_value()
}

fn serialize_schema_of<T: JsonSchema>() -> Value {
    settings().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}

/// Schema draft 7, which `AsyncAPI` tools read, with inlined subschemas.
fn settings() -> SchemaSettings {
    SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true)
}
