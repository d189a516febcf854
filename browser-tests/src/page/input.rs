//! Page input: real mouse and keyboard events at real positions, so that an element in the way is noticed.

use super::Page;
use crate::{JavaScript, keyboard};
use serde_json::{Value, json};

/// Script that returns the centre of the first box of an element once all animations have finished, or the reason why
/// it cannot be clicked. It scrolls only to elements out of view. Hidden inputs are reached by their labels.
const CLICK_POINT: &str = "(async (selector, scripted) => {
    const it = document.querySelector(selector);
    if (!it) return `there is no ${selector}`;
    const still = () => Promise.allSettled(document.getAnimations().map(it => it.finished));
    const own = place => [it, ...(it.labels ?? [])].some(part => part.contains(place));
    const middle = () => {
        const box = it.getClientRects()[0];
        return box && [box.x + box.width / 2, box.y + box.height / 2];
    };
    await still();
    if (!middle()) return `${selector} is not shown`;
    if (!own(document.elementFromPoint(...middle()))) {
        it.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});
        // What sticks to the window, or to something that does, takes its new place with the next frame.
        if (scripted) await new Promise(requestAnimationFrame);
        await still();
    }
    const there = document.elementFromPoint(...middle());
    return own(there) ? middle() : `${selector} is behind ${there?.outerHTML.slice(0, 120)}`;
})";

impl Page {
    /// Clicks the centre of the first element that matches.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.click_times(selector, 1);
    }

    /// Double-clicks, as impatient shoppers do.
    #[track_caller]
    pub fn double_click(&self, selector: &str) {
        self.click_times(selector, 2);
    }

    #[track_caller]
    fn click_times(&self, selector: &str, times: u32) {
        let scripted = self.emulation.javascript == JavaScript::Enabled;
        let point = self.evaluate(&format!("{CLICK_POINT}({}, {scripted})", Value::from(selector)));
        let Value::Array(point) = point else { panic!("on {}: {point}", self.path()) };
        let event = |kind: &str, count: u32| json!({"type": kind, "x": point[0], "y": point[1], "button": "left", "clickCount": count});
        self.call(
            "Input.dispatchMouseEvent",
            &json!({"type": "mouseMoved", "x": point[0], "y": point[1]}),
        );
        for count in 1..=times {
            self.call("Input.dispatchMouseEvent", &event("mousePressed", count));
            self.call("Input.dispatchMouseEvent", &event("mouseReleased", count));
        }
    }

    /// Presses a key: a letter, or a named key such as `Tab`, `Shift+Tab`, `Enter`, `Space`, `ArrowDown`.
    pub fn press(&self, key: &str) {
        for event in keyboard::key_events(key) {
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Types a text, key by key, into the focused element.
    pub fn type_text(&self, text: &str) {
        for letter in text.chars() {
            let mut name = [0; 4];
            match letter {
                ' ' => self.press("Space"),
                letter => self.press(letter.encode_utf8(&mut name)),
            }
        }
    }

    /// Replaces the text of a field by clicking and typing.
    #[track_caller]
    pub fn fill(&self, selector: &str, text: &str) {
        self.click(selector);
        self.evaluate("document.activeElement.select?.()");
        self.type_text(text);
    }

    /// Selects an option by script: the list is a window of the operating system, which no click can reach from here.
    #[track_caller]
    pub fn select_option(&self, selector: &str, value: &str) {
        let (selector, value) = (Value::from(selector), Value::from(value));
        self.evaluate(&format!(
            "(it => {{
                it.focus();
                it.value = {value};
                for (const kind of ['input', 'change']) it.dispatchEvent(new Event(kind, {{bubbles: true}}));
            }})(document.querySelector({selector}))"
        ));
    }
}
