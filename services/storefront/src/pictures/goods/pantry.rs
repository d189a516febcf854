//! Drawings for the pantry: storage jar, bread bin, pepper mill, chopping board, tray.

use super::super::lathe::Lathe;
use super::super::palette::{BRASS, LINEN, OAK, Tones};
use super::super::scene::{Scene, Solid, area, line, oval, slab};

pub(super) fn storage_jar(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(200.0);
    let oak = Tones::of(OAK);
    scene.shadow(200.0, 80.0);
    scene.add(lathe.body("M82 204L82 380C82 388 81 391 79 392", good));
    scene.add(lathe.ring("M82 300L82 306", Tones::of(LINEN)));
    scene.add(lathe.body("M84 186L84 206", oak));
    scene.add(
        Solid::new(lathe.disc(186.0, 84.0), oak.hi)
            .mark(line("M134 186C160 179 240 179 272 190", 1.5), oak.base)
            .mark(line("M150 195C180 190 230 191 252 196", 1.5), oak.base),
    );
    scene.add(lathe.part("M12 174L14 186", oak));
    scene.ball(200.0, 166.0, 17.0, oak);
}

pub(super) fn bread_bin(scene: &mut Scene, good: Tones) {
    let oak = Tones::of(OAK);
    scene.cast(oval(218.0, 402.0, 146.0, 12.0));
    scene.cast(oval(206.0, 404.0, 132.0, 7.0));
    scene.add(
        Solid::new(slab(68.0, 266.0, 264.0, 142.0, 26.0), good.base)
            .tone(area("M276 250C284 300 284 360 272 410H340V250z"), good.lo)
            .tone(area("M314 250C320 300 320 360 308 410H340V250z"), good.deep)
            .tone(area("M84 250C78 300 78 360 90 410H104C94 360 94 300 100 250z"), good.hi)
            .mark(oval(182.0, 352.0, 5.0, 5.0), good.deep)
            .mark(oval(200.0, 352.0, 5.0, 5.0), good.deep)
            .mark(oval(218.0, 352.0, 5.0, 5.0), good.deep),
    );
    scene.add(Solid::new(area("M92 238H308L332 272H68z"), oak.hi));
    scene.add(
        Solid::new(slab(62.0, 270.0, 276.0, 22.0, 6.0), oak.base)
            .tone(area("M280 260H350V300H270z"), oak.lo)
            .mark(line("M80 282C140 278 200 285 262 281", 1.5), oak.lo),
    );
    scene.add(
        Solid::new(slab(160.0, 246.0, 80.0, 12.0, 6.0), Tones::of(BRASS).base)
            .tone(area("M160 253H240V260H160z"), Tones::of(BRASS).lo),
    );
}

pub(super) fn pepper_mill(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(200.0);
    let brass = Tones::of(BRASS);
    scene.shadow(200.0, 48.0);
    scene.add(lathe.zone("M46 372L48 398", Tones::of(OAK)));
    scene.add(lathe.body("M24 218C22 250 34 262 34 292C34 322 44 340 47 380", good));
    scene.add(lathe.ring("M27 206L27 218", brass));
    scene.add(lathe.body("M14 138C40 142 46 168 40 186C37 196 30 200 27 208", good));
    scene.ball(200.0, 124.0, 17.0, brass);
}

pub(super) fn chopping_board(scene: &mut Scene, good: Tones) {
    let oak = Tones::of(OAK);
    let outline = "M136 196C160 194 176 190 178 168L180 132C180 118 186 112 198 112H204\
             C216 112 222 118 222 132L224 168C226 190 242 194 266 196\
             C280 198 286 206 286 220V388C286 402 280 408 266 408H136\
             C122 408 116 402 116 388V220C116 206 122 198 136 196z";
    scene.cast(oval(222.0, 403.0, 104.0, 9.0));
    scene.cast(oval(208.0, 405.0, 90.0, 6.0));
    scene.add(Solid::new(area(outline).moved(6.0, 0.0), oak.deep));
    scene.add(
        Solid::new(area(outline), oak.base)
            .tone(area("M258 90C270 200 262 320 250 410H300V90z"), oak.lo)
            .tone(area("M124 190H138V410H124z"), oak.hi)
            .mark(line("M150 204C144 250 158 300 150 330", 2.0), oak.lo)
            .mark(line("M192 190C184 240 200 280 192 330", 2.0), oak.lo)
            .mark(line("M232 204C240 250 226 290 234 330", 2.0), oak.deep)
            .mark(area("M100 336L300 322V420H100z"), good.base)
            .tone(area("M256 325L300 322V420H249C254 390 256 350 256 325z"), good.lo)
            .tone(area("M124 334.300L138 333.300V420H124z"), good.hi),
    );
    scene.add(Solid::new(oval(201.0, 142.0, 9.0, 9.0), oak.deep));
    scene.add(Solid::new(line("M201 142C176 80 226 80 201 142", 4.5), good.base));
}

pub(super) fn tray(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::tilted(200.0, 0.3);
    let brass = Tones::of(BRASS);
    scene.shadow(200.0, 128.0);
    scene.add(lathe.body("M136 338L130 368", good));
    let [rim, within] = lathe.mouth(338.0, 136.0, 129.0, good);
    scene.add(rim);
    scene.add(within.mark(oval(200.0, 356.0, 124.0, 34.0), Tones::of(OAK).base));
    scene.add(Solid::bar("M74 330C60 290 104 290 96 322", 8.0, 8.0, brass));
    scene.add(Solid::bar("M326 330C340 290 296 290 304 322", 8.0, 8.0, brass));
}
