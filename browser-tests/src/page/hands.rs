//! Mouse and keyboard: real strokes at real places, so that what lies in the way is found.

use super::Page;
use crate::keys;
use serde_json::{Value, json};

/// Finds the middle of the first piece of an element and says what is there. Hidden inputs are reached by their labels.
const MIDDLE: &str = "(selector => {
    const it = document.querySelector(selector);
    if (!it) return `there is no ${selector}`;
    it.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
    const box = it.getClientRects()[0];
    if (!box) return `${selector} is not shown`;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const there = document.elementFromPoint(x, y);
    const own = [it, ...(it.labels ?? [])].some(part => part.contains(there));
    return own ? [x, y] : `${selector} is behind ${there?.outerHTML.slice(0, 120)}`;
})";

impl Page {
    /// Points at the middle of the first element that fits, and clicks.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.click_times(selector, 1);
    }

    /// Clicks twice, as fast as somebody can who does not know better.
    #[track_caller]
    pub fn double_click(&self, selector: &str) {
        self.click_times(selector, 2);
    }

    #[track_caller]
    fn click_times(&self, selector: &str, times: u32) {
        let place = self.value(&format!("{MIDDLE}({})", Value::from(selector)));
        let Value::Array(place) = place else { panic!("on {}: {place}", self.path()) };
        let stroke = |kind: &str, count: u32| json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": count});
        self.ask(
            "Input.dispatchMouseEvent",
            &json!({"type": "mouseMoved", "x": place[0], "y": place[1]}),
        );
        for count in 1..=times {
            self.ask("Input.dispatchMouseEvent", &stroke("mousePressed", count));
            self.ask("Input.dispatchMouseEvent", &stroke("mouseReleased", count));
        }
    }

    /// Presses a key: a letter, or called as in `Tab`, `Shift+Tab`, `Enter`, `Space`, `ArrowDown`.
    pub fn press(&self, key: &str) {
        for stroke in keys::strokes(key) {
            self.ask("Input.dispatchKeyEvent", &stroke);
        }
    }

    /// Types a text, key by key, to where the focus is.
    pub fn type_in(&self, text: &str) {
        for letter in text.chars() {
            let mut name = [0; 4];
            match letter {
                ' ' => self.press("Space"),
                letter => self.press(letter.encode_utf8(&mut name)),
            }
        }
    }

    /// Clicks into a field and types.
    #[track_caller]
    pub fn fill(&self, selector: &str, text: &str) {
        self.click(selector);
        self.value("document.activeElement.select?.()");
        self.type_in(text);
    }
}
