//! Keyboard use: a purchase without a mouse, with a visible focus at every tab stop.

use crate::walkthrough::{ADDRESS, Findings, PRODUCT_PATH, add_to_cart};
use browser_tests::{Emulation, Page, Theme};

/// More tab stops than any page has.
const TAB_STOPS_MAX: usize = 150;

/// Script that returns what is wrong with the focused element: no focus ring, out of view, or covered.
const FOCUS_PROBLEMS: &str = "(async () => {
    // Movements caused by the focus have to be over.
    await new Promise(requestAnimationFrame);
    await Promise.allSettled(document.getAnimations().map(it => it.finished));
    const it = document.activeElement;
    if (!it || it === document.body) return [];
    const name = it.outerHTML.replace(/\\s+/g, ' ').slice(0, 120);
    const parts = [it, ...(it.labels ?? [])];
    const ring = (part, pseudo) => {
        const {outlineStyle, outlineWidth} = getComputedStyle(part, pseudo);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    };
    const ringed = parts.some(part => ring(part)) || ring(it, '::after');
    const own = place => parts.some(part => part.contains(place));
    const seen = parts.some(part => {
        if (getComputedStyle(part).pointerEvents === 'none') return true;
        const {x, y, width, height} = part.getBoundingClientRect();
        const steps = [.1, .5, .9];
        return steps.some(across => steps.some(down => own(document.elementFromPoint(x + width * across, y + height * down))));
    });
    return [...ringed ? [] : [`no focus ring: ${name}`], ...seen ? [] : [`not visible: ${name}`]];
})()";

/// A shopper who uses only the keyboard, and checks the focus after every key.
struct KeyboardUser {
    page: Page,
    findings: Findings,
}

impl KeyboardUser {
    fn at(emulation: Emulation, path: &str) -> Self {
        let page = Page::new(emulation);
        page.visit(path);
        Self { page, findings: Findings::default() }
    }

    /// Presses a key until the focus is on an element that matches.
    #[track_caller]
    fn press_until_focused(&mut self, key: &str, selector: &str) {
        for _ in 0..TAB_STOPS_MAX {
            self.page.press(key);
            let path = self.page.path();
            self.findings.collect_from(&self.page, &path, FOCUS_PROBLEMS);
            if self.page.is_true(&format!("document.activeElement.matches({selector:?})")) {
                return;
            }
        }
        panic!("on {}: {key} does not reach {selector}", self.page.path());
    }

    #[track_caller]
    fn tab_to(&mut self, selector: &str) {
        self.press_until_focused("Tab", selector);
    }

    /// Moves the focus to a link or button and presses Enter, which navigates to another page.
    #[track_caller]
    fn follow(&mut self, selector: &str) {
        self.tab_to(selector);
        self.page.wait_for_navigation(|page| page.press("Enter"));
    }
}

#[test]
fn a_purchase_needs_only_the_keyboard_on_a_desktop() {
    buy_with_keyboard(Emulation::DESKTOP);
}

#[test]
fn a_purchase_needs_only_the_keyboard_in_a_narrow_window_in_the_dark_theme() {
    buy_with_keyboard(Emulation { theme: Theme::Dark, ..Emulation::PHONE });
}

fn buy_with_keyboard(emulation: Emulation) {
    let mut user = KeyboardUser::at(emulation, "/");
    user.follow("main a[href='/c/kitchen']");
    user.follow("#grid .card:not(.out) h3 a");
    choose_another_colour(&mut user);
    user.tab_to("form[data-add] .button.large");
    user.page.press("Enter");
    user.page.wait_until("document.getElementById('toast').matches(':popover-open')");
    assert!(
        user.page.is_true("document.activeElement.matches('form[data-add] .button.large')"),
        "the focus stays"
    );
    user.page.press("Escape");
    user.press_until_focused("Shift+Tab", "[data-part=cart-link]");
    user.page.wait_for_navigation(|page| page.press("Enter"));
    user.follow(".summary a.button");
    for (name, value) in ADDRESS {
        user.tab_to(&format!("#{name}"));
        user.page.type_text(value);
    }
    user.tab_to("[name=payment]");
    user.page.press("ArrowDown");
    user.page.press("ArrowUp");
    assert!(user.page.is_true("document.getElementById('card-success').checked"), "arrows choose");
    user.tab_to(".pay .button");
    user.page.wait_for_navigation(|page| page.press("Enter"));
    assert!(user.page.path().starts_with("/orders/"), "{}", user.page.path());
    assert_eq!(user.page.text_content("h1"), "Thank you, Maren");
    user.findings.assert_none();
}

/// Arrow keys change the choice; the page follows, and the focus stays on the selected input.
fn choose_another_colour(user: &mut KeyboardUser) {
    user.tab_to(".choices input");
    let before = user.page.path();
    for _ in 0..10 {
        user.page.press("ArrowRight");
        user.page.wait_until(
            "location.search.includes(encodeURIComponent(document.activeElement.value))",
        );
        if user.page.is_true("!document.activeElement.closest('label').classList.contains('off')") {
            break;
        }
    }
    assert_ne!(user.page.path(), before, "the address carries the choice");
    assert!(user.page.is_true("document.activeElement.matches('.choices input:checked')"));
}

#[test]
fn the_first_tab_stop_skips_to_the_content() {
    let mut user = KeyboardUser::at(Emulation::DESKTOP, "/products");
    user.tab_to(".skip");
    user.page.press("Enter");
    user.tab_to("main *");
    user.findings.assert_none();
}

#[test]
fn a_section_that_is_always_open_is_no_tab_stop() {
    let stops = |emulation| {
        let page = Page::new(emulation);
        add_to_cart(&page, PRODUCT_PATH);
        page.visit("/checkout");
        let mut stops = Vec::new();
        for _ in 0..TAB_STOPS_MAX {
            page.press("Tab");
            if page.is_true("document.activeElement === document.body") {
                break;
            }
            stops.push(page.evaluate_text("document.activeElement.closest('[id]')?.id ?? ''"));
        }
        assert!(page.is_true(
            "document.getElementById('your-order').checkVisibility({visibilityProperty: true})"
        ));
        stops
    };
    let [desktop, phone] = [Emulation::DESKTOP, Emulation::PHONE].map(stops);
    let details = "order-details".to_owned();
    assert!(desktop.contains(&"email".to_owned()), "{desktop:?}");
    assert!(!desktop.contains(&details), "{desktop:?}");
    assert!(phone.contains(&details), "on a phone it folds: {phone:?}");
}
