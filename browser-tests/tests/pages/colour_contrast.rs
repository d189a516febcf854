//! Colour contrast as the browser renders it: sufficient in every hue a shop may choose, and in forced colours.

use crate::walkthrough::PRODUCT_PATH;
use browser_tests::{Emulation, ForcedColours, Page, Theme};

/// Background tokens of text.
const TEXT_BACKGROUNDS: &[&str] = &["page", "surface", "raised", "sunken", "tile"];

/// Background tokens of controls and links: never the tile behind a product.
const CONTROL_BACKGROUNDS: &[&str] = &["page", "surface", "raised", "sunken"];

/// Foreground token, background tokens, and the least contrast ratio in the light and in the dark theme over all hues.
const CONTRAST_TABLE: &[(&str, &[&str], f64, f64)] = &[
    ("ink", TEXT_BACKGROUNDS, 14.8, 12.5),
    ("ink-2", TEXT_BACKGROUNDS, 6.2, 6.9),
    ("edge", CONTROL_BACKGROUNDS, 3.2, 3.9),
    ("focus", TEXT_BACKGROUNDS, 4.8, 7.1),
    ("brand", CONTROL_BACKGROUNDS, 6.2, 7.4),
    ("on-brand", &["brand"], 7.1, 9.5),
    ("on-brand-soft", &["brand-soft"], 8.2, 10.4),
    // Panels stand out from the page in both themes.
    ("sunken", &["page"], 1.06, 1.12),
    ("ok", &["page"], 7.6, 9.8),
    ("warn", &["page"], 7.6, 9.8),
    ("bad", &["page"], 7.6, 9.8),
    ("on-warn-soft", &["warn-soft"], 8.9, 10.5),
    ("on-bad-soft", &["bad-soft"], 8.9, 10.5),
    ("on-info-soft", &["info-soft"], 8.9, 10.5),
];

/// Tolerance, because the table has one decimal.
const ROUNDING: f64 = 0.05;

/// Script that returns the least contrast ratio of a token on its backgrounds over all hues, and where it was found.
const WORST_CONTRAST: &str = "((token, backgrounds) => {
    const root = document.documentElement;
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
    const luminance = name => {
        if (!getComputedStyle(root).getPropertyValue(`--${name}`)) throw new Error(`there is no --${name}`);
        // A new element each time, which cannot be in a colour transition.
        const probe = document.body.appendChild(document.createElement('i'));
        probe.style.color = `var(--${name})`;
        canvas.fillStyle = getComputedStyle(probe).color;
        probe.remove();
        canvas.fillRect(0, 0, 1, 1);
        const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part => part / 255);
        const [red, green, blue] = parts.map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
        return .2126 * red + .7152 * green + .0722 * blue;
    };
    let worst = [Infinity, ''];
    for (let hue = 0; hue < 360; hue += 3) {
        root.style.setProperty('--hue', hue);
        for (const background of backgrounds) {
            const [dark, bright] = [luminance(token), luminance(background)].sort((one, two) => one - two);
            const contrast = (bright + .05) / (dark + .05);
            if (contrast < worst[0]) worst = [contrast, `--${token} on --${background} in hue ${hue}`];
        }
    }
    return worst;
})";

#[test]
fn every_hue_has_enough_contrast_in_the_light_theme() {
    assert_contrast_table(Theme::Light);
}

#[test]
fn every_hue_has_enough_contrast_in_the_dark_theme() {
    assert_contrast_table(Theme::Dark);
}

fn assert_contrast_table(theme: Theme) {
    let page = Page::new(Emulation { theme, ..Emulation::DESKTOP });
    page.visit("/");
    let mut findings = crate::walkthrough::Findings::default();
    for (token, backgrounds, light, dark) in CONTRAST_TABLE {
        let least = if theme == Theme::Light { *light } else { *dark };
        let worst = page.evaluate(&format!("{WORST_CONTRAST}({token:?}, {backgrounds:?})"));
        let (contrast, place) = (worst[0].as_f64().expect("a contrast is a number"), &worst[1]);
        if contrast < least - ROUNDING {
            findings.add(format!("{contrast:.2} instead of {least}: {place}"));
        }
    }
    findings.assert_none();
}

#[test]
fn the_selected_choice_is_visible_in_forced_colours() {
    let page = Page::new(Emulation { forced_colours: ForcedColours::Active, ..Emulation::DESKTOP });
    page.visit(PRODUCT_PATH);
    assert!(page.is_true("matchMedia('(forced-colors: active)').matches"));
    let outlined = |label: &str| {
        page.is_true(&format!(
            "(({{outlineStyle, outlineWidth}}) => outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2)
             (getComputedStyle(document.querySelector({label:?})))"
        ))
    };
    assert!(outlined(".choices label:has(:checked)"));
    assert!(!outlined(".choices label:not(:has(:checked))"));
    page.visit("/c/kitchen");
    let line = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.departments a[aria-current]')).borderBottomWidth)");
    assert!(line.as_f64().unwrap() >= 2.0, "the current department is marked: {line}");
}
