//! For the garden and the window sill: planter, watering can, bird house, vase.

use super::super::leaves::{Leaf, Leaves};
use super::super::palette::{BRASS, LEAF, OAK, SOIL, Tones};
use super::super::sheet::{Sheet, Solid, area, line, oval};
use super::super::wheel::Wheel;

pub(super) fn planter(sheet: &mut Sheet, good: Tones) {
    let wheel = Wheel::at(200.0);
    let leaf = Tones::of(LEAF);
    let fan = |list: &[((f64, f64), f64, f64)]| {
        list.iter().fold(Leaves::default(), |leaves, &(tip, bulge, bow)| {
            leaves.leaf(Leaf { foot: (200.0, 268.0), tip, bulge, bow })
        })
    };
    sheet.shadow(200.0, 84.0);
    sheet.add(
        fan(&[((120.0, 150.0), 0.16, 0.1), ((284.0, 156.0), 0.16, -0.1), ((200.0, 84.0), 0.13, 0.0)])
            .in_tones(leaf.darker()),
    );
    sheet.add(
        fan(&[((158.0, 102.0), 0.14, 0.04), ((246.0, 110.0), 0.14, -0.04), ((104.0, 206.0), 0.2, 0.14), ((300.0, 210.0), 0.2, -0.14)])
            .in_tones(leaf),
    );
    sheet.add(wheel.body("M84 290L72 384C70 390 66 394 60 394", good));
    sheet.add(wheel.body("M96 262L94 290C94 294 92 296 88 297", good));
    let [rim, within] = wheel.mouth(262.0, 96.0, 86.0, good);
    sheet.add(rim);
    sheet.add(within.mark(oval(200.0, 270.0, 82.0, 15.0), Tones::of(SOIL).base));
}

pub(super) fn watering_can(sheet: &mut Sheet, good: Tones) {
    let wheel = Wheel::at(206.0);
    let brass = Tones::of(BRASS);
    sheet.shadow(206.0, 84.0);
    sheet.add(Solid::bar("M236 250C244 170 350 190 328 290C320 324 300 340 276 344", 14.0, 14.0, good));
    sheet.add(Solid::bar("M140 362C112 340 104 288 72 226", 30.0, 15.0, good));
    sheet.add(Solid::bar("M150 272L106 290", 7.0, 7.0, brass));
    sheet.add(Solid::new(area("M46 214L90 196L96 214L64 228z"), brass.base).tone(area("M74 200L90 190L100 214L80 222z"), brass.lo));
    sheet.add(wheel.body("M70 252C74 300 80 340 84 380C85 388 82 391 76 391", good));
    sheet.add(wheel.ring("M81.500 348L83 360", good.darker()));
    let [rim, within] = wheel.mouth(252.0, 70.0, 62.0, good);
    sheet.add(rim);
    sheet.add(within.tone(oval(230.0, 258.0, 62.0, 12.0), good.lo));
}

pub(super) fn bird_house(sheet: &mut Sheet, good: Tones) {
    let (oak, brass) = (Tones::of(OAK), Tones::of(BRASS));
    sheet.cast(oval(222.0, 402.0, 100.0, 11.0));
    sheet.cast(oval(210.0, 404.0, 84.0, 7.0));
    sheet.add(Solid::new(area("M246 236L274 224V394L246 408z"), good.deep));
    sheet.add(
        Solid::new(area("M118 236L190 160L262 236V408H118z"), good.base)
            .tone(area("M226 150C234 240 230 330 222 420H270V150z"), good.lo)
            .tone(area("M126 200H138V420H126z"), good.hi)
            .mark(line("M118 300H262", 1.5), good.lo)
            .mark(line("M118 354H262", 1.5), good.lo),
    );
    sheet.add(Solid::new(oval(190.0, 278.0, 27.0, 27.0), good.hi));
    sheet.add(Solid::new(oval(190.0, 278.0, 22.0, 22.0), Tones::of(SOIL).deep));
    sheet.add(Solid::bar("M190 326L182 332", 9.0, 9.0, brass));
    sheet.add(Solid::new(area("M190 128L214 118L308 226L288 240z"), oak.lo));
    sheet.add(Solid::new(area("M190 128L290 236L272 250L190 162L108 250L90 236z"), oak.base).tone(area("M190 128V170L108 258L80 236z"), oak.hi));
}

pub(super) fn vase(sheet: &mut Sheet, good: Tones) {
    let wheel = Wheel::at(200.0);
    let leaf = Tones::of(LEAF);
    sheet.shadow(200.0, 62.0);
    for (spine, feet) in [
        ("M196 250C190 200 176 160 150 112", [(158.0, 128.0, -28.0), (171.0, 158.0, -22.0), (181.0, 186.0, -16.0), (188.0, 214.0, -10.0)]),
        ("M206 250C212 196 232 160 258 126", [(250.0, 138.0, 34.0), (234.0, 162.0, 28.0), (221.0, 190.0, 20.0), (213.0, 218.0, 12.0)]),
        ("M200 250C202 190 198 130 204 82", [(203.0, 98.0, 4.0), (201.0, 130.0, 0.0), (200.0, 164.0, 2.0), (201.0, 200.0, 0.0)]),
    ] {
        sheet.add(Solid::bar(spine, 4.0, 2.5, leaf.darker()));
        sheet.add(twig(&feet).in_tones(leaf));
    }
    sheet.add(wheel.body("M34 240C30 256 32 262 44 274C70 296 72 330 66 360C62 382 56 396 48 397", good));
    let [rim, within] = wheel.mouth(240.0, 34.0, 28.0, good);
    sheet.add(rim);
    sheet.add(within);
}

/// Pairs of leaves: where each pair sits and how far the twig leans there, in degrees.
fn twig(pairs: &[(f64, f64, f64)]) -> Leaves {
    let mut leaves = Leaves::default();
    for (at, &(x, y, lean)) in (0_u8..).zip(pairs) {
        let length = 22.0 + 3.0 * f64::from(at);
        for side in [-58.0, 58.0] {
            let (sin, cos) = (lean + side).to_radians().sin_cos();
            let tip = (x + sin * length, y - cos * length);
            leaves = leaves.leaf(Leaf { foot: (x, y), tip, bulge: 0.34, bow: 0.0 });
        }
    }
    leaves
}
