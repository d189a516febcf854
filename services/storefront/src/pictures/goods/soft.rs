//! Drawings of lying textiles: throw, cushion, rug.

use super::super::palette::{LINEN, Tones};
use super::super::scene::{Scene, Solid, area, line, oval, slab};

pub(super) fn throw(scene: &mut Scene, good: Tones) {
    let linen = Tones::of(LINEN);
    scene.cast(oval(220.0, 401.0, 146.0, 13.0));
    scene.cast(oval(208.0, 403.0, 136.0, 8.0));
    for (y, left) in [(352.0, 70.0), (306.0, 74.0)] {
        scene.add(
            Solid::new(slab(left, y, 262.0, 56.0, 26.0), good.base)
                .tone(slab(left, y + 36.0, 290.0, 30.0, 12.0), good.lo)
                .tone(slab(302.0, y - 4.0, 40.0, 70.0, 16.0), good.deep)
                .mark(line("M102 28H300", 2.0).moved(0.0, y), good.deep),
        );
    }
    scene.add(
        Solid::new(
            area(
                "M104 238H300C322 238 336 262 336 290C336 308 326 316 310 316H92\
             C76 316 68 306 68 292C68 264 82 238 104 238z",
            ),
            good.base,
        )
        .tone(area("M60 296H340V320H60z"), good.lo)
        .mark(area("M168 230H190L182 320H150z"), linen.base)
        .mark(area("M202 230H210L206 320H196z"), linen.base)
        .tone(area("M290 230H340V320H306C312 290 304 260 290 230z"), good.lo)
        .tone(area("M96 240C80 256 76 276 78 296H88C88 274 92 256 108 240z"), good.hi),
    );
}

pub(super) fn cushion(scene: &mut Scene, good: Tones) {
    let linen = Tones::of(LINEN);
    scene.cast(oval(218.0, 402.0, 136.0, 12.0));
    scene.cast(oval(206.0, 404.0, 118.0, 7.0));
    scene.add(
        Solid::new(
            area(
                "M76 170C118 178 150 164 200 164C250 164 282 178 324 168\
             C314 214 328 240 328 286C328 330 314 360 326 404C284 396 250 408 200 408\
             C150 408 116 398 74 406C86 360 72 332 72 286C72 240 86 214 76 170z",
            ),
            good.base,
        )
        .tone(area("M246 150C284 210 284 350 250 420H340V150z"), good.lo)
        .tone(area("M300 150C318 220 318 350 292 420H340V150z"), good.deep)
        .tone(area("M104 150C88 220 88 350 104 420H122C106 350 106 220 122 150z"), good.hi)
        .mark(area("M60 318C140 306 260 306 340 318V330C260 318 140 318 60 330z"), linen.base)
        .mark(area("M60 342C140 330 260 330 340 342V347C260 335 140 335 60 347z"), linen.base)
        .mark(line("M76 170C94 186 106 194 124 200", 2.5), good.lo)
        .mark(line("M324 168C306 186 292 194 276 200", 2.5), good.deep),
    );
}

pub(super) fn rug(scene: &mut Scene, good: Tones) {
    let linen = Tones::of(LINEN);
    scene.cast(area("M84 404L128 262H300L350 404z"));
    scene.add(Solid::new(line("M62 402H334", 8.0), linen.lo));
    scene.add(
        Solid::new(area("M114 268H286L336 398H64z"), good.base)
            .mark(area("M104 296H296L300 306H100z"), linen.base)
            .mark(area("M84 346H316L322 362H78z"), linen.base)
            .mark(area("M130 324L150 314L170 324L150 334z"), linen.base)
            .mark(area("M180 324L200 314L220 324L200 334z"), linen.base)
            .mark(area("M230 324L250 314L270 324L250 334z"), linen.base)
            .tone(area("M114 264H286V276H110z"), good.lo),
    );
    scene.add(
        Solid::new(slab(104.0, 232.0, 192.0, 44.0, 22.0), good.base)
            .tone(slab(104.0, 256.0, 200.0, 30.0, 0.0), good.lo)
            .tone(slab(126.0, 238.0, 140.0, 6.0, 3.0), good.hi),
    );
    scene.add(Solid::new(oval(292.0, 254.0, 15.0, 22.0), linen.base).mark(
        line(
            "M292 254C296 250 300 256 295 262C288 268 282 258 284 248\
             C288 238 300 240 304 252",
            3.0,
        ),
        good.deep,
    ));
}
