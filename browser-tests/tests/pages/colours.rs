//! Colours as the browser paints them: readable in every hue a shop may choose, and without any.

use crate::tour::GOODS;
use browser_tests::{Colours, Look, Page, Theme};

/// What text stands on.
const GROUNDS: &[&str] = &["page", "surface", "raised", "sunken", "tile"];

/// What controls and links stand on: never the tile behind a product.
const FLOORS: &[&str] = &["page", "surface", "raised", "sunken"];

/// What stands on what, and the least contrast in the light and in the dark theme, in the worst hue.
const TABLE: &[(&str, &[&str], f64, f64)] = &[
    ("ink", GROUNDS, 14.8, 12.5),
    ("ink-2", GROUNDS, 6.2, 6.9),
    ("edge", FLOORS, 3.2, 3.9),
    ("focus", GROUNDS, 4.8, 7.1),
    ("brand", FLOORS, 6.2, 7.4),
    ("on-brand", &["brand"], 7.1, 9.5),
    ("on-brand-soft", &["brand-soft"], 8.2, 10.4),
    ("ok", &["page"], 7.6, 9.8),
    ("warn", &["page"], 7.6, 9.8),
    ("bad", &["page"], 7.6, 9.8),
    ("on-warn-soft", &["warn-soft"], 8.9, 10.5),
    ("on-bad-soft", &["bad-soft"], 8.9, 10.5),
    ("on-info-soft", &["info-soft"], 8.9, 10.5),
];

/// The table is given with one digit after the point.
const ROUNDING: f64 = 0.05;

/// The least contrast of a token on its grounds over all hues, and where it was found.
const WORST: &str = "((token, grounds) => {
    const root = document.documentElement;
    const pen = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
    const light = name => {
        if (!getComputedStyle(root).getPropertyValue(`--${name}`)) throw new Error(`there is no --${name}`);
        // A new one each time: what is not there yet cannot be on its way from one colour to another.
        const probe = document.body.appendChild(document.createElement('i'));
        probe.style.color = `var(--${name})`;
        pen.fillStyle = getComputedStyle(probe).color;
        probe.remove();
        pen.fillRect(0, 0, 1, 1);
        const parts = [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part => part / 255);
        const [red, green, blue] = parts.map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
        return .2126 * red + .7152 * green + .0722 * blue;
    };
    let worst = [Infinity, ''];
    for (let hue = 0; hue < 360; hue += 3) {
        root.style.setProperty('--hue', hue);
        for (const ground of grounds) {
            const [dark, bright] = [light(token), light(ground)].sort((one, two) => one - two);
            const contrast = (bright + .05) / (dark + .05);
            if (contrast < worst[0]) worst = [contrast, `--${token} on --${ground} in hue ${hue}`];
        }
    }
    return worst;
})";

#[test]
fn every_hue_is_readable_in_the_light_theme() {
    hold_the_table(Theme::Light);
}

#[test]
fn every_hue_is_readable_in_the_dark_theme() {
    hold_the_table(Theme::Dark);
}

fn hold_the_table(theme: Theme) {
    let page = Page::new(Look { theme, ..Look::DESKTOP });
    page.visit("/");
    let mut findings = crate::tour::Findings::default();
    for (token, grounds, light, dark) in TABLE {
        let least = if theme == Theme::Light { *light } else { *dark };
        let worst = page.value(&format!("{WORST}({token:?}, {grounds:?})"));
        let (contrast, place) = (worst[0].as_f64().expect("a contrast is a number"), &worst[1]);
        if contrast < least - ROUNDING {
            findings.add(format!("{contrast:.2} instead of {least}: {place}"));
        }
    }
    findings.must_be_none();
}

#[test]
fn what_is_chosen_can_be_told_in_forced_colours() {
    let page = Page::new(Look { colours: Colours::Forced, ..Look::DESKTOP });
    page.visit(GOODS);
    assert!(page.holds("matchMedia('(forced-colors: active)').matches"));
    let outlined = |label: &str| {
        page.holds(&format!(
            "(({{outlineStyle, outlineWidth}}) => outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2)
             (getComputedStyle(document.querySelector({label:?})))"
        ))
    };
    assert!(outlined(".choices label:has(:checked)"));
    assert!(!outlined(".choices label:not(:has(:checked))"));
    page.visit("/c/kitchen");
    let line = page.value("parseFloat(getComputedStyle(document.querySelector('.departments a[aria-current]')).borderBottomWidth)");
    assert!(line.as_f64().unwrap() >= 2.0, "the current department is marked: {line}");
}
