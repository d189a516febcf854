//! Drawings for the stove: kettle, casserole.

use super::super::lathe::Lathe;
use super::super::palette::{BRASS, GRAPHITE, OAK, Tones};
use super::super::scene::{Scene, Solid, oval, slab};

pub(super) fn kettle(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(204.0);
    let (oak, graphite) = (Tones::of(OAK), Tones::of(GRAPHITE));
    scene.shadow(204.0, 92.0);
    scene.add(Solid::bar(
        "M136 230C138 168 158 146 204 146C250 146 270 168 272 230",
        15.0,
        15.0,
        graphite,
    ));
    scene.add(Solid::bar("M144 344C104 328 116 276 74 250", 46.0, 20.0, good));
    scene.add(Solid::new(oval(70.0, 247.0, 10.0, 5.0), good.deep));
    scene.add(
        lathe.body("M52 228C76 240 82 268 86 304C92 344 97 372 97 382C97 386 96 388 93 389", good),
    );
    scene.add(lathe.zone("M95 364C97 374 99 387 93 389", good.darker()));
    scene.add(lathe.part("M16 208C38 210 54 216 56 226", good));
    scene.add(Solid::new(slab(195.0, 203.0, 18.0, 8.0, 2.0), Tones::of(BRASS).base));
    scene.ball(204.0, 190.0, 17.0, oak);
}

pub(super) fn casserole(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::tilted(200.0, 0.18);
    let brass = Tones::of(BRASS);
    scene.shadow(200.0, 110.0);
    scene.add(Solid::bar("M96 306C60 300 60 334 100 334", 16.0, 16.0, good));
    scene.add(Solid::bar("M304 306C340 300 340 334 300 334", 16.0, 16.0, good));
    scene.add(lathe.body("M118 282L116 368C115 380 112 386 108 388", good));
    scene.add(Solid::new(lathe.disc(284.0, 122.0), good.deep));
    scene.add(lathe.body("M26 244C72 246 118 256 124 274L124 281", good));
    scene.add(lathe.part("M9 232L12 246", brass));
    scene.add(lathe.part("M22 216L23 226C22 230 18 232 14 233", brass));
    scene.add(Solid::new(lathe.disc(216.0, 22.0), brass.hi));
}
