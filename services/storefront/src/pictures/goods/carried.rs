//! Drawings of bags and things to carry: backpack, basket, umbrella.

use super::super::lathe::Lathe;
use super::super::palette::{BRASS, LINEN, OAK, Tones};
use super::super::scene::{Scene, Solid, area, line, oval, slab};

pub(super) fn backpack(scene: &mut Scene, good: Tones) {
    let (oak, brass) = (Tones::of(OAK), Tones::of(BRASS));
    scene.cast(oval(222.0, 401.0, 118.0, 12.0));
    scene.cast(oval(208.0, 403.0, 100.0, 7.0));
    scene.add(Solid::bar("M176 140C176 112 224 112 224 140", 9.0, 9.0, oak));
    scene.add(Solid::bar("M112 240C90 280 90 330 106 376", 11.0, 11.0, oak));
    scene.add(Solid::bar("M288 240C310 280 310 330 294 376", 11.0, 11.0, oak));
    scene.add(
        Solid::new(
            area(
                "M200 132C256 132 284 160 288 220L292 372C292 398 282 408 258 408H142\
             C118 408 108 398 108 372L112 220C116 160 144 132 200 132z",
            ),
            good.base,
        )
        .tone(area("M242 120C262 220 262 330 252 420H300V120z"), good.lo)
        .tone(area("M276 120C288 220 288 330 278 420H310V120z"), good.deep),
    );
    scene.add(
        Solid::new(slab(132.0, 298.0, 136.0, 96.0, 20.0), good.base)
            .tone(area("M132 290H280V400H236C244 370 246 340 242 312H132z"), good.lo),
    );
    scene.add(
        Solid::new(
            area(
                "M200 132C258 132 286 160 289 216C289 246 276 258 250 258H150\
             C124 258 111 246 111 216C114 160 142 132 200 132z",
            ),
            good.hi,
        )
        .tone(area("M238 120C256 180 256 220 246 264H300V120z"), good.base)
        .tone(area("M272 120C282 180 282 220 272 264H300V120z"), good.lo),
    );
    scene.add(Solid::bar("M164 226L164 328", 11.5, 11.5, oak));
    scene.add(Solid::bar("M236 226L236 328", 11.5, 11.5, oak));
    scene.add(Solid::new(area("M152 282h24v18h-24zM224 282h24v18h-24z"), brass.base));
}

pub(super) fn basket(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(200.0);
    let (oak, linen) = (Tones::of(OAK), Tones::of(LINEN));
    scene.shadow(200.0, 96.0);
    scene.add(Solid::bar("M104 250C76 200 110 190 124 240", 11.0, 11.0, oak));
    scene.add(Solid::bar("M296 250C324 200 290 190 276 240", 11.0, 11.0, oak));
    let mut body = lathe.body("M118 248C116 300 108 350 102 380C101 385 100 387 96 388", linen);
    for y in [272.0, 290.0] {
        body = body.mark(lathe.groove(y, 118.0, 2.0), linen.deep);
    }
    scene.add(body);
    let mut dyed = lathe.zone("M115 300C112 330 106 360 102 380C101 385 100 387 96 388", good);
    for (y, radius) in [(318.0, 114.0), (336.0, 112.0), (354.0, 110.0), (372.0, 106.0)] {
        dyed = dyed.mark(lathe.groove(y, radius, 2.0), good.deep);
    }
    scene.add(dyed);
    let [rim, within] = lathe.mouth(248.0, 118.0, 110.0, linen);
    scene.add(rim);
    scene.add(within.tone(oval(232.0, 256.0, 110.0, 22.0), linen.lo));
}

pub(super) fn umbrella(scene: &mut Scene, good: Tones) {
    let (oak, brass) = (Tones::of(OAK), Tones::of(BRASS));
    scene.cast(oval(212.0, 403.0, 120.0, 10.0));
    scene.add(Solid::bar("M200 128L200 368C200 416 160 412 162 376", 9.0, 10.0, oak));
    scene.add(Solid::bar("M200 120L200 136", 6.0, 6.0, brass));
    scene.add(
        Solid::new(
            area(
                "M200 132C280 132 336 188 338 262C326 246 304 246 292 262\
             C280 246 250 244 238 262C226 244 174 244 162 262C150 244 120 246 108 262\
             C96 246 74 246 62 262C64 188 120 132 200 132z",
            ),
            good.base,
        )
        .tone(area("M200 132C224 160 238 210 238 270H350V132z"), good.lo)
        .tone(area("M200 132C260 150 290 210 292 270H350V132z"), good.deep)
        .tone(area("M200 132C140 150 110 210 108 270H124C128 210 156 160 200 132z"), good.hi)
        .mark(line("M200 132C176 160 162 210 162 262", 1.5), good.lo)
        .mark(line("M200 132C224 160 238 210 238 262", 1.5), good.deep),
    );
}
