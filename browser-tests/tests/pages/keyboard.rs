//! A purchase without a mouse: every stop of the Tab key can be seen, and the way ends at an order.

use crate::tour::{ADDRESS, Findings, GOODS, put_into_cart};
use browser_tests::{Look, Page, Theme};

/// More stops than any page has.
const STOPS_MAX: usize = 150;

/// What is wrong with the place of the focus: no ring around it, out of sight, or behind something.
const UNSEEN: &str = "(async () => {
    // What the focus moves has to have arrived.
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
    return [...ringed ? [] : [`no ring: ${name}`], ...seen ? [] : [`not to be seen: ${name}`]];
})()";

/// Somebody without a mouse, who looks closely.
struct Typist {
    page: Page,
    findings: Findings,
}

impl Typist {
    fn at(look: Look, path: &str) -> Self {
        let page = Page::new(look);
        page.visit(path);
        Self { page, findings: Findings::default() }
    }

    /// Presses a key again and again until the focus is where it is wanted.
    #[track_caller]
    fn goes_with(&mut self, key: &str, wanted: &str) {
        for _ in 0..STOPS_MAX {
            self.page.press(key);
            let stop = self.page.path();
            self.findings.look_for(&self.page, &stop, UNSEEN);
            if self.page.holds(&format!("document.activeElement.matches({wanted:?})")) {
                return;
            }
        }
        panic!("on {}: {key} does not lead to {wanted}", self.page.path());
    }

    #[track_caller]
    fn goes_to(&mut self, wanted: &str) {
        self.goes_with("Tab", wanted);
    }

    /// Presses Enter on what leads to another page.
    #[track_caller]
    fn follows(&mut self, wanted: &str) {
        self.goes_to(wanted);
        self.page.leads(|page| page.press("Enter"));
    }
}

#[test]
fn a_keyboard_alone_buys_on_a_desktop() {
    buys(Look::DESKTOP);
}

#[test]
fn a_keyboard_alone_buys_on_a_narrow_window_in_the_dark() {
    buys(Look { theme: Theme::Dark, ..Look::PHONE });
}

fn buys(look: Look) {
    let mut typist = Typist::at(look, "/");
    typist.follows("main a[href='/c/kitchen']");
    typist.follows("#grid .card:not(.out) h3 a");
    chooses_another_colour(&mut typist);
    typist.goes_to("form[data-add] .button.large");
    typist.page.press("Enter");
    typist.page.until("document.getElementById('toast').matches(':popover-open')");
    assert!(
        typist.page.holds("document.activeElement.matches('form[data-add] .button.large')"),
        "the focus stays"
    );
    typist.page.press("Escape");
    typist.goes_with("Shift+Tab", "[data-part=cart-link]");
    typist.page.leads(|page| page.press("Enter"));
    typist.follows(".summary a.button");
    for (name, value) in ADDRESS {
        typist.goes_to(&format!("#{name}"));
        typist.page.type_in(value);
    }
    typist.goes_to("[name=card]");
    typist.page.press("ArrowDown");
    typist.page.press("ArrowUp");
    assert!(typist.page.holds("document.getElementById('card-success').checked"), "arrows choose");
    typist.goes_to(".pay .button");
    typist.page.leads(|page| page.press("Enter"));
    assert!(typist.page.path().starts_with("/orders/"), "{}", typist.page.path());
    assert_eq!(typist.page.text_of("h1"), "Thank you, Maren");
    typist.findings.must_be_none();
}

/// Arrows change the choice; the page follows, and the focus stays on what was chosen.
fn chooses_another_colour(typist: &mut Typist) {
    typist.goes_to(".choices input");
    let before = typist.page.path();
    for _ in 0..10 {
        typist.page.press("ArrowRight");
        typist
            .page
            .until("location.search.includes(encodeURIComponent(document.activeElement.value))");
        if typist.page.holds("!document.activeElement.closest('label').classList.contains('off')") {
            break;
        }
    }
    assert_ne!(typist.page.path(), before, "the address carries the choice");
    assert!(typist.page.holds("document.activeElement.matches('.choices input:checked')"));
}

#[test]
fn the_first_stop_skips_to_the_content() {
    let mut typist = Typist::at(Look::DESKTOP, "/products");
    typist.goes_to(".skip");
    typist.page.press("Enter");
    typist.goes_to("main *");
    typist.findings.must_be_none();
}

#[test]
fn what_is_always_open_is_no_stop() {
    let stops = |look| {
        let page = Page::new(look);
        put_into_cart(&page, GOODS);
        page.visit("/checkout");
        let mut stops = Vec::new();
        for _ in 0..STOPS_MAX {
            page.press("Tab");
            if page.holds("document.activeElement === document.body") {
                break;
            }
            stops.push(page.text("document.activeElement.closest('[id]')?.id ?? ''"));
        }
        assert!(page.holds(
            "document.getElementById('your-order').checkVisibility({visibilityProperty: true})"
        ));
        stops
    };
    let [desktop, phone] = [Look::DESKTOP, Look::PHONE].map(stops);
    let fold = "order-details".to_owned();
    assert!(desktop.contains(&"email".to_owned()), "{desktop:?}");
    assert!(!desktop.contains(&fold), "{desktop:?}");
    assert!(phone.contains(&fold), "on a phone it folds: {phone:?}");
}
