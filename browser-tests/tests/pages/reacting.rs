//! What a page does when somebody uses it: nothing jumps away from under the finger; how soon it answers is told.

use crate::tour::GOODS;
use browser_tests::{Look, Page};

/// As far as a cheap phone is behind the machine of the tests.
const SLOWER_TIMES: u32 = 4;
const LAYOUT_SHIFT_MAX: f64 = 0.01;

/// The first one is always noted, others from 16 ms on.
const WATCH: &str = "
    window.seen = {waits: [], shift: 0};
    const watch = (type, note) => new PerformanceObserver(list => list.getEntries().forEach(note))
        .observe({type, buffered: true, durationThreshold: 16});
    watch('first-input', it => seen.waits.push(it.duration));
    watch('event', it => it.interactionId && seen.waits.push(it.duration));
    watch('layout-shift', it => it.hadRecentInput || (seen.shift += it.value));
";

#[test]
fn nothing_jumps_while_a_slow_phone_is_used() {
    use_slowly(Look::PHONE);
}

#[test]
fn nothing_jumps_while_a_slow_desktop_is_used() {
    use_slowly(Look::DESKTOP);
}

fn use_slowly(look: Look) {
    let page = Page::new(look);
    page.slow_down(SLOWER_TIMES);
    let mut slowest: f64 = 0.0;
    let mut on = |path: &str, act: &dyn Fn(&Page)| {
        page.visit(path);
        page.value(WATCH);
        act(&page);
        // An entry is there once what it did is on the screen.
        page.until("seen.waits.length > 0");
        let waits = page.value("Math.max(...seen.waits)").as_f64().expect("a number");
        let shift = page.value("seen.shift").as_f64().expect("a number");
        assert!(shift <= LAYOUT_SHIFT_MAX, "{path} shifts by {shift}");
        slowest = slowest.max(waits);
    };
    on("/", &|page| {
        page.fill("#q", "lam");
        page.until("document.querySelectorAll('#offers [role=option]').length > 1");
        page.press("ArrowDown");
    });
    on(GOODS, &|page| {
        page.click(".choices label:has([value=Spruce i])");
        page.until("location.search.includes('pruce')");
        page.click("form[data-add] .button.large");
        page.until("document.getElementById('toast').matches(':popover-open')");
    });
    on("/cart", &|page| {
        page.click(".line [name=step][value='1']");
        page.until("document.querySelector('.line [name=quantity]').value === '2'");
    });
    println!(
        "told: {} px wide, a processor {SLOWER_TIMES} times slower: the slowest answer to a finger or a key after {slowest} ms",
        look.width
    );
}
