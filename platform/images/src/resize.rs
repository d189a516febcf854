//! Reduction of an image to a smaller width: boxes of whole pixels down to at most twice the target, then a cubic filter
//! (Catmull-Rom) for the rest, on samples weighted by their opacity.

use crate::Raster;

impl Raster {
    /// The image at this width, in the same proportions. It is never enlarged.
    #[must_use]
    pub fn reduced_to_width(&self, width: u32) -> Self {
        let width = width.max(1);
        if width >= self.width() {
            return self.clone();
        }
        let height = self.height_at_width(width);
        let plane = Plane::boxed(self, boxes(self.width(), width), boxes(self.height(), height));
        plane.filtered_rows(width as usize).filtered_columns(height as usize).into_raster()
    }

    /// Height of the image at a smaller width; at least 1.
    pub fn height_at_width(&self, width: u32) -> u32 {
        let (whole_width, whole_height) = (u64::from(self.width()), u64::from(self.height()));
        if u64::from(width) >= whole_width {
            return self.height();
        }
        let height = (whole_height * u64::from(width) + whole_width / 2) / whole_width;
        u32::try_from(height).map_or(self.height(), |height| height.max(1))
    }
}

/// Side of the boxes that bring `from` pixels near twice `to`.
fn boxes(from: u32, to: u32) -> usize {
    (from / (2 * to).max(1)).max(1) as usize
}

/// Image in floating point, with samples multiplied by their opacity.
struct Plane {
    width: usize,
    height: usize,
    channels: usize,
    samples: Vec<f32>,
}

impl Plane {
    /// Averages of boxes; those at the right and bottom edges may be smaller.
    fn boxed(raster: &Raster, box_width: usize, box_height: usize) -> Self {
        let (full_width, full_height) = (raster.width() as usize, raster.height() as usize);
        let channels = raster.channels();
        let (width, height) = (full_width.div_ceil(box_width), full_height.div_ceil(box_height));
        let mut samples = vec![0.0; width * height * channels];
        let rows = raster.samples().chunks_exact(full_width * channels);
        for (y, row) in rows.enumerate() {
            let target = &mut samples[y / box_height * width * channels..][..width * channels];
            for (x, pixel) in row.chunks_exact(channels).enumerate() {
                let sum = &mut target[x / box_width * channels..][..channels];
                let opacity = pixel.get(3).map_or(1.0, |alpha| f32::from(*alpha) / 255.0);
                for (sum, sample) in sum.iter_mut().zip(&pixel[..3]) {
                    *sum += f32::from(*sample) * opacity;
                }
                if let Some(alpha) = pixel.get(3) {
                    sum[3] += f32::from(*alpha);
                }
            }
        }
        for (index, pixel) in samples.chunks_exact_mut(channels).enumerate() {
            let columns = box_width.min(full_width - index % width * box_width);
            let lines = box_height.min(full_height - index / width * box_height);
            #[expect(clippy::cast_precision_loss, reason = "a box has at most 2^24 pixels")]
            let share = 1.0 / (columns * lines) as f32;
            for sample in pixel {
                *sample *= share;
            }
        }
        Self { width, height, channels, samples }
    }

    fn filtered_rows(self, width: usize) -> Self {
        let filter = taps(self.width, width);
        let mut samples = Vec::with_capacity(width * self.height * self.channels);
        for row in self.samples.chunks_exact(self.width * self.channels) {
            for Taps { first, weights } in &filter {
                for channel in 0..self.channels {
                    let at = |tap: usize| row[(first + tap) * self.channels + channel];
                    samples.push(weights.iter().enumerate().map(|(tap, it)| at(tap) * it).sum());
                }
            }
        }
        Self { width, samples, ..self }
    }

    fn filtered_columns(self, height: usize) -> Self {
        let row_length = self.width * self.channels;
        let mut samples = vec![0.0; row_length * height];
        let rows = samples.chunks_exact_mut(row_length).zip(taps(self.height, height));
        for (row, Taps { first, weights }) in rows {
            for (tap, weight) in weights.iter().enumerate() {
                let source = &self.samples[(first + tap) * row_length..][..row_length];
                for (sample, from) in row.iter_mut().zip(source) {
                    *sample += from * weight;
                }
            }
        }
        Self { height, samples, ..self }
    }

