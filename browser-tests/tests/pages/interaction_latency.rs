//! Interaction latency and layout shift on a slow processor. The shift is asserted; the latency is printed.

use crate::walkthrough::PRODUCT_PATH;
use browser_tests::{Emulation, Page};

/// Throttling factor: about how much slower a cheap phone is than the machine of the tests.
const CPU_SLOWDOWN: u32 = 4;
const LAYOUT_SHIFT_MAX: f64 = 0.01;

/// Script that observes event durations and layout shifts. The first input is always recorded, others from 16 ms on.
const OBSERVE: &str = "
    window.observed = {durations: [], shift: 0};
    const observe = (type, record) => new PerformanceObserver(list => list.getEntries().forEach(record))
        .observe({type, buffered: true, durationThreshold: 16});
    observe('first-input', it => observed.durations.push(it.duration));
    observe('event', it => it.interactionId && observed.durations.push(it.duration));
    observe('layout-shift', it => it.hadRecentInput || (observed.shift += it.value));
";

/// Script that waits until what an action changed has been painted. The browser may record no event for an action that
/// painted nothing, so that an entry is not something to wait for.
const TWO_FRAMES: &str =
    "new Promise(painted => requestAnimationFrame(() => requestAnimationFrame(painted)))";

#[test]
fn the_layout_does_not_shift_on_a_slow_phone() {
    interact_on_slow_cpu(Emulation::PHONE);
}

#[test]
fn the_layout_does_not_shift_on_a_slow_desktop() {
    interact_on_slow_cpu(Emulation::DESKTOP);
}

fn interact_on_slow_cpu(emulation: Emulation) {
    let page = Page::new(emulation);
    page.throttle_cpu(CPU_SLOWDOWN);
    let mut slowest: f64 = 0.0;
    let mut interact = |path: &str, action: &dyn Fn(&Page)| {
        page.visit(path);
        page.evaluate(OBSERVE);
        action(&page);
        page.evaluate(TWO_FRAMES);
        let duration =
            page.evaluate("Math.max(0, ...observed.durations)").as_f64().expect("a number");
        let shift = page.evaluate("observed.shift").as_f64().expect("a number");
        assert!(shift <= LAYOUT_SHIFT_MAX, "{path} shifts by {shift}");
        slowest = slowest.max(duration);
    };
    interact("/", &|page| {
        page.fill("#q", "lam");
        page.wait_until("document.querySelectorAll('#offers [role=option]').length > 1");
        page.press("ArrowDown");
    });
    interact(PRODUCT_PATH, &|page| {
        page.click(".choices label:has([value=Spruce i])");
        page.wait_until("location.search.includes('pruce')");
        page.click("form[data-add] .button.large");
        page.wait_until("document.getElementById('toast').matches(':popover-open')");
    });
    interact("/cart", &|page| {
        page.click(".line [name=step][value='1']");
        page.wait_until("document.querySelector('.line [name=quantity]').value === '2'");
    });
    println!(
        "measured: {} px wide, processor slowed down {CPU_SLOWDOWN} times: slowest interaction {slowest} ms",
        emulation.width
    );
}
