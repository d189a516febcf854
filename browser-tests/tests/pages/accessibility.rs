//! Accessibility: the rules of axe-core on every page, in both themes, on a phone and on a desktop.

use crate::walkthrough::{Findings, walk_through};
use browser_tests::{Emulation, Page, Theme, axe_core};

/// Script that runs axe-core and returns the serious and critical violations.
pub(crate) const RUN_AXE: &str =
    "axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations
    .filter(({impact}) => impact === 'serious' || impact === 'critical')
    .flatMap(({id, impact, nodes}) => nodes.map(({target, failureSummary}) =>
        `${impact} ${id} at ${target.join(' ')}: ${failureSummary.replace(/\\s+/g, ' ')}`)))";

#[test]
fn axe_finds_nothing_serious_on_a_phone_in_the_light_theme() {
    check_pages(Emulation { theme: Theme::Light, ..Emulation::PHONE });
}

#[test]
fn axe_finds_nothing_serious_on_a_phone_in_the_dark_theme() {
    check_pages(Emulation { theme: Theme::Dark, ..Emulation::PHONE });
}

#[test]
fn axe_finds_nothing_serious_on_a_desktop_in_the_light_theme() {
    check_pages(Emulation { theme: Theme::Light, ..Emulation::DESKTOP });
}

#[test]
fn axe_finds_nothing_serious_on_a_desktop_in_the_dark_theme() {
    check_pages(Emulation { theme: Theme::Dark, ..Emulation::DESKTOP });
}

#[test]
fn axe_finds_nothing_serious_in_drawers_suggestions_and_messages() {
    let axe = axe_core();
    let mut findings = Findings::default();
    for theme in [Theme::Light, Theme::Dark] {
        let page = Page::new(Emulation { theme, ..Emulation::PHONE });
        for (drawer, button) in [("filters", ".filters-button"), ("departments", ".menu")] {
            page.visit("/products");
            page.click(button);
            page.wait_until(&format!(
                "document.getElementById('{drawer}').matches(':popover-open')"
            ));
            page.evaluate(&axe);
            findings.collect_from(&page, &format!("{theme:?}, {drawer} drawer"), RUN_AXE);
        }
        page.visit("/");
        page.fill("#q", "la");
        page.wait_until("document.querySelectorAll('#offers [role=option]').length > 1");
        page.press("ArrowDown");
        page.evaluate(&axe);
        findings.collect_from(&page, &format!("{theme:?}, suggestions"), RUN_AXE);
        page.visit(crate::walkthrough::PRODUCT_PATH);
        page.click("form[data-add] .button.large");
        page.wait_until("document.getElementById('toast').matches(':popover-open')");
        page.evaluate(&axe);
        findings.collect_from(&page, &format!("{theme:?}, cart message"), RUN_AXE);
    }
    findings.assert_none();
}

#[test]
fn axe_finds_nothing_serious_at_the_operator_edge() {
    let axe = axe_core();
    let mut findings = Findings::default();
    for theme in [Theme::Light, Theme::Dark] {
        let page = Page::new(Emulation { theme, ..Emulation::DESKTOP });
        page.visit_operator("/");
        page.evaluate(&axe);
        findings.collect_from(&page, &format!("{theme:?}, operator edge"), RUN_AXE);
        page.visit_operator("/docs");
        page.wait_until("document.querySelectorAll('.opblock-summary-control').length > 20");
        page.evaluate(&axe);
        findings.collect_from(&page, &format!("{theme:?}, API document"), RUN_AXE);
        page.click(".opblock-summary-control");
        page.wait_until("document.querySelector('.opblock-body') !== null");
        findings.collect_from(&page, &format!("{theme:?}, open operation"), RUN_AXE);
    }
    findings.assert_none();
}

#[test]
fn axe_finds_a_planted_violation() {
    let page = Page::new(Emulation::DESKTOP);
    page.visit("/help");
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button>')",
    );
    page.evaluate(&axe_core());
    let violations = page.evaluate(RUN_AXE);
    assert_eq!(violations.as_array().map(Vec::len), Some(1), "{violations}");
    assert!(
        violations[0].as_str().is_some_and(|it| it.starts_with("critical button-name at ")),
        "{violations}"
    );
}

fn check_pages(emulation: Emulation) {
    let axe = axe_core();
    let mut findings = Findings::default();
    walk_through(emulation, |page, name| {
        page.evaluate(&axe);
        findings.collect_from(page, name, RUN_AXE);
    });
    findings.assert_none();
}
