//! Drawings for the table: mug, bowl, plate, carafe, teapot.

use super::super::lathe::Lathe;
use super::super::palette::{BISCUIT, OAK, SOIL, Tones};
use super::super::scene::{Scene, Solid, line, oval};

pub(super) fn mug(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(182.0);
    scene.shadow(182.0, 72.0);
    scene.add(Solid::bar(
        "M262 246C298 234 314 262 312 292C310 326 284 344 256 340",
        22.0,
        17.0,
        good.darker(),
    ));
    scene.add(lathe.body("M96 200L90 352C89 374 86 388 77 392", good));
    scene.add(lathe.zone("M89.400 362C88 380 85 388 77 392", Tones::of(BISCUIT)));
    let [rim, within] = lathe.mouth(200.0, 96.0, 86.0, good);
    let coffee = Tones::of(SOIL);
    scene.add(rim);
    scene.add(
        within
            .mark(oval(182.0, 210.0, 84.0, 17.0), coffee.base)
            .tone(oval(160.0, 208.0, 44.0, 6.0), coffee.hi),
    );
}

pub(super) fn bowl(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::tilted(200.0, 0.22);
    scene.shadow(200.0, 66.0);
    scene.add(lathe.ring("M60 380L58 396", Tones::of(BISCUIT)));
    scene.add(lathe.body("M126 272C124 330 98 380 58 388", good));
    let [rim, within] = lathe.mouth(272.0, 126.0, 117.0, good);
    scene.add(rim);
    scene.add(
        within
            .tone(oval(232.0, 284.0, 118.0, 27.0), good.lo)
            .tone(oval(262.0, 292.0, 92.0, 20.0), good.base),
    );
}

pub(super) fn plate(scene: &mut Scene, good: Tones) {
    scene.cast(oval(224.0, 404.0, 112.0, 9.0));
    scene.cast(oval(210.0, 406.0, 62.0, 5.0));
    scene.add(Solid::new(oval(204.0, 277.0, 130.0, 131.0), good.deep));
    scene.add(
        Solid::new(oval(198.0, 276.0, 130.0, 131.0), good.lo)
            .tone(oval(191.0, 267.0, 128.0, 129.0), good.base)
            .tone(line("M92 226C112 182 150 156 198 154", 7.0), good.hi),
    );
    scene.add(
        Solid::new(oval(198.0, 276.0, 86.0, 87.0), good.lo)
            .tone(oval(206.0, 285.0, 86.0, 87.0), good.hi)
            .tone(oval(201.0, 279.0, 81.0, 82.0), good.base),
    );
}

pub(super) fn carafe(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(200.0);
    let oak = Tones::of(OAK);
    scene.shadow(200.0, 72.0);
    scene.add(
        lathe.body("M36 140C32 150 29 158 29 172C30 222 82 240 82 318C82 360 82 382 74 392", good),
    );
    let [rim, within] = lathe.mouth(140.0, 36.0, 31.0, good);
    scene.add(rim);
    scene.add(within);
    scene.add(lathe.part("M20 124L20 142", oak));
    scene.ball(200.0, 106.0, 28.0, oak);
}

pub(super) fn teapot(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(196.0);
    let oak = Tones::of(OAK);
    scene.shadow(196.0, 76.0);
    scene.add(Solid::bar("M122 344C96 334 100 284 70 256", 44.0, 20.0, good));
    scene.add(Solid::bar(
        "M272 268C312 240 340 262 334 300C330 330 304 350 278 352",
        18.0,
        15.0,
        oak,
    ));
    scene.add(lathe.body("M52 232C92 246 106 288 104 322C102 356 92 382 76 391", good));
    scene.add(Solid::new(lathe.disc(233.0, 56.0), good.deep));
    scene.add(lathe.body("M12 208C34 210 52 220 54 230", good));
    scene.ball(196.0, 196.0, 15.0, oak);
}
