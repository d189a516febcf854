//! Key events in the form of the `DevTools` protocol.

use serde_json::{Value, json};

const SHIFT: u8 = 8;

/// The events of a key press: down and up. A key is a letter, or a named key such as `Tab`, `Shift+Tab`, `Enter`, `ArrowDown`.
pub(crate) fn key_events(key: &str) -> [Value; 2] {
    let (modifiers, name) = match key.strip_prefix("Shift+") {
        Some(name) => (SHIFT, name),
        None => (0, key),
    };
    let (key, code, number, text) = key_definition(name);
    let event = |kind: &str| json!({"type": kind, "key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers});
    let mut down = event(if text.is_empty() { "rawKeyDown" } else { "keyDown" });
    if !text.is_empty() {
        down["text"] = text.into();
    }
    [down, event("keyUp")]
}

/// Key, code, virtual key code and text of a key.
fn key_definition(name: &str) -> (&str, String, u32, &str) {
    let (code, number, text) = match name {
        "Tab" => (name, 9, ""),
        "Enter" => (name, 13, "\r"),
        "Escape" => (name, 27, ""),
        "Space" => return (" ", "Space".to_owned(), 32, " "),
        "End" => (name, 35, ""),
        "Home" => (name, 36, ""),
        "ArrowLeft" => (name, 37, ""),
        "ArrowUp" => (name, 38, ""),
        "ArrowRight" => (name, 39, ""),
        "ArrowDown" => (name, 40, ""),
        letter if letter.chars().count() == 1 => return character_definition(letter),
        other => panic!("there is no key `{other}`"),
    };
    (name, code.to_owned(), number, text)
}

fn character_definition(letter: &str) -> (&str, String, u32, &str) {
    let upper = letter.to_uppercase();
    let number = upper.chars().next().filter(char::is_ascii_alphanumeric).map_or(0, u32::from);
    let code = match upper.chars().next() {
        Some(it) if it.is_ascii_digit() => format!("Digit{it}"),
        Some(it) if it.is_ascii_alphabetic() => format!("Key{it}"),
        _ => String::new(),
    };
    (letter, code, number, letter)
}
