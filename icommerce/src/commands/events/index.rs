//! `AsyncAPI` document: the channels, their publishers and their consumers.

use super::schemas::EventSchema;
use crate::modules;
use serde_json::{Map, Value, json};

/// `AsyncAPI` document of these events.
pub(super) fn build(events: &[EventSchema]) -> Value {
    let (mut channels, mut operations) = (Map::new(), Map::new());
    for module in modules::ALL {
        let service = module.name;
        let published: Vec<&EventSchema> =
            events.iter().filter(|it| it.service == service).collect();
        if !published.is_empty() {
            channels.insert(service.to_owned(), channel(service, &published));
            let send = json!({"action": "send", "channel": reference("channels", service)});
            operations.insert(format!("{service}.publishes"), send);
        }
        for source in module.follows {
            let receive = json!({"action": "receive", "channel": reference("channels", source)});
            operations.insert(format!("{service}.consumes.{source}"), receive);
        }
    }
    let messages = events.iter().map(|event| (key(event), message(event)));
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "iCommerce events",
            "version": "1",
            "description": "Contract events between services. Each service publishes its durable events as a feed, \
                which consumers pull in commit order: POST {\"after\": POSITION, \"wait_ms\": MILLISECONDS}. Delivery is at least once; a \
                redelivered message keeps its id and position. Events are added, never changed.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages.collect::<Map<_, _>>()},
    })
}

fn channel(service: &str, published: &[&EventSchema]) -> Value {
    let messages =
        published.iter().map(|event| (key(event), reference("components/messages", &key(event))));
    json!({
        "address": rpc::call_path(service, "pull"),
        "description": format!("Contract events published by {service}."),
        "messages": messages.collect::<Map<_, _>>(),
    })
}

fn message(event: &EventSchema) -> Value {
    json!({
        "name": event.name,
        "contentType": "application/cloudevents+json",
        "summary": event.summary,
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-07",
            "schema": {"$ref": format!("./{}", event.path())},
        },
    })
}

fn key(event: &EventSchema) -> String {
    format!("{}.{}.v{}", event.service, event.name, event.version)
}

fn reference(section: &str, key: &str) -> Value {
    json!({"$ref": format!("#/{section}/{key}")})
}
