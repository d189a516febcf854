//! Drawings of lamps and candles.

use super::super::lathe::Lathe;
use super::super::palette::{BRASS, GLASS, GLOW, GRAPHITE, LINEN, OAK, Tones};
use super::super::scene::{Scene, Solid, area, line, oval};

pub(super) fn dome_lamp(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::tilted(200.0, 0.13);
    let (brass, glow) = (Tones::of(BRASS), Tones::of(GLOW));
    scene.shadow(200.0, 74.0);
    scene.glow("M92 262H308L352 400H48z");
    scene.add(lathe.part("M76 384L76 396", good));
    scene
        .add(Solid::new(lathe.disc(384.0, 76.0), good.hi).mark(lathe.disc(384.5, 70.0), good.base));
    scene.add(Solid::bar("M200 262L200 380", 12.0, 12.0, brass));
    scene.add(lathe.body("M12 118C86 120 126 186 126 258", good));
    scene.add(
        Solid::new(lathe.disc(259.0, 127.5), glow.base).mark(lathe.disc(261.0, 84.0), glow.hi),
    );
    scene.add(lathe.part("M11 106L11 122", brass));
    scene.add(Solid::new(lathe.disc(106.0, 11.0), brass.hi));
}

pub(super) fn pendant_lamp(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::tilted(200.0, 0.15);
    let (brass, glow) = (Tones::of(BRASS), Tones::of(GLOW));
    scene.glow("M98 318H302L346 470H54z");
    scene.add(Solid::bar("M200 -10L200 180", 4.0, 4.0, Tones::of(GRAPHITE)));
    scene.add(lathe.part("M13 166L17 196", brass));
    scene.add(lathe.body("M19 192C26 240 112 232 130 312", good));
    scene.add(
        Solid::new(lathe.disc(313.0, 131.5), glow.base).mark(lathe.disc(315.0, 88.0), glow.hi),
    );
}

pub(super) fn floor_lamp(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::tilted(200.0, 0.13);
    let (oak, brass, glow) = (Tones::of(OAK), Tones::of(BRASS), Tones::of(GLOW));
    scene.shadow(200.0, 70.0);
    scene.glow("M138 166H262L304 396H96z");
    scene.add(Solid::bar("M203 208L214 388", 7.0, 6.0, oak.darker()));
    scene.add(Solid::bar("M197 208L128 402", 8.0, 6.0, oak));
    scene.add(Solid::bar("M205 208L272 402", 8.0, 6.0, oak));
    scene.add(Solid::bar("M200 150L200 204", 6.0, 6.0, brass));
    scene.add(lathe.part("M13 204L11 218", brass));
    scene.add(lathe.body("M58 76L72 160", good));
    scene
        .add(Solid::new(lathe.disc(160.5, 73.0), glow.base).mark(lathe.disc(162.0, 46.0), glow.hi));
    scene.add(Solid::new(lathe.disc(76.0, 58.0), good.hi).mark(lathe.disc(76.5, 54.0), glow.base));
}

pub(super) fn lantern(scene: &mut Scene, good: Tones) {
    let (glass, wax, glow) = (Tones::of(GLASS), Tones::of(LINEN), Tones::of(GLOW));
    scene.cast(oval(216.0, 402.0, 88.0, 11.0));
    scene.cast(oval(206.0, 404.0, 74.0, 7.0));
    scene.add(Solid::bar("M168 178C164 112 236 112 232 178", 7.0, 7.0, good));
    scene.add(
        Solid::new(area("M142 216H258V392H142z"), glow.base)
            .tone(oval(200.0, 284.0, 32.0, 44.0), glow.hi),
    );
    scene.add(
        Solid::new(area("M178 310H222V392H178z"), wax.base)
            .tone(area("M204 300H222V392H204z"), wax.lo)
            .tone(oval(200.0, 310.0, 22.0, 5.0), wax.hi),
    );
    flame(scene, 200.0, 308.0);
    scene.add(
        Solid::new(area("M142 216H258V392H142z"), glass.base)
            .tone(area("M142 216H200L150 392H142z"), glass.hi)
            .with_opacity(0.2),
    );
    scene.add(Solid::bar("M142 214L142 394", 9.0, 9.0, good));
    scene.add(Solid::bar("M258 214L258 394", 9.0, 9.0, good));
    scene.add(
        Solid::new(area("M130 388H270V408H130z"), good.base)
            .tone(area("M226 388H270V408H222z"), good.lo),
    );
    scene.add(
        Solid::new(area("M164 164H236L270 212V220H130V212z"), good.base)
            .tone(area("M212 150L230 212V230H290V150z"), good.lo)
            .tone(area("M168 164H178L152 212H136z"), good.hi),
    );
}

/// Flame on a short wick at `x`, `y`.
fn flame(scene: &mut Scene, x: f64, y: f64) {
    let glow = Tones::of(GLOW);
    scene.add(Solid::new(line("M0 0L0 -8", 2.5).moved(x, y), Tones::of(GRAPHITE).base));
    scene.add(
        Solid::new(
            area("M0 -48C14 -32 15 -4 0 -4C-15 -4 -14 -32 0 -48z").moved(x, y),
            Tones::of(BRASS).hi,
        )
        .mark(area("M0 -28C8 -20 8 -6 0 -6C-8 -6 -8 -20 0 -28z").moved(x, y), glow.hi),
    );
}

pub(super) fn candle_holder(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(196.0);
    let wax = Tones::of(LINEN);
    scene.shadow(196.0, 84.0);
    scene.add(Solid::bar(
        "M268 374C300 340 330 366 316 386C308 398 290 396 270 388",
        11.0,
        11.0,
        good,
    ));
    scene.add(lathe.body("M90 368C90 380 87 388 80 391", good));
    let [rim, within] = lathe.mouth(368.0, 90.0, 82.0, good);
    scene.add(rim);
    scene.add(within.tone(oval(214.0, 374.0, 82.0, 16.0), good.lo));
    scene.add(lathe.body("M30 330C30 350 34 366 40 376", good));
    let [rim, within] = lathe.mouth(330.0, 30.0, 24.0, good);
    scene.add(rim);
    scene.add(within);
    scene.add(lathe.body("M19 206L19 330", wax));
    scene.add(Solid::new(lathe.disc(206.0, 19.0), wax.hi));
    flame(scene, 196.0, 206.0);
}
