//! Orientation of a photograph, as the camera recorded it in the EXIF data (TIFF tag 0x0112).

use crate::Raster;

const ORIENTATION_TAG: u16 = 0x0112;
/// Entries of the first directory that are looked at.
const ENTRIES_MAX: usize = 1_024;

/// Orientation, 1 to 8 as EXIF numbers them; 1 is upright, and stands for everything that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Orientation(u16);

impl Orientation {
    pub(crate) const UPRIGHT: Self = Self(1);

    /// Orientation in EXIF data, with or without its `Exif` header.
    pub(crate) fn of_exif(exif: &[u8]) -> Self {
        let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        Self::of_tiff(tiff).unwrap_or(Self::UPRIGHT)
    }

    fn of_tiff(tiff: &[u8]) -> Option<Self> {
        let little = match tiff.get(..4)? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        let short = |at: usize| {
            let bytes: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
            Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
        };
        let long = |at: usize| {
            let (first, second) = (u32::from(short(at)?), u32::from(short(at + 2)?));
            Some(if little { second << 16 | first } else { first << 16 | second })
        };
        let directory = usize::try_from(long(4)?).ok()?;
        let entries = usize::from(short(directory)?).min(ENTRIES_MAX);
        let entry = (0..entries)
            .map(|entry| directory + 2 + 12 * entry)
            .find(|at| short(*at) == Some(ORIENTATION_TAG))?;
        let value = short(entry + 8)?;
        (1..=8).contains(&value).then_some(Self(value))
    }

    /// The image turned and mirrored so that it is upright.
    pub(crate) fn upright(self, raster: Raster) -> Raster {
        let (width, height) = (raster.width(), raster.height());
        let (right, bottom) = (width - 1, height - 1);
        let same = (width, height);
        let turned = (height, width);
        match self.0 {
            2 => raster.rearranged(same, |x, y| (right - x, y)),
            3 => raster.rearranged(same, |x, y| (right - x, bottom - y)),
            4 => raster.rearranged(same, |x, y| (x, bottom - y)),
            5 => raster.rearranged(turned, |x, y| (y, x)),
            6 => raster.rearranged(turned, |x, y| (y, bottom - x)),
            7 => raster.rearranged(turned, |x, y| (right - y, bottom - x)),
            8 => raster.rearranged(turned, |x, y| (right - y, x)),
            _ => raster,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exif(little: bool, value: u16) -> Vec<u8> {
        let short = |it: u16| if little { it.to_le_bytes() } else { it.to_be_bytes() };
        let long = |it: u32| if little { it.to_le_bytes() } else { it.to_be_bytes() };
        let mut data = b"Exif\0\0".to_vec();
        data.extend(if little { b"II*\0" } else { b"MM\0*" });
        data.extend(long(8));
        data.extend(short(1));
        data.extend(short(ORIENTATION_TAG));
        data.extend(short(3));
        data.extend(long(1));
        data.extend(short(value));
        data.extend(short(0));
        data
    }

    #[test]
    fn both_byte_orders_are_read_and_nonsense_is_upright() {
        for value in 1..=8 {
            for little in [true, false] {
                assert_eq!(Orientation::of_exif(&exif(little, value)), Orientation(value));
            }
        }
        assert_eq!(Orientation::of_exif(&exif(true, 9)), Orientation::UPRIGHT);
        let whole = exif(false, 6);
        for end in 0..whole.len() - 4 {
            assert_eq!(Orientation::of_exif(&whole[..end]), Orientation::UPRIGHT);
        }
        let far = b"II*\0\xff\xff\xff\xff";
        assert_eq!(Orientation::of_exif(far), Orientation::UPRIGHT);
    }

    /// The pixels a b / c d / e f, as each orientation stores them.
    #[test]
    fn every_orientation_becomes_upright() {
        let stored: [(u16, u32, &[u8]); 8] = [
            (1, 2, b"abcdef"),
            (2, 2, b"badcfe"),
            (3, 2, b"fedcba"),
            (4, 2, b"efcdab"),
            (5, 3, b"acebdf"),
            (6, 3, b"bdface"),
            (7, 3, b"fdbeca"),
            (8, 3, b"ecafdb"),
        ];
        for (value, width, pixels) in stored {
            let samples = pixels.iter().flat_map(|pixel| [*pixel; 3]).collect();
            let raster = Raster::new(width, 6 / width, samples).unwrap();
            let upright = Orientation(value).upright(raster);
            let seen: Vec<u8> = upright.samples().chunks(3).map(|pixel| pixel[0]).collect();
            assert_eq!((upright.width(), &*seen), (2, &b"abcdef"[..]), "orientation {value}");
        }
    }
}
