//! Runs: the index entries of sealed segments, sorted, in a file. In memory are the first entry of each block and a filter of
//! the keys. Runs of as many segments are merged, so that there are never many. A run can be made again from its segments.
//!
//! A file has blocks of 4 KiB (146 entries of 28 bytes, and a checksum), the first entries of all blocks, the words of the
//! filter, and a footer of 48 bytes.

use crate::{
    disk::{DiskFile, FileSystem, damaged, read_exact},
    frame::{Location, u32_at, u64_at},
    index::IndexEntry,
    segments::Segments,
};
use std::{
    collections::HashSet,
    io,
    iter::Peekable,
    ops::{Range, RangeInclusive},
    sync::Arc,
};

const BLOCK_BYTES: usize = 4096;
const ENTRY_BYTES: usize = 28;
const ENTRIES_PER_BLOCK: usize = 146;
const CHECKSUM_AT: usize = ENTRIES_PER_BLOCK * ENTRY_BYTES;
const FOOTER_BYTES: usize = 48;
const MAGIC: u64 = 0x026e_7572_7363_6f69;
/// Bits of the filter for a key: one key in a hundred that is not there seems to be.
const FILTER_BITS_PER_KEY: usize = 12;
/// Blocks that are written at once.
const WRITE_BLOCKS: usize = 256;

/// Run of the segments from `first` to `last`.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) first: u32,
    pub(crate) last: u32,
    file: Arc<dyn DiskFile>,
    /// Upper bound of the keys in the filter.
    keys: u64,
    /// First entry of each block.
    fences: Vec<IndexEntry>,
    filter: KeyFilter,
}

/// Filter of keys (a Bloom filter whose bits of a key are in one word).
#[derive(Debug, Default, PartialEq, Eq)]
struct KeyFilter(Vec<u64>);

impl KeyFilter {
    fn for_keys(keys: u64) -> Self {
        let keys = usize::try_from(keys).expect("they were in memory or in files");
        Self(vec![0; (keys * FILTER_BITS_PER_KEY).div_ceil(64).max(1)])
    }

    /// Word and bits of a key.
    fn bits(&self, entry: &IndexEntry) -> (usize, u64) {
        let mixed = (entry.key ^ u64::from(entry.space)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = (u128::from(mixed) * self.0.len() as u128) >> 64;
        let bits = (0..5).fold(0, |bits, number| bits | 1 << (entry.key >> (6 * number) & 63));
        (usize::try_from(word).expect("it is below the length"), bits)
    }

    fn add(&mut self, entry: &IndexEntry) {
        let (word, bits) = self.bits(entry);
        self.0[word] |= bits;
    }

    fn may_contain(&self, entry: &IndexEntry) -> bool {
        let (word, bits) = self.bits(entry);
        self.0[word] & bits == bits
    }
}

/// Frames that compaction left in some segments: a filter, so that some of the others seem to be left as well.
#[derive(Debug, Default)]
pub(crate) struct FramesLeft {
    /// Compacted segments.
    segments: HashSet<u32>,
    filter: KeyFilter,
}

impl FramesLeft {
    /// Frames that are left in the compacted ones of these segments; the others have all of theirs.
    pub(crate) fn of(segments: &Segments, numbers: RangeInclusive<u32>) -> io::Result<Self> {
        let (mut compacted, mut count) = (HashSet::new(), 0);
        for segment in numbers {
            if let Some(frames) = segments.file(segment)?.frames() {
                compacted.insert(segment);
                count += frames;
            }
        }
        let mut filter = KeyFilter::for_keys(count);
        for segment in &compacted {
            for place in segments.file(*segment)?.places()?.into_iter().flatten() {
                filter.add(&Self::key(Location::new(*segment, place.original)));
            }
        }
        Ok(Self { segments: compacted, filter })
    }

    fn may_contain(&self, location: Location) -> bool {
        !self.segments.contains(&location.segment())
            || self.filter.may_contain(&Self::key(location))
    }

    /// Key of a location in the filter, whose low bits vary.
    fn key(location: Location) -> IndexEntry {
        let mixed = location.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        IndexEntry { space: 0, key: mixed ^ mixed >> 32, order: 0, location }
    }
}

impl Run {
    /// Name of the file.
    pub(crate) fn name(log: &str, first: u32, last: u32) -> String {
        format!("{log}.{first:06}-{last:06}.run")
    }

