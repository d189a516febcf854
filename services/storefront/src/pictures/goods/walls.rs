//! Drawings for the wall: clock, mirror.

use super::super::palette::{BRASS, GLASS, GRAPHITE, LINEN, OAK, Tones};
use super::super::scene::{Scene, Solid, area, line, oval};

pub(super) fn wall_clock(scene: &mut Scene, good: Tones) {
    let (linen, graphite, brass) = (Tones::of(LINEN), Tones::of(GRAPHITE), Tones::of(BRASS));
    scene.cast(oval(218.0, 280.0, 124.0, 124.0));
    scene.cast(oval(208.0, 268.0, 124.0, 124.0));
    scene.add(
        Solid::new(oval(200.0, 260.0, 124.0, 124.0), good.lo)
            .tone(oval(193.0, 252.0, 122.0, 122.0), good.base)
            .tone(line("M96 216C112 176 146 148 192 144", 7.0), good.hi),
    );
    scene.add(
        Solid::new(oval(200.0, 260.0, 102.0, 102.0), linen.lo)
            .tone(oval(207.0, 269.0, 102.0, 102.0), linen.base)
            .mark(line("M200 170V184M200 336V350M110 260H124M276 260H290", 4.0), graphite.base)
            .mark(
                line(
                    "M245 182L241 189M278 215L271 219M278 305L271 301M245 338L241 331M155 338\
             L159 331M122 305L129 301M122 215L129 219M155 182L159 189",
                    2.5,
                ),
                graphite.base,
            ),
    );
    scene.add(Solid::bar("M200 260L152 232", 8.0, 7.0, graphite));
    scene.add(Solid::bar("M200 260L250 200", 7.0, 5.0, graphite));
    scene.add(Solid::new(line("M190 246L218 334", 2.5), brass.base));
    scene.ball(200.0, 260.0, 8.0, brass);
}

pub(super) fn mirror(scene: &mut Scene, good: Tones) {
    let (glass, brass, oak) = (Tones::of(GLASS), Tones::of(BRASS), Tones::of(OAK));
    scene.cast(oval(216.0, 294.0, 116.0, 116.0));
    scene.cast(oval(207.0, 283.0, 116.0, 116.0));
    scene.add(Solid::bar("M200 104L118 200", 9.0, 9.0, oak));
    scene.add(Solid::bar("M200 104L282 200", 9.0, 9.0, oak));
    scene.ball(200.0, 106.0, 12.0, brass);
    scene.add(
        Solid::new(oval(200.0, 276.0, 116.0, 116.0), good.lo)
            .tone(oval(194.0, 269.0, 114.0, 114.0), good.base)
            .tone(line("M102 236C118 196 150 170 192 166", 5.0), good.hi),
    );
    scene.add(
        Solid::new(oval(200.0, 276.0, 100.0, 100.0), glass.base)
            .tone(area("M60 150H250L95 400H60zM268 150H284L129 400H113z"), glass.hi),
    );
}
