//! How a page is looked at: size, zoom, theme, language, with scripts or without.

use serde_json::{Value, json};

/// Which of the two themes the system asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// Whether scripts run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// Whether the page's colours are shown, or the reader's own in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    Own,
    Forced,
}

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Of the window, in pixels of the screen.
    pub width: u32,
    /// Of the window, in pixels of the screen.
    pub height: u32,
    /// 100 is no zoom.
    pub zoom_percent: u32,
    pub theme: Theme,
    pub scripts: Scripts,
    pub colours: Colours,
    /// What the browser asks for with `Accept-Language`.
    pub language: &'static str,
}

impl Look {
    pub const DESKTOP: Self = Self {
        width: 1280,
        height: 900,
        zoom_percent: 100,
        theme: Theme::Light,
        scripts: Scripts::On,
        colours: Colours::Own,
        language: "en",
    };
    pub const PHONE: Self = Self { width: 360, height: 780, ..Self::DESKTOP };

    /// The width that the page has to fit into. A page that is too wide widens what the browser reports, never this.
    pub fn page_width(self) -> u32 {
        self.width * 100 / self.zoom_percent
    }

    /// What the browser has to be told to show pages like this.
    pub(crate) fn commands(self) -> Vec<(&'static str, Value)> {
        let theme = match self.theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let forced = match self.colours {
            Colours::Own => "none",
            Colours::Forced => "active",
        };
        let height = self.height * 100 / self.zoom_percent;
        vec![
            (
                "Emulation.setDeviceMetricsOverride",
                json!({
                    "width": self.page_width(), "height": height, "mobile": false,
                    "deviceScaleFactor": f64::from(self.zoom_percent) / 100.0,
                }),
            ),
            (
                "Emulation.setEmulatedMedia",
                json!({"features": [
                    {"name": "prefers-color-scheme", "value": theme},
                    {"name": "forced-colors", "value": forced},
                    // Nothing to wait for.
                    {"name": "prefers-reduced-motion", "value": "reduce"},
                ]}),
            ),
            // Every page believes to be the one in front.
            ("Emulation.setFocusEmulationEnabled", json!({"enabled": true})),
            (
                "Emulation.setScriptExecutionDisabled",
                json!({"value": self.scripts == Scripts::Off}),
            ),
            ("Network.setExtraHTTPHeaders", json!({"headers": {"Accept-Language": self.language}})),
        ]
    }
}
