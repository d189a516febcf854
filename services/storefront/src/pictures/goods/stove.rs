//! For the stove: kettle, casserole.

use super::super::palette::{BRASS, GRAPHITE, OAK, Tones};
use super::super::sheet::{Sheet, Solid, oval, slab};
use super::super::wheel::Wheel;

pub(super) fn kettle(sheet: &mut Sheet, good: Tones) {
    let wheel = Wheel::at(204.0);
    let (oak, graphite) = (Tones::of(OAK), Tones::of(GRAPHITE));
    sheet.shadow(204.0, 92.0);
    sheet.add(Solid::bar(
        "M136 230C138 168 158 146 204 146C250 146 270 168 272 230",
        15.0,
        15.0,
        graphite,
    ));
    sheet.add(Solid::bar("M144 344C104 328 116 276 74 250", 46.0, 20.0, good));
    sheet.add(Solid::new(oval(70.0, 247.0, 10.0, 5.0), good.deep));
    sheet.add(
        wheel.body("M52 228C76 240 82 268 86 304C92 344 97 372 97 382C97 386 96 388 93 389", good),
    );
    sheet.add(wheel.zone("M95 364C97 374 99 387 93 389", good.darker()));
    sheet.add(wheel.part("M16 208C38 210 54 216 56 226", good));
    sheet.add(Solid::new(slab(195.0, 203.0, 18.0, 8.0, 2.0), Tones::of(BRASS).base));
    sheet.ball(204.0, 190.0, 17.0, oak);
}

pub(super) fn casserole(sheet: &mut Sheet, good: Tones) {
    let wheel = Wheel::tilted(200.0, 0.18);
    let brass = Tones::of(BRASS);
    sheet.shadow(200.0, 110.0);
    sheet.add(Solid::bar("M96 306C60 300 60 334 100 334", 16.0, 16.0, good));
    sheet.add(Solid::bar("M304 306C340 300 340 334 300 334", 16.0, 16.0, good));
    sheet.add(wheel.body("M118 282L116 368C115 380 112 386 108 388", good));
    sheet.add(Solid::new(wheel.disc(284.0, 122.0), good.deep));
    sheet.add(wheel.body("M26 244C72 246 118 256 124 274L124 281", good));
    sheet.add(wheel.part("M9 232L12 246", brass));
    sheet.add(wheel.part("M22 216L23 226C22 230 18 232 14 233", brass));
    sheet.add(Solid::new(wheel.disc(216.0, 22.0), brass.hi));
}