    /// Segments of the run with this name of a file.
    pub(crate) fn segments(log: &str, name: &str) -> Option<(u32, u32)> {
        let range = name.strip_prefix(log)?.strip_prefix('.')?.strip_suffix(".run")?;
        let (first, last) = range.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()?))
    }

    /// Opens a run.
    ///
    /// # Errors
    ///
    /// `InvalidData` when the file is not a whole run.
    pub(crate) fn open(
        disk: &dyn FileSystem,
        log: &str,
        (first, last): (u32, u32),
    ) -> io::Result<Self> {
        let file = disk.open(&Self::name(log, first, last))?;
        let bytes = file.bytes()?;
        let footer_at = bytes.checked_sub(FOOTER_BYTES as u64).ok_or_else(damaged)?;
        let footer = read_exact(&*file, footer_at, FOOTER_BYTES)?;
        let [magic, blocks, words, keys] = [0, 8, 16, 24].map(|at| u64_at(&footer, at));
        let tail =
            blocks.saturating_mul(ENTRY_BYTES as u64).saturating_add(words.saturating_mul(8));
        let is_footer = magic == MAGIC
            && u32_at(&footer, 44) == crc32fast::hash(&footer[..44])
            && [u32_at(&footer, 32), u32_at(&footer, 36)] == [first, last];
        if !is_footer || blocks.saturating_mul(BLOCK_BYTES as u64).saturating_add(tail) != footer_at
        {
            return Err(damaged());
        }
        let tail =
            read_exact(&*file, footer_at - tail, usize::try_from(tail).map_err(|_| damaged())?)?;
        if u32_at(&footer, 40) != crc32fast::hash(&tail) {
            return Err(damaged());
        }
        let (fences, filter) =
            tail.split_at(tail.len() - usize::try_from(words).map_err(|_| damaged())? * 8);
        let fences = fences.chunks_exact(ENTRY_BYTES).map(decode).collect();
        let filter = KeyFilter(filter.chunks_exact(8).map(|word| u64_at(word, 0)).collect());
        Ok(Self { first, last, file, keys, fences, filter })
    }

    /// Writes a run; the entries are sorted, and have at most `keys` different keys that are filtered. It is there whole or
    /// not at all.
    pub(crate) fn write(
        disk: &dyn FileSystem,
        log: &str,
        (first, last): (u32, u32),
        keys: u64,
        mut entries: impl Iterator<Item = io::Result<IndexEntry>>,
    ) -> io::Result<Self> {
        let incoming = format!("{log}.incoming");
        let file = disk.create(&incoming)?;
        let (mut fences, mut filter, mut filtered) = (Vec::new(), KeyFilter::for_keys(keys), 0);
        let (mut buffer, mut offset) = (Vec::with_capacity(WRITE_BLOCKS * BLOCK_BYTES), 0);
        loop {
            let block = buffer.len();
            for entry in entries.by_ref().take(ENTRIES_PER_BLOCK) {
                let entry = entry?;
                if buffer.len() == block {
                    fences.push(entry);
                }
                if entry.is_filtered() {
                    filter.add(&entry);
                    filtered += 1;
                }
                encode(&entry, &mut buffer);
            }
            let is_last = buffer.len() == block;
            if !is_last {
                buffer.resize(block + CHECKSUM_AT, 0);
                let crc = crc32fast::hash(&buffer[block..]);
                buffer.extend_from_slice(&crc.to_le_bytes());
                buffer.resize(block + BLOCK_BYTES, 0);
            }
            if is_last || buffer.len() == WRITE_BLOCKS * BLOCK_BYTES {
                file.write_at(&buffer, offset)?;
                offset += buffer.len() as u64;
                buffer.clear();
            }
            if is_last {
                break;
            }
        }
        let keys = keys.min(filtered);
        let mut run = Self { first, last, file, keys, fences, filter };
        run.shrink_filter()?;
        let Self { file, fences, filter, .. } = &run;
        for fence in fences {
            encode(fence, &mut buffer);
        }
        filter.0.iter().for_each(|word| buffer.extend_from_slice(&word.to_le_bytes()));
        let crc = crc32fast::hash(&buffer);
        let footer = buffer.len();
        for number in [MAGIC, fences.len() as u64, filter.0.len() as u64, keys] {
            buffer.extend_from_slice(&number.to_le_bytes());
        }
        for number in [first, last, crc] {
            buffer.extend_from_slice(&number.to_le_bytes());
        }
        let crc = crc32fast::hash(&buffer[footer..]);
        buffer.extend_from_slice(&crc.to_le_bytes());
        file.write_at(&buffer, offset)?;
        file.sync()?;
        disk.rename(&incoming, &Self::name(log, first, last))?;
        disk.sync()?;
        Ok(run)
    }

    /// Makes the filter again when it is far too large, because fewer keys came than might have.
    fn shrink_filter(&mut self) -> io::Result<()> {
        let mut filter = KeyFilter::for_keys(self.keys);
        if filter.0.len() * 2 > self.filter.0.len() {
            return Ok(());
        }
        for entry in self.iter() {
            let entry = entry?;
            if entry.is_filtered() {
                filter.add(&entry);
            }
        }
        self.filter = filter;
        Ok(())
    }

    /// Merges neighbouring runs, the oldest first, into one without the entries of dropped frames, and removes them.
    pub(crate) fn merge(
        disk: &dyn FileSystem,
        log: &str,
        runs: &[Arc<Self>],
        frames: &FramesLeft,
    ) -> io::Result<Self> {
        let (first, last) = (runs[0].first, runs[runs.len() - 1].last);
        let mut heads: Vec<_> = runs.iter().map(|run| run.iter().peekable()).collect();
        let keys = runs.iter().map(|run| run.keys).sum();
        let entries = std::iter::from_fn(|| least(&mut heads));
        let entries = entries.filter(|entry| {
            entry.as_ref().map_or(true, |entry| frames.may_contain(entry.location))
        });
        let merged = Self::write(disk, log, (first, last), keys, entries)?;
        for run in runs {
            disk.remove(&Self::name(log, run.first, run.last))?;
        }
        Ok(merged)
    }

    /// Whether the run may have entries of this key.
    pub(crate) fn may_contain(&self, key: &IndexEntry) -> bool {
        !key.is_filtered() || self.filter.may_contain(key)
    }

    /// Up to `limit` entries behind `floor` from `from` up to and including `until`, in their order.
    pub(crate) fn range(
        &self,
        from: IndexEntry,
        until: IndexEntry,
        floor: Location,
        limit: usize,
    ) -> io::Result<Vec<IndexEntry>> {
        let first = self.fences.partition_point(|fence| *fence <= from).saturating_sub(1);
        let is_wanted =
            |entry: &IndexEntry| (from..=until).contains(entry) && entry.location > floor;
        let mut found = Vec::new();
        for block in first..self.fences.len() {
            if found.len() >= limit || self.fences[block] > until {
                break;
            }
            let entries = self.block(block)?.into_iter().filter(is_wanted);
            found.extend(entries.take(limit - found.len()));
        }
        Ok(found)
    }

    /// Entries from `from` up to and including `until`, in their order.
    pub(crate) fn between(
        &self,
        from: IndexEntry,
        until: IndexEntry,
    ) -> impl Iterator<Item = io::Result<IndexEntry>> {
        let first = self.fences.partition_point(|fence| *fence <= from).saturating_sub(1);
        let end = self.fences.partition_point(|fence| *fence <= until);
        self.entries(first..end)
            .filter(move |entry| entry.as_ref().map_or(true, |it| (from..=until).contains(it)))
    }

    /// Last entry from `from` on and before `before`.
    pub(crate) fn last_before(
        &self,
        from: IndexEntry,
        before: IndexEntry,
    ) -> io::Result<Option<IndexEntry>> {
        let block = self.fences.partition_point(|fence| *fence < before);
        let Some(block) = block.checked_sub(1) else { return Ok(None) };
        let entries = self.block(block)?;
        Ok(entries.into_iter().rev().find(|entry| *entry < before).filter(|entry| *entry >= from))
    }

    /// All entries in their order.
    fn iter(&self) -> impl Iterator<Item = io::Result<IndexEntry>> {
        self.entries(0..self.fences.len())
    }

    fn entries(&self, blocks: Range<usize>) -> impl Iterator<Item = io::Result<IndexEntry>> {
        blocks.flat_map(|block| match self.block(block) {
            Ok(entries) => entries.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        })
    }

    fn block(&self, block: usize) -> io::Result<Vec<IndexEntry>> {
        let bytes = read_exact(&*self.file, (block * BLOCK_BYTES) as u64, BLOCK_BYTES)?;
        if u32_at(&bytes, CHECKSUM_AT) != crc32fast::hash(&bytes[..CHECKSUM_AT]) {
            return Err(damaged());
        }
        let entries = bytes[..CHECKSUM_AT].chunks_exact(ENTRY_BYTES).map(decode);
        // The last block is padded with zeros, which are no entry.
        Ok(entries.take_while(|entry| entry.location != Location(0)).collect())
    }
}

