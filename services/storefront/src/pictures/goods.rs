//! Kinds of goods: name and drawing of each.

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
use super::palette::Tones;
use super::scene::Scene;

/// Kind of good, which can be drawn in any colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GoodKind {
    /// Slug, as in `/pictures/dome-lamp/brick`.
    pub(crate) name: &'static str,
    /// Noun for alternative texts: "Dome lamp, brick".
    pub(crate) noun: &'static str,
    draw: fn(&mut Scene, Tones),
    /// Left and top edge and width of the crop.
    crop: [i16; 3],
}

impl GoodKind {
    pub(super) fn draw_on(&self, scene: &mut Scene, tones: Tones) {
        (self.draw)(scene, tones);
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
    crop: [i16; 3],
    draw: fn(&mut Scene, Tones),
) -> GoodKind {
    GoodKind { name, noun, draw, crop }
}

pub(crate) const KINDS: &[GoodKind] = &[
    kind("mug", "Mug", [150, 170, 170], table::mug),
    kind("bowl", "Bowl", [150, 230, 170], table::bowl),
    kind("plate", "Plate", [60, 140, 150], table::plate),
    kind("carafe", "Carafe", [125, 74, 150], table::carafe),
    kind("teapot", "Teapot", [60, 180, 150], table::teapot),
    kind("kettle", "Kettle", [120, 136, 160], stove::kettle),
    kind("casserole", "Casserole", [130, 200, 160], stove::casserole),
    kind("storage-jar", "Storage jar", [120, 146, 160], pantry::storage_jar),
    kind("bread-bin", "Bread bin", [150, 226, 160], pantry::bread_bin),
    kind("pepper-mill", "Pepper mill", [140, 100, 120], pantry::pepper_mill),
    kind("chopping-board", "Chopping board", [136, 92, 130], pantry::chopping_board),
    kind("tray", "Tray", [56, 250, 150], pantry::tray),
    kind("dome-lamp", "Dome lamp", [180, 110, 160], lamps::dome_lamp),
    kind("pendant-lamp", "Pendant lamp", [130, 160, 140], lamps::pendant_lamp),
    kind("floor-lamp", "Floor lamp", [120, 66, 160], lamps::floor_lamp),
    kind("lantern", "Lantern", [140, 190, 120], lamps::lantern),
    kind("candle-holder", "Candle holder", [166, 240, 150], lamps::candle_holder),
    kind("stool", "Stool", [90, 150, 150], seats::stool),
    kind("chair", "Chair", [125, 104, 150], seats::chair),
    kind("bench", "Bench", [60, 246, 140], seats::bench),
    kind("side-table", "Side table", [80, 172, 150], seats::side_table),
    kind("throw", "Throw", [130, 226, 150], soft::throw),
    kind("cushion", "Cushion", [180, 236, 150], soft::cushion),
    kind("rug", "Rug", [180, 224, 150], soft::rug),
    kind("towel", "Towel", [96, 240, 150], hung::towel),
    kind("apron", "Apron", [125, 90, 150], hung::apron),
    kind("planter", "Planter", [110, 140, 180], garden::planter),
    kind("watering-can", "Watering can", [46, 180, 150], garden::watering_can),
    kind("bird-house", "Bird house", [125, 216, 130], garden::bird_house),
    kind("vase", "Vase with eucalyptus", [130, 74, 140], garden::vase),
    kind("speaker", "Shelf speaker", [122, 216, 140], desk::speaker),
    kind("notebook", "Notebook", [190, 140, 120], desk::notebook),
    kind("wall-clock", "Wall clock", [170, 130, 150], walls::wall_clock),
    kind("mirror", "Mirror", [130, 96, 140], walls::mirror),
    kind("backpack", "Backpack", [125, 190, 150], carried::backpack),
    kind("basket", "Basket", [70, 190, 150], carried::basket),
    kind("umbrella", "Umbrella", [180, 110, 170], carried::umbrella),
];
