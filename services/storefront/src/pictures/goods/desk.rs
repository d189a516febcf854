//! Drawings for the desk: speaker, notebook.

use super::super::palette::{BRASS, GRAPHITE, LINEN, Tones};
use super::super::scene::{Scene, Solid, area, line, oval, slab};

pub(super) fn speaker(scene: &mut Scene, good: Tones) {
    let (graphite, brass) = (Tones::of(GRAPHITE), Tones::of(BRASS));
    scene.cast(oval(222.0, 402.0, 112.0, 11.0));
    scene.cast(oval(210.0, 404.0, 94.0, 7.0));
    scene.add(Solid::new(
        area("M116 126L138 120H282C292 120 296 126 296 134V388L272 408H122z"),
        good.deep,
    ));
    scene.add(
        Solid::new(slab(108.0, 124.0, 168.0, 284.0, 14.0), good.base)
            .tone(area("M244 110C252 220 252 320 240 420H290V110z"), good.lo)
            .tone(area("M118 110H130V420H118z"), good.hi),
    );
    for (y, radius) in [(182.0, 28.0), (306.0, 64.0)] {
        scene.add(
            Solid::new(oval(192.0, y, radius, radius), brass.base)
                .tone(oval(196.0, y + 4.0, radius, radius), brass.lo),
        );
        scene.add(
            Solid::new(oval(192.0, y, radius - 4.0, radius - 4.0), graphite.deep)
                .tone(oval(197.0, y + 5.0, radius - 4.0, radius - 4.0), graphite.base),
        );
    }
    scene.add(
        Solid::new(oval(192.0, 306.0, 40.0, 40.0), graphite.lo)
            .tone(oval(197.0, 311.0, 40.0, 40.0), graphite.hi),
    );
    scene.ball(192.0, 306.0, 19.0, graphite);
    scene.ball(192.0, 182.0, 11.0, graphite);
}

pub(super) fn notebook(scene: &mut Scene, good: Tones) {
    let linen = Tones::of(LINEN);
    scene.cast(oval(222.0, 403.0, 112.0, 9.0));
    scene.cast(oval(208.0, 405.0, 96.0, 6.0));
    scene.add(Solid::new(
        area("M120 148H284C292 148 296 152 296 160V396C296 404 292 408 284 408H120z"),
        good.deep,
    ));
    scene.add(
        Solid::new(area("M120 152H288V402H120z"), linen.base)
            .mark(line("M284 152V402", 1.5), linen.lo)
            .mark(line("M288 152V402", 1.5), linen.lo),
    );
    scene.add(
        Solid::new(
            area(
                "M116 148H268C276 148 280 152 280 160V396C280 404 276 408 268 408H116\
             C108 408 104 402 104 394V162C104 154 108 148 116 148z",
            ),
            good.base,
        )
        .tone(area("M250 140H290V420H238C246 330 252 240 250 140z"), good.lo)
        .tone(area("M100 140H122V420H100z"), good.lo)
        .tone(area("M126 140H134V420H126z"), good.hi)
        .mark(line("M122 148V408", 1.5), good.deep)
        .mark(area("M256 140H266V420H256z"), good.deep),
    );
    scene.add(
        Solid::new(slab(152.0, 196.0, 82.0, 52.0, 4.0), linen.base)
            .mark(line("M166 216H220", 2.0), linen.deep)
            .mark(line("M166 230H204", 2.0), linen.deep),
    );
}
