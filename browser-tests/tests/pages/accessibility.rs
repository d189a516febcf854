//! The rules of axe-core on every page, in both themes, on a phone and on a desktop.

use crate::tour::{Findings, tour};
use browser_tests::{Look, Page, Theme, axe_core};

/// Findings that keep people out, with the place and the rule.
const FINDINGS: &str =
    "axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations
    .filter(({impact}) => impact === 'serious' || impact === 'critical')
    .flatMap(({id, impact, nodes}) => nodes.map(({target, failureSummary}) =>
        `${impact} ${id} at ${target.join(' ')}: ${failureSummary.replace(/\\s+/g, ' ')}`)))";

#[test]
fn axe_finds_nothing_serious_on_a_phone_in_the_light_theme() {
    examine(Look { theme: Theme::Light, ..Look::PHONE });
}

#[test]
fn axe_finds_nothing_serious_on_a_phone_in_the_dark_theme() {
    examine(Look { theme: Theme::Dark, ..Look::PHONE });
}

#[test]
fn axe_finds_nothing_serious_on_a_desktop_in_the_light_theme() {
    examine(Look { theme: Theme::Light, ..Look::DESKTOP });
}

#[test]
fn axe_finds_nothing_serious_on_a_desktop_in_the_dark_theme() {
    examine(Look { theme: Theme::Dark, ..Look::DESKTOP });
}

#[test]
fn axe_finds_nothing_serious_in_what_floats_above_a_page() {
    let axe = axe_core();
    let mut findings = Findings::default();
    for theme in [Theme::Light, Theme::Dark] {
        let page = Page::new(Look { theme, ..Look::PHONE });
        for (drawer, button) in [("filters", ".filters-button"), ("departments", ".menu")] {
            page.visit("/products");
            page.click(button);
            page.until(&format!("document.getElementById('{drawer}').matches(':popover-open')"));
            page.value(&axe);
            findings.look_for(&page, &format!("{theme:?}, {drawer} drawer"), FINDINGS);
        }
        page.visit("/");
        page.fill("#q", "la");
        page.until("document.querySelectorAll('#offers [role=option]').length > 1");
        page.press("ArrowDown");
        page.value(&axe);
        findings.look_for(&page, &format!("{theme:?}, suggestions"), FINDINGS);
        page.visit(crate::tour::GOODS);
        page.click("form[data-add] .button.large");
        page.until("document.getElementById('toast').matches(':popover-open')");
        page.value(&axe);
        findings.look_for(&page, &format!("{theme:?}, word about the cart"), FINDINGS);
    }
    findings.must_be_none();
}

#[test]
fn the_rules_do_find_what_keeps_people_out() {
    let page = Page::new(Look::DESKTOP);
    page.visit("/help");
    page.value(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button>')",
    );
    page.value(&axe_core());
    let found = page.value(FINDINGS);
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert!(
        found[0].as_str().is_some_and(|it| it.starts_with("critical button-name at ")),
        "{found}"
    );
}

fn examine(look: Look) {
    let axe = axe_core();
    let mut findings = Findings::default();
    tour(look, |page, stop| {
        page.value(&axe);
        findings.look_for(page, stop, FINDINGS);
    });
    findings.must_be_none();
}
