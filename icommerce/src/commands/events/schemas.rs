//! JSON Schema of every contract event: the message envelope with the event as its data.

use contracts::{
    auth_event::AuthEvent, cart::CartEvent, inventory::InventoryEvent, order::OrderEvent,
    payment::PaymentEvent, product::ProductEvent,
};
use rpc::{CloudEvent, FeedEvent};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

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
        events_of::<ProductEvent>(),
        events_of::<CartEvent>(),
        events_of::<InventoryEvent>(),
        events_of::<PaymentEvent>(),
        events_of::<OrderEvent>(),
        events_of::<AuthEvent>(),
    ]
    .concat()
}

/// Events of one contract, one per variant.
fn events_of<T: FeedEvent + JsonSchema>() -> Vec<EventSchema> {
    let events = schema_of::<T>();
    let variants = events["oneOf"].as_array().cloned().expect("events are an enum");
    variants.into_iter().map(|variant| event_schema(T::SOURCE, variant)).collect()
}

fn event_schema(service: &'static str, mut event: Value) -> EventSchema {
    let word = event["properties"]["type"]["const"].as_str();
    let word = word.expect("an event has a tag").to_owned();
    let (name, version) = rpc::version_of(&word);
    let summary = event["description"].take();
    let summary = summary.as_str().expect("an event is documented").to_owned();
    if let Some(event) = event.as_object_mut() {
        event.remove("description");
    }
    // The schema of serialised messages: fields that are optional for readers are always present.
    let mut schema = serialize_schema_of::<CloudEvent>();
    schema["$id"] = json!(format!("icommerce:{service}/{name}.v{version}"));
    schema["title"] = json!(word);
    schema["description"] = json!(summary);
    schema["properties"]["type"] = json!({"const": rpc::event_type(&word), "description": "What happened, and in which version."});
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
