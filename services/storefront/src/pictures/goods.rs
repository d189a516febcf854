//! The kinds of goods: what each is called, how large it is and how it is drawn.

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
use super::drafting::{Extent, Size};
use super::palette::Tones;
use super::sheet::Sheet;

/// A kind of good, drawn in any colour.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The slug, as in `/pictures/dome-lamp/brick`.
    pub name: &'static str,
    /// What it is, for alternative texts: "Dome lamp, brick".
    pub noun: &'static str,
    pub size: Size,
    draw: fn(&mut Sheet, Tones),
    /// Left, top, right and bottom on the sheet.
    corners: [i16; 4],
    /// Left, top and width of the close view.
    close: [i16; 3],
}

impl Kind {
    pub(super) fn draw_on(&self, sheet: &mut Sheet, tones: Tones) {
        (self.draw)(sheet, tones);
    }

    pub(super) fn extent(&self) -> Extent {
        let [left, top, right, bottom] = self.corners.map(f64::from);
        Extent { left, top, right, bottom }
    }

    /// The `viewBox` of the close view, in the proportions of the whole.
    pub(super) fn window(&self) -> String {
        let [left, top, width] = self.close.map(f64::from);
        format!("{left} {top} {width} {}", number(width * 1.25))
    }
}

const fn kind(
    name: &'static str,
    noun: &'static str,
    (width_mm, height_mm): (u16, u16),
    corners: [i16; 4],
    close: [i16; 3],
    draw: fn(&mut Sheet, Tones),
) -> Kind {
    Kind { name, noun, size: Size { width_mm, height_mm }, draw, corners, close }
}

pub const KINDS: &[Kind] = &[
    kind("mug", "Mug", (128, 98), [86, 180, 314, 408], [60, 150, 200], table::mug),
    kind("bowl", "Bowl", (210, 112), [74, 244, 326, 408], [50, 210, 200], table::bowl),
    kind("plate", "Plate", (270, 270), [68, 144, 332, 408], [60, 130, 200], table::plate),
    kind("carafe", "Carafe", (112, 262), [118, 78, 282, 408], [110, 70, 190], table::carafe),
    kind("teapot", "Teapot", (238, 168), [66, 176, 342, 408], [50, 160, 200], table::teapot),
    kind("kettle", "Kettle", (252, 228), [60, 138, 306, 408], [50, 130, 210], stove::kettle),
    kind("casserole", "Casserole", (318, 186), [58, 204, 342, 408], [40, 190, 200], stove::casserole),
    kind("storage-jar", "Storage jar", (118, 176), [118, 160, 282, 408], [100, 140, 190], pantry::storage_jar),
    kind("bread-bin", "Bread bin", (360, 210), [66, 236, 334, 408], [50, 210, 200], pantry::bread_bin),
    kind("pepper-mill", "Pepper mill", (62, 240), [152, 106, 248, 408], [120, 90, 160], pantry::pepper_mill),
    kind("chopping-board", "Chopping board", (260, 420), [112, 112, 290, 408], [100, 100, 190], pantry::chopping_board),
    kind("tray", "Tray", (420, 64), [64, 300, 336, 408], [50, 230, 200], pantry::tray),
    kind("dome-lamp", "Dome lamp", (300, 385), [74, 104, 326, 408], [70, 90, 200], lamps::dome_lamp),
    kind("pendant-lamp", "Pendant lamp", (380, 230), [70, 170, 330, 330], [60, 130, 220], lamps::pendant_lamp),
    kind("floor-lamp", "Floor lamp", (420, 1_560), [106, 76, 294, 408], [90, 60, 220], lamps::floor_lamp),
    kind("lantern", "Lantern", (172, 330), [128, 116, 272, 408], [110, 150, 190], lamps::lantern),
    kind("candle-holder", "Candle holder", (148, 196), [106, 148, 306, 408], [100, 230, 190], lamps::candle_holder),
    kind("stool", "Stool", (390, 450), [96, 150, 304, 408], [80, 140, 210], seats::stool),
    kind("chair", "Chair", (450, 800), [108, 112, 292, 408], [100, 100, 200], seats::chair),
    kind("bench", "Bench", (1_200, 450), [68, 256, 332, 408], [50, 220, 200], seats::bench),
    kind("side-table", "Side table", (480, 500), [82, 172, 318, 408], [70, 150, 200], seats::side_table),
    kind("throw", "Throw", (420, 210), [66, 238, 334, 408], [50, 220, 200], soft::throw),
    kind("cushion", "Cushion", (500, 500), [76, 164, 324, 408], [60, 150, 200], soft::cushion),
    kind("rug", "Rug", (1_400, 2_000), [60, 238, 340, 408], [50, 210, 200], soft::rug),
    kind("towel", "Towel", (500, 1_000), [104, 108, 296, 398], [90, 90, 200], hung::towel),
    kind("apron", "Apron", (680, 860), [92, 96, 308, 408], [100, 90, 200], hung::apron),
    kind("planter", "Planter", (240, 225), [102, 256, 298, 408], [80, 190, 220], garden::planter),
    kind("watering-can", "Watering can", (380, 300), [50, 168, 340, 408], [40, 160, 210], garden::watering_can),
    kind("bird-house", "Bird house", (190, 280), [96, 128, 304, 408], [80, 110, 220], garden::bird_house),
    kind("vase", "Vase with eucalyptus", (150, 220), [130, 232, 270, 408], [90, 90, 220], garden::vase),
    kind("speaker", "Shelf speaker", (185, 290), [108, 120, 296, 408], [90, 110, 200], desk::speaker),
    kind("notebook", "Notebook", (148, 210), [104, 148, 296, 408], [90, 130, 200], desk::notebook),
    kind("wall-clock", "Wall clock", (300, 300), [76, 136, 324, 384], [70, 120, 220], walls::wall_clock),
    kind("mirror", "Mirror", (500, 500), [84, 160, 316, 392], [80, 90, 220], walls::mirror),
    kind("backpack", "Backpack", (300, 430), [96, 120, 304, 408], [90, 120, 200], carried::backpack),
    kind("basket", "Basket", (380, 320), [80, 196, 320, 408], [70, 180, 200], carried::basket),
    kind("umbrella", "Umbrella", (1_020, 890), [62, 116, 338, 408], [50, 100, 220], carried::umbrella),
];
