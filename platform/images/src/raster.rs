//! Decoded image.

/// Decoded image: rows of 8-bit samples in sRGB, three to a pixel (RGB) or four (RGBA).
#[derive(Clone, PartialEq, Eq)]
pub struct Raster {
    width: u32,
    height: u32,
    samples: Vec<u8>,
}

impl Raster {
    /// Image of these samples; `None` unless there is at least one pixel, with three or four samples each.
    pub fn new(width: u32, height: u32, samples: Vec<u8>) -> Option<Self> {
        let pixels = (width as usize).checked_mul(height as usize).filter(|pixels| *pixels > 0)?;
        let fits =
            [3, 4].iter().any(|channels| pixels.checked_mul(*channels) == Some(samples.len()));
        fits.then_some(Self { width, height, samples })
    }

    /// Width in pixels; at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels; at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Samples of all rows, from the top.
    pub fn samples(&self) -> &[u8] {
        &self.samples
    }

    /// Samples of a pixel: 3, or 4 with an alpha channel.
    pub fn channels(&self) -> usize {
        self.samples.len() / (self.width as usize * self.height as usize)
    }

    /// The same image without its alpha channel where every pixel is opaque.
    #[must_use]
    pub fn without_opaque_alpha(self) -> Self {
        if self.channels() == 3 || self.samples.chunks_exact(4).any(|pixel| pixel[3] != u8::MAX) {
            return self;
        }
        let samples = self.samples.chunks_exact(4).flat_map(|pixel| &pixel[..3]).copied().collect();
        Self { samples, ..self }
    }

    /// Image whose pixel at (x, y) is the pixel of this one that `source` names.
    pub(crate) fn rearranged(
        &self,
        (width, height): (u32, u32),
        source: impl Fn(u32, u32) -> (u32, u32),
    ) -> Self {
        let channels = self.channels();
        let mut samples = Vec::with_capacity(self.samples.len());
        for y in 0..height {
            for x in 0..width {
                let (from_x, from_y) = source(x, y);
                let at = (from_y as usize * self.width as usize + from_x as usize) * channels;
                samples.extend_from_slice(&self.samples[at..at + channels]);
            }
        }
        Self { width, height, samples }
    }
}

impl std::fmt::Debug for Raster {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Raster({} x {} x {})", self.width, self.height, self.channels())
    }
}
