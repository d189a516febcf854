//! Screenshots of a page as PNG.

use super::Page;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

/// The most pixels of height; what is below is cut off.
const HEIGHT_MAX: u64 = 8_000;

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
        let mut parameters = json!({"format": "png"});
        if frame == Frame::Page {
            let height = self.evaluate("document.documentElement.scrollHeight");
            let height = height.as_u64().unwrap_or_default().clamp(1, HEIGHT_MAX);
            parameters["captureBeyondViewport"] = true.into();
            parameters["clip"] = json!({
                "x": 0, "y": 0, "width": self.emulation.page_width(), "height": height, "scale": 1,
            });
        }
        let taken = self.call("Page.captureScreenshot", &parameters);
        let data = taken["data"].as_str().expect("a screenshot has data");
        BASE64_STANDARD.decode(data).expect("a screenshot is in base64")
    }
}
