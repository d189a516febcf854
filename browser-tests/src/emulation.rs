//! Emulation settings of a page: viewport, zoom, theme, forced colours, JavaScript and language.

use serde_json::{Value, json};

/// Preferred colour scheme of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// JavaScript, enabled or disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JavaScript {
    Enabled,
    Disabled,
}

/// Forced-colours mode, in which the reader's palette replaces the page's colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForcedColours {
    None,
    Active,
}

/// Emulation settings of a page.
#[derive(Clone, Copy, Debug)]
pub struct Emulation {
    /// Width of the window in device pixels.
    pub width: u32,
    /// Height of the window in device pixels.
    pub height: u32,
    /// Zoom level; 100 is no zoom.
    pub zoom_percent: u32,
    pub theme: Theme,
    pub javascript: JavaScript,
    pub forced_colours: ForcedColours,
    /// Value of `Accept-Language`.
    pub language: &'static str,
}

impl Emulation {
    pub const DESKTOP: Self = Self {
        width: 1280,
        height: 900,
        zoom_percent: 100,
        theme: Theme::Light,
        javascript: JavaScript::Enabled,
        forced_colours: ForcedColours::None,
        language: "en",
    };
    pub const TABLET: Self = Self { width: 820, height: 1180, ..Self::DESKTOP };
    pub const PHONE: Self = Self { width: 360, height: 780, ..Self::DESKTOP };

    /// Width of the viewport in CSS pixels. A page that overflows widens what the browser reports, but not this.
    pub fn page_width(self) -> u32 {
        self.width * 100 / self.zoom_percent
    }

    /// Metrics of the device, as the browser takes them.
    pub(crate) fn metrics(self) -> Value {
        let height = self.height * 100 / self.zoom_percent;
        json!({
            "width": self.page_width(), "height": height, "mobile": false,
            "deviceScaleFactor": f64::from(self.zoom_percent) / 100.0,
        })
    }

    /// The `DevTools` calls that apply the settings.
    pub(crate) fn commands(self) -> Vec<(&'static str, Value)> {
        let theme = match self.theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let forced = match self.forced_colours {
            ForcedColours::None => "none",
            ForcedColours::Active => "active",
        };
        vec![
            ("Emulation.setDeviceMetricsOverride", self.metrics()),
            (
                "Emulation.setEmulatedMedia",
                json!({"features": [
                    {"name": "prefers-color-scheme", "value": theme},
                    {"name": "forced-colors", "value": forced},
                    // No animations to wait for.
                    {"name": "prefers-reduced-motion", "value": "reduce"},
                ]}),
            ),
            // Every page behaves as the focused one.
            ("Emulation.setFocusEmulationEnabled", json!({"enabled": true})),
            (
                "Emulation.setScriptExecutionDisabled",
                json!({"value": self.javascript == JavaScript::Disabled}),
            ),
            ("Network.setExtraHTTPHeaders", json!({"headers": {"Accept-Language": self.language}})),
        ]
    }
}
