//! Layout: no horizontal overflow in narrow windows and at high zoom, and targets large enough for fingers.

use crate::walkthrough::{Findings, fill_cart_and_checkout, walk_through};
use browser_tests::{Emulation, Page};

/// Script that returns the elements that overflow the viewport horizontally. It takes the emulated width, because an
/// overflowing page widens what the browser reports. Elements that scroll or are clipped inside their own box are fine.
pub(crate) fn overflow_script(width: u32) -> String {
    format!(
        "(width => {{
            if (document.documentElement.scrollWidth <= width) return [];
            const boxed = it => it && (getComputedStyle(it).overflowX !== 'visible' || boxed(it.parentElement));
            const wide = [...document.body.querySelectorAll('*')].filter(it =>
                (it.getBoundingClientRect().right > width + .5 || it.getBoundingClientRect().left < -.5)
                && !boxed(it.parentElement));
            const names = wide.slice(0, 5).map(it => it.outerHTML.slice(0, 90));
            return [`${{document.documentElement.scrollWidth}} of ${{width}} px, by ${{names.join(' | ')}}`];
        }})({width})"
    )
}

/// Script that returns the targets that are too small for a finger. Links in a line of text are exempt (WCAG 2.5.8).
const SMALL_TARGETS: &str = "(() => {
    const seen = it => it.checkVisibility({opacityProperty: false, visibilityProperty: true})
        && !it.closest('.vh, [inert]') && it.getClientRects().length;
    const area = it => {
        const parts = [it, ...(it.labels ?? [])].map(part => part.getBoundingClientRect());
        // A link that is stretched over its card is as large as that.
        const card = getComputedStyle(it, '::after').position === 'absolute' && it.closest('.card');
        if (card) parts.push(card.getBoundingClientRect());
        return [Math.max(...parts.map(it => it.width)), Math.max(...parts.map(it => it.height))];
    };
    const within_text = it => getComputedStyle(it).display === 'inline' && it.parentElement
        && [...it.parentElement.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    const least = it => it.matches('.button, .input, .icon-button, .choices input, .pick input') ? 44 : 24;
    const targets = document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary');
    return [...targets].filter(seen).filter(it => !within_text(it)).flatMap(it => {
        const [width, height] = area(it);
        const name = it.outerHTML.replace(/\\s+/g, ' ').slice(0, 120);
        return Math.min(width, height) < least(it) - .1
            ? [`${Math.round(width)} x ${Math.round(height)} px, at least ${least(it)}: ${name}`] : [];
    });
})()";

#[test]
fn no_page_scrolls_sideways_at_320_pixels() {
    assert_no_overflow(Emulation { width: 320, ..Emulation::PHONE });
}

#[test]
fn no_page_scrolls_sideways_at_200_percent_on_a_desktop() {
    assert_no_overflow(Emulation { zoom_percent: 200, ..Emulation::DESKTOP });
}

#[test]
fn no_page_scrolls_sideways_at_200_percent_on_a_phone_in_german() {
    assert_no_overflow(Emulation {
        width: 640,
        zoom_percent: 200,
        language: "de",
        ..Emulation::PHONE
    });
}

/// The longest word that shoppers come up with.
const LONG_WORD: &str =
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsstraße";

#[test]
fn a_long_word_of_a_shopper_scrolls_nothing_sideways() {
    for emulation in [Emulation { width: 320, ..Emulation::PHONE }, Emulation::DESKTOP] {
        let mut findings = Findings::default();
        let script = overflow_script(emulation.page_width());
        let page = Page::new(emulation);
        for path in
            ["/products?q=", "/products?brand=", "/p/waffle-throw?colour=", "/p/waffle-throw?sku="]
        {
            page.visit(&format!("{path}{}", "W".repeat(100)));
            findings.collect_from(&page, path, &script);
        }
        fill_cart_and_checkout(&page);
        for (field, text) in [
            ("email", format!("{}@example.com", "x".repeat(60))),
            ("name", LONG_WORD.to_owned()),
            ("line1", LONG_WORD.to_owned()),
            ("city", LONG_WORD.to_owned()),
        ] {
            page.fill(&format!("#{field}"), &text);
        }
        findings.collect_from(&page, "checkout", &script);
        page.wait_for_navigation(|page| page.click(".pay .button"));
        assert!(page.path().starts_with("/orders/"), "{}", page.path());
        findings.collect_from(&page, "order", &script);
        findings.assert_none();
    }
}

#[test]
fn every_target_is_large_enough_for_a_finger() {
    let mut findings = Findings::default();
    walk_through(Emulation::PHONE, |page, name| findings.collect_from(page, name, SMALL_TARGETS));
    findings.assert_none();
}

fn assert_no_overflow(emulation: Emulation) {
    let mut findings = Findings::default();
    let script = overflow_script(emulation.page_width());
    walk_through(emulation, |page, name| findings.collect_from(page, name, &script));
    findings.assert_none();
}