    fn into_raster(self) -> Raster {
        let channels = self.channels;
        let mut samples = Vec::with_capacity(self.samples.len());
        for pixel in self.samples.chunks_exact(channels) {
            let opacity = pixel.get(3).map_or(1.0, |alpha| alpha / 255.0);
            let scale = if opacity > 0.0 { 1.0 / opacity } else { 0.0 };
            samples.extend(pixel[..3].iter().map(|sample| to_byte(sample * scale)));
            samples.extend(pixel.get(3).map(|alpha| to_byte(*alpha)));
        }
        let dimension = |pixels: usize| u32::try_from(pixels).expect("smaller than the source");
        Raster::new(dimension(self.width), dimension(self.height), samples)
            .expect("a plane has a whole number of pixels")
    }
}

/// Source samples of one target sample, with their weights.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

/// Taps of every target sample, where `from` samples become `to`.
#[expect(clippy::cast_precision_loss, reason = "sides have at most 2^24 pixels")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the source"
)]
fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f32 / to as f32;
    let spread = scale.max(1.0);
    let reach = 2.0 * spread;
    let last = from - 1;
    let of = |target: usize| {
        let centre = (target as f32 + 0.5) * scale - 0.5;
        let first = (centre - reach).ceil().clamp(0.0, last as f32) as usize;
        let end = (centre + reach).floor().clamp(0.0, last as f32) as usize;
        let mut weights: Vec<f32> =
            (first..=end).map(|source| cubic((source as f32 - centre) / spread)).collect();
        let sum: f32 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= sum;
        }
        Taps { first, weights }
    };
    (0..to).map(of).collect()
}

/// Catmull-Rom kernel.
fn cubic(distance: f32) -> f32 {
    let x = distance.abs();
    if x < 1.0 {
        (1.5 * x - 2.5) * x * x + 1.0
    } else if x < 2.0 {
        ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    } else {
        0.0
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn to_byte(sample: f32) -> u8 {
    sample.round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raster(width: u32, height: u32, pixel: impl Fn(u32, u32) -> Vec<u8>) -> Raster {
        let samples = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Raster::new(width, height, samples.flat_map(|(x, y)| pixel(x, y)).collect()).unwrap()
    }

    #[test]
    fn one_colour_stays_that_colour_at_every_size() {
        for (width, height) in [(1_000, 700), (33, 1_999), (1_999, 33), (7, 7), (640, 1)] {
            let plain = raster(width, height, |_, _| vec![10, 128, 250]);
            for target in [1, 2, 3, 6, 160, 639] {
                let small = plain.reduced_to_width(target);
                assert_eq!(small.width(), target.min(width));
                assert!(small.samples().chunks(3).all(|it| it == [10, 128, 250]), "{small:?}");
            }
        }
    }

    #[test]
    fn proportions_are_kept_and_nothing_is_enlarged() {
        let wide = raster(1_600, 900, |_, _| vec![0; 3]);
        assert_eq!(wide.reduced_to_width(320).height(), 180);
        assert_eq!(wide.reduced_to_width(1_600), wide);
        assert_eq!(wide.reduced_to_width(9_999), wide);
        assert_eq!(raster(1_000, 1, |_, _| vec![0; 3]).reduced_to_width(10).height(), 1);
    }

    #[test]
    fn a_fine_pattern_becomes_its_average_and_not_noise() {
        let board = raster(512, 512, |x, y| vec![if (x + y) % 2 == 0 { 0 } else { 255 }; 3]);
        let small = board.reduced_to_width(64);
        assert!(small.samples().iter().all(|it| (126..=129).contains(it)));
    }

    #[test]
    fn the_colour_of_what_cannot_be_seen_does_not_bleed() {
        // Opaque red beside fully transparent green.
        let halves =
            raster(64, 64, |x, _| if x < 32 { vec![255, 0, 0, 255] } else { vec![0, 255, 0, 0] });
        let small = halves.reduced_to_width(9);
        let visible = small.samples().chunks(4).filter(|pixel| pixel[3] > 8);
        for pixel in visible {
            assert!(pixel[0] > 240 && pixel[1] < 16, "{pixel:?}");
        }
    }
}
