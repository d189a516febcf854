//! Drawings of furniture on legs: stool, chair, bench, side table.

use super::super::lathe::Lathe;
use super::super::palette::{BRASS, OAK, Tones};
use super::super::scene::{EllipseHalf, Scene, Solid, area, hoop, line, oval, slab};

pub(super) fn stool(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(200.0);
    let (oak, brass) = (Tones::of(OAK), Tones::of(BRASS));
    scene.shadow(200.0, 88.0);
    scene.add(Solid::bar("M172 196L158 384", 15.0, 10.0, oak.darker()));
    scene.add(Solid::bar("M228 196L242 384", 15.0, 10.0, oak.darker()));
    scene.add(hoop(200.0, 320.0, 80.0, 17.0, EllipseHalf::Far, brass.lo));
    scene.add(Solid::bar("M134 190L110 400", 17.0, 11.0, oak));
    scene.add(Solid::bar("M266 190L290 400", 17.0, 11.0, oak));
    scene.add(hoop(200.0, 320.0, 80.0, 17.0, EllipseHalf::Near, brass.base));
    scene.add(lathe.body("M102 170L102 188C102 194 101 196 98 197", good));
    scene.add(
        Solid::new(lathe.disc(170.0, 102.0), good.hi)
            .tone(oval(204.0, 172.0, 84.0, 16.0), good.base)
            .tone(oval(200.0, 174.0, 76.0, 14.0), good.hi),
    );
}

pub(super) fn chair(scene: &mut Scene, good: Tones) {
    let oak = Tones::of(OAK);
    scene.cast(oval(216.0, 400.0, 108.0, 13.0));
    scene.add(Solid::bar("M142 124L146 384", 11.5, 9.0, oak.darker()));
    scene.add(Solid::bar("M258 124L254 384", 11.5, 9.0, oak.darker()));
    scene.add(Solid::bar("M150 340L250 340", 7.0, 7.0, oak.darker()));
    scene.add(
        Solid::new(
            area(
                "M134 128C134 120 138 116 146 116C180 122 220 122 254 116\
             C262 116 266 120 266 128V168C266 178 262 182 254 182\
             C220 188 180 188 146 182C138 182 134 178 134 168z",
            ),
            good.base,
        )
        .tone(area("M226 99H280V200H222C230 170 230 130 226 99z"), good.lo)
        .tone(area("M254 100H280V200H252C256 170 256 130 254 100z"), good.deep)
        .tone(area("M142 100H152C148 130 148 170 152 200H142z"), good.hi),
    );
    scene.add(
        Solid::new(
            area(
                "M136 254C176 248 224 248 264 254L288 288V300C288 306 284 308 280 308H120\
             C116 308 112 306 112 300V288z",
            ),
            good.base,
        )
        .tone(area("M100 290H300V320H100z"), good.lo)
        .tone(area("M238 290H300V320H232z"), good.deep)
        .tone(area("M140 254H156L134 288H116z"), good.hi),
    );
    scene.add(Solid::bar("M126 314L116 400", 15.0, 11.0, oak));
    scene.add(Solid::bar("M274 314L284 400", 15.0, 11.0, oak));
    scene.add(Solid::bar("M124 360L276 360", 8.0, 8.0, oak));
}

pub(super) fn bench(scene: &mut Scene, good: Tones) {
    let oak = Tones::of(OAK);
    scene.cast(oval(216.0, 400.0, 148.0, 12.0));
    scene.add(Solid::bar("M120 306L114 386", 14.0, 11.0, oak.darker()));
    scene.add(Solid::bar("M280 306L286 386", 14.0, 11.0, oak.darker()));
    scene.add(Solid::bar("M118 350L282 350", 8.0, 8.0, oak.darker()));
    scene.add(Solid::bar("M92 308L84 400", 16.0, 12.0, oak));
    scene.add(Solid::bar("M308 308L316 400", 16.0, 12.0, oak));
    scene.add(
        Solid::new(area("M92 256H308L332 286H68z"), good.hi)
            .tone(area("M250 250H340V290H274z"), good.base)
            .mark(line("M76 276H324", 1.5), good.lo)
            .mark(line("M84 266H316", 1.5), good.lo),
    );
    scene.add(
        Solid::new(slab(68.0, 284.0, 264.0, 24.0, 4.0), good.base)
            .tone(area("M262 280H340V310H256z"), good.lo)
            .tone(area("M310 280H340V310H306z"), good.deep),
    );
}

pub(super) fn side_table(scene: &mut Scene, good: Tones) {
    let lathe = Lathe::at(200.0);
    let oak = Tones::of(OAK);
    scene.shadow(200.0, 92.0);
    scene.add(Solid::bar("M200 210L200 384", 14.0, 11.0, oak.darker()));
    scene.add(lathe.part("M72 334L72 342", good));
    scene.add(Solid::new(lathe.disc(334.0, 72.0), good.hi));
    scene.add(Solid::bar("M132 214L106 400", 16.0, 11.0, oak));
    scene.add(Solid::bar("M268 214L294 400", 16.0, 11.0, oak));
    scene.add(lathe.body("M118 196L116 214C115 220 114 222 110 224", good));
    let [rim, within] = lathe.mouth(196.0, 118.0, 110.0, good);
    scene.add(rim);
    scene.add(
        within
            .mark(oval(200.0, 204.0, 108.0, 22.0), good.base)
            .tone(oval(176.0, 202.0, 62.0, 11.0), good.hi),
    );
}
