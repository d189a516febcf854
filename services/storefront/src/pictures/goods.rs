//! Kinds of goods: name, dimensions and drawing of each.

mod carried;
mod desk;
mod garden;
mod hung;
mod lamps;
mod pantry;
mod seats;
mod soft;
mod stove;
mod table;
mod walls;

use super::curve::number;
use super::dimension_renderer::{Bounds, Dimensions};
use super::palette::Tones;
use super::scene::Scene;

/// Kind of good, which can be drawn in any colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GoodKind {
    /// Slug, as in `/pictures/dome-lamp/brick`.
    pub(crate) name: &'static str,
    /// Noun for alternative texts: "Dome lamp, brick".
    pub(crate) noun: &'static str,
    pub(crate) size: Dimensions,
    draw: fn(&mut Scene, Tones),
    /// Left, top, right and bottom edge within the scene.
    bounds: [i16; 4],
    /// Left and top edge and width of the crop.
    crop: [i16; 3],
}

impl GoodKind {
    pub(super) fn draw_on(&self, scene: &mut Scene, tones: Tones) {
        (self.draw)(scene, tones);
    }

    pub(super) fn bounds(&self) -> Bounds {
        let [left, top, right, bottom] = self.bounds.map(f64::from);
        Bounds { left, top, right, bottom }
    }

    /// `viewBox` of the crop, with the aspect ratio of the whole.
    pub(super) fn crop_view_box(&self) -> String {
        let [left, top, width] = self.crop.map(f64::from);
        format!("{left} {top} {width} {}", number(width * 1.25))
    }
}

const fn kind(
    name: &'static str,
    noun: &'static str,
    (width_mm, height_mm): (u16, u16),
    bounds: [i16; 4],
    crop: [i16; 3],
    draw: fn(&mut Scene, Tones),
) -> GoodKind {
    GoodKind { name, noun, size: Dimensions { width_mm, height_mm }, draw, bounds, crop }
}

pub(crate) const KINDS: &[GoodKind] = &[
    kind("mug", "Mug", (118, 110), [86, 181, 314, 408], [150, 170, 170], table::mug),
    kind("bowl", "Bowl", (176, 112), [74, 244, 326, 408], [150, 230, 170], table::bowl),
    kind("plate", "Plate", (270, 270), [68, 144, 332, 408], [60, 140, 150], table::plate),
    kind("carafe", "Carafe", (128, 262), [118, 78, 282, 408], [125, 74, 150], table::carafe),
    kind("teapot", "Teapot", (238, 196), [62, 180, 344, 408], [60, 180, 150], table::teapot),
    kind("kettle", "Kettle", (210, 228), [62, 138, 300, 408], [120, 136, 160], stove::kettle),
    kind(
        "casserole",
        "Casserole",
        (300, 212),
        [58, 204, 342, 408],
        [130, 200, 160],
        stove::casserole,
    ),
    kind(
        "storage-jar",
        "Storage jar",
        (118, 176),
        [118, 160, 282, 408],
        [120, 146, 160],
        pantry::storage_jar,
    ),
    kind(
        "bread-bin",
        "Bread bin",
        (360, 222),
        [66, 236, 334, 408],
        [150, 226, 160],
        pantry::bread_bin,
    ),
    kind(
        "pepper-mill",
        "Pepper mill",
        (76, 240),
        [152, 106, 248, 408],
        [140, 100, 120],
        pantry::pepper_mill,
    ),
    kind(
        "chopping-board",
        "Chopping board",
        (250, 420),
        [112, 112, 290, 408],
        [136, 92, 130],
        pantry::chopping_board,
    ),
    kind("tray", "Tray", (420, 64), [64, 300, 336, 408], [56, 250, 150], pantry::tray),
    kind(
        "dome-lamp",
        "Dome lamp",
        (320, 385),
        [74, 104, 326, 408],
        [180, 110, 160],
        lamps::dome_lamp,
    ),
    kind(
        "pendant-lamp",
        "Pendant lamp",
        (380, 240),
        [70, 170, 330, 330],
        [130, 160, 140],
        lamps::pendant_lamp,
    ),
    kind(
        "floor-lamp",
        "Floor lamp",
        (620, 1_450),
        [124, 68, 276, 408],
        [120, 66, 160],
        lamps::floor_lamp,
    ),
    kind("lantern", "Lantern", (172, 345), [128, 128, 272, 408], [140, 190, 120], lamps::lantern),
    kind(
        "candle-holder",
        "Candle holder",
        (165, 196),
        [106, 160, 322, 408],
        [166, 240, 150],
        lamps::candle_holder,
    ),
    kind("stool", "Stool", (360, 450), [98, 150, 302, 408], [90, 150, 150], seats::stool),
    kind("chair", "Chair", (480, 780), [108, 112, 292, 408], [125, 104, 150], seats::chair),
    kind("bench", "Bench", (800, 440), [68, 256, 332, 408], [60, 246, 140], seats::bench),
    kind(
        "side-table",
        "Side table",
        (480, 480),
        [82, 172, 318, 408],
        [80, 172, 150],
        seats::side_table,
    ),
    kind("throw", "Throw", (420, 265), [66, 238, 336, 408], [130, 226, 150], soft::throw),
    kind("cushion", "Cushion", (500, 500), [76, 164, 324, 408], [180, 236, 150], soft::cushion),
    kind("rug", "Rug", (1_400, 2_000), [60, 238, 340, 408], [180, 224, 150], soft::rug),
    kind("towel", "Towel", (500, 800), [108, 106, 292, 394], [96, 240, 150], hung::towel),
    kind("apron", "Apron", (620, 880), [84, 100, 316, 408], [125, 90, 150], hung::apron),
    kind("planter", "Planter", (240, 190), [102, 256, 298, 408], [110, 140, 180], garden::planter),
    kind(
        "watering-can",
        "Watering can",
        (380, 306),
        [52, 168, 349, 408],
        [46, 180, 150],
        garden::watering_can,
    ),
    kind(
        "bird-house",
        "Bird house",
        (220, 275),
        [96, 128, 304, 408],
        [125, 216, 130],
        garden::bird_house,
    ),
    kind(
        "vase",
        "Vase with eucalyptus",
        (150, 188),
        [130, 232, 270, 408],
        [130, 74, 140],
        garden::vase,
    ),
    kind(
        "speaker",
        "Shelf speaker",
        (190, 290),
        [108, 120, 296, 408],
        [122, 216, 140],
        desk::speaker,
    ),
    kind("notebook", "Notebook", (148, 210), [104, 148, 296, 408], [190, 140, 120], desk::notebook),
    kind(
        "wall-clock",
        "Wall clock",
        (300, 300),
        [76, 136, 324, 384],
        [170, 130, 150],
        walls::wall_clock,
    ),
    kind("mirror", "Mirror", (500, 500), [84, 160, 316, 392], [130, 96, 140], walls::mirror),
    kind(
        "backpack",
        "Backpack",
        (310, 430),
        [92, 116, 308, 408],
        [125, 190, 150],
        carried::backpack,
    ),
    kind("basket", "Basket", (380, 335), [82, 196, 318, 408], [70, 190, 150], carried::basket),
    kind(
        "umbrella",
        "Umbrella",
        (850, 900),
        [62, 116, 338, 408],
        [180, 110, 170],
        carried::umbrella,
    ),
];
