//! Puncturable pseudorandom function: the tree of Goldreich, Goldwasser and Micali, with 16 children of each node.
//!
//! A node is the hash of its parent and its place among the children, and a key is a leaf. What is kept are the highest nodes
//! from which every leaf follows that was not punctured: the root at first. Puncturing a leaf takes away the node above it and
//! puts the siblings of its path in its place.

use minicbor::{Decode, Encode, bytes::ByteArray};
use ring::digest::{Context, SHA256};
use std::{collections::BTreeMap, fmt};

/// Bytes of a node.
pub(crate) const SEED_BYTES: usize = 32;
/// Levels between the root and a leaf.
const LEVELS: u32 = 16;
/// Bits by which a child is chosen.
const CHILD_BITS: u32 = 4;
/// Children of a node.
const CHILDREN: u8 = 1 << CHILD_BITS;
/// Distinguishes these hashes from all others. With node and place it fits into one block of SHA-256.
const DOMAIN: &[u8] = b"subject-keys node";

/// Node of the tree, and secret as long as a leaf below it is.
pub(crate) type Seed = [u8; SEED_BYTES];

/// Tree of which leaves were punctured.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PuncturableTree {
    /// Nodes by their level and the path to them.
    nodes: BTreeMap<(u32, u64), Seed>,
}

/// Node as it is stored.
#[derive(Encode, Decode)]
pub(crate) struct StoredNode {
    #[n(0)]
    level: u32,
    #[n(1)]
    path: u64,
    #[n(2)]
    seed: ByteArray<SEED_BYTES>,
}

impl PuncturableTree {
    /// Tree with every leaf.
    pub(crate) fn new(root: Seed) -> Self {
        Self { nodes: BTreeMap::from([((0, 0), root)]) }
    }

    /// Tree of these nodes; `None` when they are none of a tree: two of them lead to the same leaf, or one is beyond it.
    pub(crate) fn restored(stored: Vec<StoredNode>) -> Option<Self> {
        let mut tree = Self { nodes: BTreeMap::new() };
        for StoredNode { level, path, seed } in stored {
            let first_leaf = path.checked_shl(bits_below(level)?).unwrap_or(0);
            if path_to(first_leaf, level) != path || tree.highest(first_leaf).is_some() {
                return None;
            }
            tree.nodes.insert((level, path), seed.into());
        }
        Some(tree)
    }

    /// Nodes as they are stored.
    pub(crate) fn stored(&self) -> Vec<StoredNode> {
        let node = |(&(level, path), seed): (&(u32, u64), &Seed)| StoredNode {
            level,
            path,
            seed: ByteArray::from(*seed),
        };
        self.nodes.iter().map(node).collect()
    }

    /// Leaf, unless it was punctured.
    pub(crate) fn leaf(&self, leaf: u64) -> Option<Seed> {
        let (level, mut seed) = self.highest(leaf)?;
        for below in level..LEVELS {
            seed = child(&seed, place(leaf, below));
        }
        Some(seed)
    }

    /// Punctures a leaf. Repeated, it changes nothing.
    pub(crate) fn puncture(&mut self, leaf: u64) {
        let Some((level, mut seed)) = self.highest(leaf) else { return };
        self.nodes.remove(&(level, path_to(leaf, level)));
        for above in level..LEVELS {
            let (taken, path) = (place(leaf, above), path_to(leaf, above));
            for sibling in (0..CHILDREN).filter(|sibling| *sibling != taken) {
                let path = (path << CHILD_BITS) | u64::from(sibling);
                self.nodes.insert((above + 1, path), child(&seed, sibling));
            }
            seed = child(&seed, taken);
        }
    }

    /// Kept node above a leaf, and its level.
    fn highest(&self, leaf: u64) -> Option<(u32, Seed)> {
        let node = |level| Some((level, *self.nodes.get(&(level, path_to(leaf, level)))?));
        (0..=LEVELS).find_map(node)
    }
}

