//! Pages fit: narrow windows, large letters, fingers.

use crate::tour::{Findings, tour};
use browser_tests::Look;

/// What sticks out of the page sideways, measured against the width that was set: a page that is too wide widens
/// everything the browser tells of itself. What scrolls inside its own box, or is cut off by it, does not stick out.
pub(crate) fn too_wide(width: u32) -> String {
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

/// What is too small to be hit with a finger. Links in a line of text have their neighbours' room (WCAG 2.5.8).
const TOO_SMALL: &str = "(() => {
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
    never_too_wide(Look { width: 320, ..Look::PHONE });
}

#[test]
fn no_page_scrolls_sideways_at_200_percent_on_a_desktop() {
    never_too_wide(Look { zoom_percent: 200, ..Look::DESKTOP });
}

#[test]
fn no_page_scrolls_sideways_at_200_percent_on_a_phone_in_german() {
    never_too_wide(Look { width: 640, zoom_percent: 200, language: "de", ..Look::PHONE });
}

#[test]
fn everything_can_be_hit_with_a_finger() {
    let mut findings = Findings::default();
    tour(Look::PHONE, |page, stop| findings.look_for(page, stop, TOO_SMALL));
    findings.must_be_none();
}

fn never_too_wide(look: Look) {
    let mut findings = Findings::default();
    let script = too_wide(look.page_width());
    tour(look, |page, stop| findings.look_for(page, stop, &script));
    findings.must_be_none();
}