/// Takes the least of all first entries.
fn least<I: Iterator<Item = io::Result<IndexEntry>>>(
    heads: &mut [Peekable<I>],
) -> Option<io::Result<IndexEntry>> {
    let mut least: Option<(usize, IndexEntry)> = None;
    for (number, head) in heads.iter_mut().enumerate() {
        match head.peek() {
            Some(Ok(entry)) if least.is_none_or(|(_, least)| *entry < least) => {
                least = Some((number, *entry));
            }
            Some(Err(_)) => return head.next(),
            _ => {}
        }
    }
    heads[least?.0].next()
}

fn encode(entry: &IndexEntry, into: &mut Vec<u8>) {
    into.extend_from_slice(&entry.space.to_le_bytes());
    for number in [entry.key, entry.order, entry.location.0] {
        into.extend_from_slice(&number.to_le_bytes());
    }
}

fn decode(bytes: &[u8]) -> IndexEntry {
    let (key, order, location) = (u64_at(bytes, 4), u64_at(bytes, 12), Location(u64_at(bytes, 20)));
    IndexEntry { space: u32_at(bytes, 0), key, order, location }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        disk::FolderDisk,
        index::{EntryKind, highest, lowest},
    };
    use rand::{Rng, SeedableRng, rngs::StdRng};
    use std::collections::BTreeSet;

    /// Entries of a few keys that have many, and many that have few.
    fn entries(random: &mut StdRng, segment: u32) -> BTreeSet<IndexEntry> {
        let entry = |number: u32| {
            let space = EntryKind::Stream.of(8 * random.random_range(0..3));
            let key = match random.random_range(0..3) {
                0 => random.random_range(0..5),
                _ => random.random_range(0..2_000_u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            };
            let order = random.random_range(0..50);
            IndexEntry { space, key, order, location: Location::new(segment, 64 + 8 * number) }
        };
        (0..3_000_u32).map(entry).collect()
    }

    fn check(run: &Run, all: &BTreeSet<IndexEntry>, random: &mut StdRng) {
        assert_eq!(
            run.iter().collect::<io::Result<Vec<_>>>().unwrap(),
            all.iter().copied().collect::<Vec<_>>()
        );
        for entry in all {
            assert!(run.may_contain(entry));
        }
        let mut missing = 0;
        for _ in 0..500 {
            let (space, key) = (8 * random.random_range(0..4), random.random_range(0..5));
            let (from, until) =
                (lowest(space, key, random.random_range(0..60)), highest(space, key));
            let limit = random.random_range(0..400);
            let expected: Vec<_> = all.range(from..=until).copied().collect();
            let limited = &expected[..limit.min(expected.len())];
            assert_eq!(run.range(from, until, Location(0), limit).unwrap(), limited);
            assert_eq!(run.last_before(from, until).unwrap(), expected.last().copied());
            if let Some(bound) = expected.get(expected.len() / 2) {
                let before = all.range(from..*bound).next_back().copied();
                assert_eq!(run.last_before(from, *bound).unwrap(), before);
            }
            let absent = lowest(0, random.random(), 0);
            missing += usize::from(!run.may_contain(&absent));
        }
        assert!(missing > 450, "the filter spares most searches: {missing}");
    }

    #[test]
    fn runs_answer_as_the_sorted_entries_themselves_before_and_after_merges() {
        let folder = tempfile::tempdir().unwrap();
        let disk = FolderDisk(folder.path().to_owned());
        let mut random = StdRng::seed_from_u64(7);
        let (mut runs, mut all) = (Vec::new(), BTreeSet::new());
        for segment in 1..=4 {
            let entries = entries(&mut random, segment);
            let sorted = entries.iter().map(|entry| Ok(*entry));
            let run = Run::write(&disk, "log", (segment, segment), 3_000, sorted).unwrap();
            check(&run, &entries, &mut random);
            check(&Run::open(&disk, "log", (segment, segment)).unwrap(), &entries, &mut random);
            runs.push(Arc::new(run));
            all.extend(entries);
        }
        let merged = Run::merge(&disk, "log", &runs, &FramesLeft::default()).unwrap();
        check(&merged, &all, &mut random);
        check(&Run::open(&disk, "log", (1, 4)).unwrap(), &all, &mut random);
        assert_eq!(disk.names().unwrap(), ["log.000001-000004.run"]);
        assert_eq!(Run::segments("log", "log.000001-000004.run"), Some((1, 4)));
    }

    #[test]
    fn a_merge_drops_the_entries_of_dropped_frames_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let disk = FolderDisk(folder.path().to_owned());
        let mut random = StdRng::seed_from_u64(11);
        let (mut runs, mut left, mut dropped) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        let segments = HashSet::from([1, 2, 3]);
        let mut frames = FramesLeft { segments, filter: KeyFilter::for_keys(3_000) };
        for segment in 1..=4 {
            let entries = entries(&mut random, segment);
            let sorted = entries.iter().map(|entry| Ok(*entry));
            runs.push(Arc::new(
                Run::write(&disk, "log", (segment, segment), 3_000, sorted).unwrap(),
            ));
            // One of ten is left in the second, none in the first and third; the fourth is not compacted.
            for entry in entries {
                if segment == 4 || (segment == 2 && entry.location.offset() % 80 == 0) {
                    frames.filter.add(&FramesLeft::key(entry.location));
                    left.insert(entry);
                } else {
                    dropped.insert(entry);
                }
            }
        }
        let merged = Run::merge(&disk, "log", &runs, &frames).unwrap();
        let entries: BTreeSet<_> = merged.iter().collect::<io::Result<_>>().unwrap();
        assert!(left.is_subset(&entries), "nothing is lost");
        let needless = entries.intersection(&dropped).count();
        assert!(needless < dropped.len() / 20, "{needless} of {}", dropped.len());
        assert_eq!(entries.len(), left.len() + needless);
        assert!(merged.filter.0.len() * 2 < KeyFilter::for_keys(12_000).0.len());
        check(&merged, &entries, &mut random);
        check(&Run::open(&disk, "log", (1, 4)).unwrap(), &entries, &mut random);
    }

    #[test]
    fn every_flipped_byte_of_a_run_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let disk = FolderDisk(folder.path().to_owned());
        let all = entries(&mut StdRng::seed_from_u64(7), 1);
        let sorted = all.iter().take(200).map(|entry| Ok(*entry));
        let whole = Run::write(&disk, "log", (1, 1), 200, sorted).unwrap();
        let file = disk.open("log.000001-000001.run").unwrap();
        let size = usize::try_from(file.bytes().unwrap()).unwrap();
        let mut byte = [0];
        for at in 0..size {
            file.read_at(&mut byte, at as u64).unwrap();
            file.write_at(&[byte[0] ^ 0x20], at as u64).unwrap();
            let opened = Run::open(&disk, "log", (1, 1));
            let read = opened.and_then(|run| run.iter().collect::<io::Result<Vec<_>>>());
            let is_padding = at < 2 * BLOCK_BYTES && at % BLOCK_BYTES >= CHECKSUM_AT + 4;
            assert_eq!(read.is_ok(), is_padding, "{at}");
            file.write_at(&byte, at as u64).unwrap();
        }
        assert!(whole.iter().all(|entry| entry.is_ok()));
    }
}