impl fmt::Debug for PuncturableTree {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PuncturableTree")
            .field("nodes", &self.nodes.len())
            .finish_non_exhaustive()
    }
}

/// Bits of a leaf below the path to a node of this level; `None` for a level that no tree has.
fn bits_below(level: u32) -> Option<u32> {
    Some(LEVELS.checked_sub(level)? * CHILD_BITS)
}

/// Path from the root to the node of this level above a leaf.
fn path_to(leaf: u64, level: u32) -> u64 {
    bits_below(level).and_then(|bits| leaf.checked_shr(bits)).unwrap_or(0)
}

/// Place of the next node on the path to a leaf among the children of the node of this level.
fn place(leaf: u64, level: u32) -> u8 {
    let path = path_to(leaf, level + 1);
    u8::try_from(path & u64::from(CHILDREN - 1)).expect("it is below 16")
}

fn child(seed: &Seed, place: u8) -> Seed {
    let mut hash = Context::new(&SHA256);
    hash.update(DOMAIN);
    hash.update(seed);
    hash.update(&[place]);
    hash.finish().as_ref().try_into().expect("the hash has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_punctured_leaf_is_gone_and_all_others_are_what_they_were() {
        let whole = PuncturableTree::new([7; 32]);
        let mut tree = whole.clone();
        for leaf in [0, u64::MAX, 0x0123_4567_89ab_cdef] {
            tree.puncture(leaf);
            assert_eq!(tree.leaf(leaf), None, "{leaf:x}");
            for bit in 0..u64::BITS {
                let neighbour = leaf ^ (1 << bit);
                assert_eq!(tree.leaf(neighbour), whole.leaf(neighbour), "{neighbour:x}");
            }
        }
        let again = tree.clone();
        tree.puncture(0);
        assert_eq!(tree, again, "a repeated puncture changes nothing");
        // 15 siblings on each level of a path, less the nodes that paths share.
        assert_eq!(tree.stored().len(), 3 * 16 * 15 - 2 - 15 - 30);
    }

    #[test]
    fn no_kept_node_is_on_the_path_to_a_punctured_leaf() {
        let mut tree = PuncturableTree::new([7; 32]);
        tree.puncture(0xabcd);
        let path: Vec<_> = (0..=LEVELS).map(|level| (level, path_to(0xabcd, level))).collect();
        assert!(path.iter().all(|node| !tree.nodes.contains_key(node)));
    }

    #[test]
    fn leaves_differ_and_depend_on_the_root() {
        let (one, other) = (PuncturableTree::new([1; 32]), PuncturableTree::new([2; 32]));
        assert_ne!(one.leaf(1), one.leaf(2));
        assert_ne!(one.leaf(1), other.leaf(1));
    }

    #[test]
    fn nodes_that_are_none_of_a_tree_are_refused() {
        let node = |level, path| StoredNode { level, path, seed: ByteArray::from([0; 32]) };
        let wrong = [
            vec![node(17, 0)],
            vec![node(1, 16)],
            vec![node(0, 1)],
            vec![node(0, 0), node(16, 5)],
            vec![node(3, 5), node(3, 5)],
        ];
        assert!(wrong.into_iter().all(|nodes| PuncturableTree::restored(nodes).is_none()));
        assert!(PuncturableTree::restored(vec![]).is_some());
    }

    proptest! {
        #[test]
        fn a_stored_tree_has_the_same_leaves(
            punctured in proptest::collection::vec(any::<u64>(), 0..6),
            leaf in any::<u64>(),
        ) {
            let mut tree = PuncturableTree::new([3; 32]);
            for leaf in &punctured {
                tree.puncture(*leaf);
            }
            let restored = PuncturableTree::restored(tree.stored());
            prop_assert_eq!(restored.as_ref(), Some(&tree));
            let expected = PuncturableTree::new([3; 32]).leaf(leaf);
            prop_assert_eq!(tree.leaf(leaf), expected.filter(|_| !punctured.contains(&leaf)));
        }
    }
}
