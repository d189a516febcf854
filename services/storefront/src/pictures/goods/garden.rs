//! Drawings for the garden and the window sill: planter, watering can, bird house, vase.

use super::super::lathe::Lathe;
use super::super::leaves::{Leaf, Leaves};
use super::super::palette::{BRASS, LEAF, OAK, SOIL, Tones};
use super::super::scene::{Scene, Solid, area, line, oval};

pub(super) fn planter(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(200.0);
    let leaf = Tones::of(LEAF);
    let fan = |list: &[((f64, f64), f64, f64)]| {
        list.iter().fold(Leaves::default(), |leaves, &(tip, bulge, bow)| {
            leaves.leaf(Leaf { foot: (200.0, 268.0), tip, bulge, bow })
        })
    };
    scene.shadow(200.0, 84.0);
    scene.add(
        fan(&[
            ((120.0, 150.0), 0.16, 0.1),
            ((284.0, 156.0), 0.16, -0.1),
            ((200.0, 84.0), 0.13, 0.0),
        ])
        .in_tones(leaf.darker()),
    );
    scene.add(
        fan(&[
            ((158.0, 102.0), 0.14, 0.04),
            ((246.0, 110.0), 0.14, -0.04),
            ((104.0, 206.0), 0.2, 0.14),
            ((300.0, 210.0), 0.2, -0.14),
        ])
        .in_tones(leaf),
    );
    scene.add(lathe.body("M84 290L74 384C73 389 72 391 69 393", good));
    scene.add(lathe.body("M96 262L94 290C94 293 93 295 91 296", good));
    let [rim, within] = lathe.mouth(262.0, 96.0, 86.0, good);
    scene.add(rim);
    scene.add(within.mark(oval(200.0, 270.0, 82.0, 15.0), Tones::of(SOIL).base));
}

pub(super) fn watering_can(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(218.0);
    let brass = Tones::of(BRASS);
    scene.shadow(218.0, 84.0);
    scene.add(Solid::bar(
        "M248 250C256 170 362 190 340 290C332 324 312 340 288 344",
        14.0,
        14.0,
        good,
    ));
    scene.add(Solid::bar("M152 362C124 340 116 288 84 226", 30.0, 15.0, good));
    scene.add(Solid::bar("M162 272L118 290", 7.0, 7.0, brass));
    scene.add(
        Solid::new(area("M77 230L52 216Q64 190 96 194L92 222z"), brass.base)
            .tone(area("M78 200L102 190V230H86z"), brass.lo),
    );
    scene.add(Solid::new(area("M52 216Q58 194 96 194Q90 214 52 216z"), brass.hi));
    scene.add(lathe.body("M70 252C74 300 80 340 84 380C85 387 83 390 79 391", good));
    scene.add(lathe.ring("M81.500 348L83 360", good.darker()));
    let [rim, within] = lathe.mouth(252.0, 70.0, 62.0, good);
    scene.add(rim);
    scene.add(within.tone(oval(242.0, 258.0, 62.0, 12.0), good.lo));
}

pub(super) fn bird_house(scene: &mut Scene, good: Tones) {
    let (oak, brass) = (Tones::of(OAK), Tones::of(BRASS));
    scene.cast(oval(222.0, 402.0, 100.0, 11.0));
    scene.cast(oval(210.0, 404.0, 84.0, 7.0));
    scene.add(Solid::new(area("M246 236L274 224V394L246 408z"), good.deep));
    scene.add(
        Solid::new(area("M118 236L190 160L262 236V408H118z"), good.base)
            .tone(area("M226 150C234 240 230 330 222 420H270V150z"), good.lo)
            .tone(area("M126 200H138V420H126z"), good.hi)
            .mark(line("M118 300H262", 1.5), good.lo)
            .mark(line("M118 354H262", 1.5), good.lo),
    );
    scene.add(Solid::new(oval(190.0, 278.0, 27.0, 27.0), good.hi));
    scene.add(Solid::new(oval(190.0, 278.0, 22.0, 22.0), Tones::of(SOIL).deep));
    scene.add(Solid::bar("M190 326L182 332", 9.0, 9.0, brass));
    scene.add(Solid::new(area("M190 128L214 118L308 226L288 240z"), oak.lo));
    scene.add(
        Solid::new(area("M190 128L290 236L272 250L190 162L108 250L90 236z"), oak.base)
            .tone(area("M190 128V170L108 258L80 236z"), oak.hi),
    );
}

pub(super) fn vase(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(200.0);
    let leaf = Tones::of(LEAF);
    scene.shadow(200.0, 62.0);
    for (spine, pairs) in [
        (
            "M196 250C190 200 176 160 152 116",
            [(154.0, 122.0, -28.0), (170.0, 156.0, -22.0), (184.0, 194.0, -14.0)],
        ),
        (
            "M206 250C212 196 232 160 256 130",
            [(254.0, 133.0, 34.0), (233.0, 164.0, 28.0), (216.0, 202.0, 16.0)],
        ),
        (
            "M200 250C202 190 198 130 204 86",
            [(203.0, 94.0, 4.0), (201.0, 136.0, 0.0), (200.0, 178.0, 2.0)],
        ),
    ] {
        scene.add(Solid::new(line(spine, 3.5), leaf.deep));
        scene.add(twig(pairs).in_tones(leaf));
    }
    scene.add(
        lathe.body("M34 240C30 256 32 262 44 274C70 296 72 330 66 360C63 380 60 392 51 397", good),
    );
    let [rim, within] = lathe.mouth(240.0, 34.0, 28.0, good);
    scene.add(rim);
    scene.add(within);
}

/// Twig of leaf pairs: position of each pair, and the angle of the twig there in degrees.
fn twig(pairs: [(f64, f64, f64); 3]) -> Leaves {
    let mut leaves = Leaves::default();
    for ((x, y, lean), length) in pairs.into_iter().zip([26.0, 32.0, 36.0]) {
        for side in [-56.0, 56.0] {
            let (sin, cos) = (lean + side).to_radians().sin_cos();
            let tip = (x + sin * length, y - cos * length);
            leaves = leaves.leaf(Leaf { foot: (x, y), tip, bulge: 0.34, bow: 0.0 });
        }
    }
    leaves
}
