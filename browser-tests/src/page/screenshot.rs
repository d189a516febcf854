//! Screenshots of a page as PNG.

use super::Page;
use crate::Emulation;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

/// The most pixels of height; what is below is cut off.
const HEIGHT_MAX: u32 = 8_000;

/// Script that loads the pictures which the window has not shown yet, and waits until all are decoded.
const LOAD_PICTURES: &str = "(async () => {
    const pictures = [...document.images].filter(it => it.checkVisibility());
    for (const it of pictures) it.loading = 'eager';
    await Promise.allSettled(pictures.map(it => it.decode()));
    await Promise.allSettled(document.getAnimations().map(it => it.finished));
})()";

/// Extent of a screenshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The whole page, also what is below the window.
    Page,
    /// What the window shows, with all that is laid over the page.
    Window,
}

impl Page {
    /// Takes a screenshot once all pictures are there.
    pub fn screenshot(&self, frame: Frame) -> Vec<u8> {
        self.evaluate(LOAD_PICTURES);
        if frame == Frame::Window {
            return self.capture();
        }
        // A window as high as the page: what sticks to the window's edges covers nothing.
        let height = self.evaluate("document.documentElement.scrollHeight").as_u64();
        let height = height.and_then(|height| u32::try_from(height).ok()).unwrap_or(1);
        let whole =
            Emulation { height: height.clamp(self.emulation.height, HEIGHT_MAX), ..self.emulation };
        self.call("Emulation.setDeviceMetricsOverride", &whole.metrics());
        let png = self.capture();
        self.call("Emulation.setDeviceMetricsOverride", &self.emulation.metrics());
        png
    }

    fn capture(&self) -> Vec<u8> {
        let taken = self.call("Page.captureScreenshot", &json!({"format": "png"}));
        let data = taken["data"].as_str().expect("a screenshot has data");
        BASE64_STANDARD.decode(data).expect("a screenshot is in base64")
    }
}
