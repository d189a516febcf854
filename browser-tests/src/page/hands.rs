//! Mouse and keyboard: real strokes at real places, so that what lies in the way is found.

use super::Page;
use crate::{Scripts, keys};
use serde_json::{Value, json};

/// Finds the middle of the first piece of an element and says what is there, when nothing moves any more. It scrolls
/// only to what is not in sight, as people do. Hidden inputs are reached by their labels.
const MIDDLE: &str = "(async (selector, scripted) => {
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
        let scripted = self.look.scripts == Scripts::On;
        let place = self.value(&format!("{MIDDLE}({}, {scripted})", Value::from(selector)));
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

    /// Chooses in a list. The list is a window of the system's own, so that nobody can point into it from here.
    #[track_caller]
    pub fn choose(&self, selector: &str, value: &str) {
        let (selector, value) = (Value::from(selector), Value::from(value));
        self.value(&format!(
            "(it => {{
                it.focus();
                it.value = {value};
                for (const kind of ['input', 'change']) it.dispatchEvent(new Event(kind, {{bubbles: true}}));
            }})(document.querySelector({selector}))"
        ));
    }
}
