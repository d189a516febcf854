//! The `AsyncAPI` document: who tells what, where, and who listens.

use super::schemas::{Described, FEEDS};
use crate::modules;
use serde_json::{Map, Value, json};

/// The index of these events.
pub(super) fn of(events: &[Described]) -> Value {
    let (mut channels, mut operations) = (Map::new(), Map::new());
    for module in modules::ALL {
        let service = module.name;
        let told: Vec<&Described> = events.iter().filter(|it| it.service == service).collect();
        if !told.is_empty() {
            channels.insert(service.to_owned(), channel(service, &told));
            let tells = json!({"action": "send", "channel": at("channels", service)});
            operations.insert(format!("{service}.tells"), tells);
        }
        for source in module.follows {
            let follows = json!({"action": "receive", "channel": at("channels", source)});
            operations.insert(format!("{service}.follows.{source}"), follows);
        }
    }
    let messages = events.iter().map(|event| (key(event), message(event)));
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "iCommerce events",
            "version": "1",
            "description": "What services tell one another. Every service's flushed events, translated, are a feed \
                that followers pull in commit order: GET with ?after=POSITION&wait_ms=. A message may come again; its \
                id and its position stay the same. Events are added, never changed.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages.collect::<Map<_, _>>()},
    })
}

fn channel(service: &str, told: &[&Described]) -> Value {
    let messages = told.iter().map(|event| (key(event), at("components/messages", &key(event))));
    json!({
        "address": format!("{FEEDS}{service}"),
        "description": format!("What {service} tells others."),
        "messages": messages.collect::<Map<_, _>>(),
    })
}

fn message(event: &Described) -> Value {
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

fn key(event: &Described) -> String {
    format!("{}.{}.v{}", event.service, event.name, event.version)
}

fn at(place: &str, key: &str) -> Value {
    json!({"$ref": format!("#/{place}/{key}")})
}
