//! Drawings of hanging textiles: towel, apron.

use super::super::palette::{BRASS, LINEN, OAK, Tones};
use super::super::scene::{Scene, Solid, area, line, oval};

pub(super) fn towel(scene: &mut Scene, good: Tones) {
    let (oak, brass, linen) = (Tones::of(OAK), Tones::of(BRASS), Tones::of(LINEN));
    scene.cast(area("M132 136H300L306 392H146z"));
    scene.add(Solid::new(area("M118 122H282V330H118z"), good.deep));
    scene.add(Solid::bar("M92 120L308 120", 14.0, 14.0, oak));
    scene.add(
        Solid::new(oval(95.0, 120.0, 9.0, 9.0), brass.base)
            .tone(oval(92.0, 117.0, 6.0, 6.0), brass.hi),
    );
    scene.add(
        Solid::new(oval(305.0, 120.0, 9.0, 9.0), brass.base)
            .tone(oval(302.0, 117.0, 6.0, 6.0), brass.hi),
    );
    scene.add(
        Solid::new(
            area(
                "M108 116C108 108 114 106 122 106H278C286 106 292 108 292 116V388\
             C240 396 160 396 108 388z",
            ),
            good.base,
        )
        .tone(area("M216 100C228 200 208 300 222 400H300V100z"), good.lo)
        .tone(area("M262 100C270 200 256 300 266 400H300V100z"), good.deep)
        .tone(area("M126 100C134 200 122 300 130 400H146C138 300 150 200 142 100z"), good.hi)
        .mark(area("M100 326C160 334 240 334 300 326V338C240 346 160 346 100 338z"), linen.base)
        .mark(area("M100 348C160 356 240 356 300 348V354C240 362 160 362 100 354z"), linen.base)
        .tone(area("M100 100H300V113H100z"), good.hi),
    );
}

pub(super) fn apron(scene: &mut Scene, good: Tones) {
    let (brass, linen) = (Tones::of(BRASS), Tones::of(LINEN));
    scene.cast(area("M170 176H262L322 250L316 412H122L118 258z"));
    scene.add(Solid::bar("M162 178C150 90 250 90 238 178", 7.0, 7.0, linen.darker()));
    scene.add(
        Solid::new(oval(200.0, 108.0, 9.0, 9.0), brass.base)
            .tone(oval(197.0, 105.0, 5.0, 5.0), brass.hi),
    );
    scene.add(Solid::bar("M112 260C84 280 100 320 84 356", 7.0, 7.0, linen.darker()));
    scene.add(Solid::bar("M288 260C316 280 300 320 316 356", 7.0, 7.0, linen.darker()));
    scene.add(
        Solid::new(
            area(
                "M154 170C180 176 220 176 246 170C250 216 262 242 296 256\
             C292 310 294 360 300 402C240 412 160 412 100 402C106 360 108 310 104 256\
             C138 242 150 216 154 170z",
            ),
            good.base,
        )
        .tone(area("M226 160C232 250 246 330 238 420H320V160z"), good.lo)
        .tone(area("M280 230C284 300 286 360 284 420H320V230z"), good.deep)
        .tone(area("M124 240C118 300 120 360 114 420H130C136 360 132 300 140 236z"), good.hi)
        .mark(line("M153 184C180 190 220 190 248 184", 2.0), good.deep),
    );
    scene.add(
        Solid::new(
            area("M150 282H250V336C250 350 244 356 230 356H170C156 356 150 350 150 336z"),
            good.base,
        )
        .tone(area("M150 282H250V294H150z"), good.lo)
        .tone(area("M232 282H260V360H228z"), good.lo)
        .mark(line("M200 294V356", 2.0), good.deep),
    );
}
