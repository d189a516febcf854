//! Bytes of each encoding at several widths, of the pictures named on the command line.
//!
//! `cargo run --release -p images --example sizes -- photo.jpg …`

use images::{DecodeLimits, Encoding, decode, encode};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:<24} {:>6} {:>9} {:>9} {:>9}", "file", "width", "webp", "jpeg", "png");
    for path in std::env::args().skip(1) {
        let raster = decode(&std::fs::read(&path)?, &DecodeLimits::default())?;
        let name = path.rsplit('/').next().unwrap_or(&path);
        for width in [320, 640, 1_280] {
            let small = raster.reduced_to_width(width);
            let bytes = |encoding| encode(&small, encoding).map(|file| file.len());
            let (webp, jpeg) = (bytes(Encoding::WebP)?, bytes(Encoding::Jpeg)?);
            let png = bytes(Encoding::Png)?;
            println!("{name:<24} {:>6} {webp:>9} {jpeg:>9} {png:>9}", small.width());
        }
    }
    Ok(())
}
