//! Raster images: bounded decoding of JPEG, PNG, WebP and GIF, resizing, and encoding for the web.
//!
//! Input comes from strangers, so the decoders are written in Rust and every limit is checked before memory is taken. The
//! type of a file follows from its first bytes, never from its name or a header. What is shown is always encoded anew: no
//! byte of the input, and none of its metadata, reaches a browser. All functions compute; callers run them on a thread that
//! may block.

#![warn(missing_docs)]

mod decode;
mod encode;
mod orientation;
mod raster;
mod resize;

pub use decode::{DecodeLimits, ImageError, ImageFormat, decode};
pub use encode::{EncodeError, Encoding, encode};
pub use raster::Raster;
