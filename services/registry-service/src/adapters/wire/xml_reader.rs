//! Reader of XML documents, as the JSON that would say the same.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value};

/// Nodes of a document.
const NODES_MAX: u32 = 500_000;
/// Elements within elements.
const DEPTH_MAX: usize = 16;

/// Root element of a document by its name; `None` for what is no XML, or beyond the limits. A document type is refused, and with it every
/// entity.
pub(super) fn parse(text: &str) -> Option<Value> {
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    let root = document.root_element();
    let mut object = Map::new();
    object.insert(unescaped_name(root.tag_name().name()), value(root, 0)?);
    Some(Value::Object(object))
}

fn value(node: Node<'_, '_>, depth: usize) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    let mut object = Map::new();
    for attribute in node.attributes() {
        object.insert(format!("@{}", attribute.name()), attribute.value().into());
    }
    let mut has_elements = false;
    for child in node.children().filter(Node::is_element) {
        has_elements = true;
        let (name, child) = (unescaped_name(child.tag_name().name()), value(child, depth + 1)?);
        match object.get_mut(&name) {
            None => {
                object.insert(name, child);
            }
            Some(Value::Array(list)) => list.push(child),
            Some(first) => *first = Value::Array(vec![first.take(), child]),
        }
    }
    let text = node.text().unwrap_or_default().trim();
    if object.is_empty() {
        return Some(text.into());
    }
    if !has_elements && !text.is_empty() {
        object.insert("$".to_owned(), text.into());
    }
    Some(Value::Object(object))
}

/// Key of an element's name: `XStream` writes `_` as `__`, and `$` as `_-`.
fn unescaped_name(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    let mut signs = name.chars().peekable();
    while let Some(sign) = signs.next() {
        match (sign, signs.peek()) {
            ('_', Some('_')) => {
                signs.next();
                key.push('_');
            }
            ('_', Some('-')) => {
                signs.next();
                key.push('$');
            }
            _ => key.push(sign),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_element_is_the_json_that_says_the_same() {
        let text = r#"<instance><app> ORDERS </app><port enabled="true">8080</port>
            <metadata><a__b>1</a__b><c_-d>&lt;</c_-d></metadata><empty/></instance>"#;
        let expected = json!({"instance": {
            "app": "ORDERS", "port": {"@enabled": "true", "$": "8080"},
            "metadata": {"a_b": "1", "c$d": "<"}, "empty": "",
        }});
        assert_eq!(parse(text), Some(expected));
        assert_eq!(unescaped_name("a__-b_"), "a_-b_", "an underscore, then a hyphen");
        let list = json!({"a": {"b": ["1", "2", "3"]}});
        assert_eq!(parse("<a><b>1</b><b>2</b><b>3</b></a>"), Some(list));
    }

    #[test]
    fn document_types_deep_nesting_and_garbage_are_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\">]><a>&b;</a>";
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        for text in [bomb, &deep, "", "{}", "<a>", "<a></b>"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
