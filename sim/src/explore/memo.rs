//! What came of something, kept under all that it depended on.
//!
//! Whoever looked at some numbers of a configuration, and at nothing else, comes to the same result wherever these are the
//! same. Results stand in trees: an inner node asks for one number, an edge is a number, a leaf is a result. So a look-up
//! reads the numbers that decide, one after the other, and compares them as they are.

use hashbrown::HashTable;

use super::layout::mixed;

/// A node of some tree, or nothing yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Node(u32);

impl Node {
    /// Nothing is known here.
    pub(super) const NOTHING: Node = Node(u32::MAX);
    const LEAF: u32 = 1 << 31;

    fn leaf(result: usize) -> Node {
        let result = u32::try_from(result).ok().filter(|result| *result < Node::LEAF - 1);
        Node(result.expect("limit: fewer than 2^31 results are remembered") | Node::LEAF)
    }

    /// The result, if this is a leaf.
    fn result(self) -> Option<usize> {
        (self.0 & Node::LEAF != 0 && self != Node::NOTHING).then_some((self.0 & !Node::LEAF) as usize)
    }
}

/// Many trees.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// By inner node, the place of the number that it asks for.
    asks: Vec<u16>,
    edges: HashTable<Edge>,
}

#[derive(Clone, Copy, Debug)]
struct Edge {
    from: Node,
    number: u32,
    to: Node,
}

fn hash(from: Node, number: u32) -> u64 {
    mixed(u64::from(from.0) << 32 | u64::from(number))
}

impl Memo {
    /// How many bytes the trees take.
    pub(super) fn bytes(&self) -> usize {
        self.edges.allocation_size() + self.asks.capacity() * size_of::<u16>()
    }

    /// The result behind this root where `number` gives the number in each place.
    pub(super) fn find(&self, root: Node, number: impl Fn(usize) -> u32) -> Option<usize> {
        let mut node = root;
        while node.0 & Node::LEAF == 0 {
            let number = number(usize::from(self.asks[node.0 as usize]));
            node = self.next(node, number)?;
        }
        node.result()
    }

    fn next(&self, from: Node, number: u32) -> Option<Node> {
        let edge = self.edges.find(hash(from, number), |edge| edge.from == from && edge.number == number);
        edge.map(|edge| edge.to)
    }

    /// Keeps a result, which depends on what stands in these places, behind a root where nothing was found; gives the root
    /// from now on. `places` is used up.
    pub(super) fn keep(
        &mut self,
        root: Node,
        places: &mut Vec<u16>,
        number: impl Fn(usize) -> u32,
        result: usize,
    ) -> Node {
        let root = if root == Node::NOTHING { self.new_node(places, result) } else { root };
        let mut node = root;
        while node.result().is_none() {
            let place = self.asks[node.0 as usize];
            // A node may ask for what this result does not depend on: it is then found less often than it could be.
            places.retain(|other| *other != place);
            let number = number(usize::from(place));
            node = match self.next(node, number) {
                Some(next) => next,
                None => {
                    let to = self.new_node(places, result);
                    let edge = Edge { from: node, number, to };
                    self.edges.insert_unique(hash(node, number), edge, |edge| hash(edge.from, edge.number));
                    to
                }
            };
        }
        debug_assert_eq!(node.result(), Some(result), "nothing was found here");
        root
    }

    fn new_node(&mut self, places: &[u16], result: usize) -> Node {
        let Some(&first) = places.first() else { return Node::leaf(result) };
        self.asks.push(first);
        let node = u32::try_from(self.asks.len() - 1).ok().filter(|node| node & Node::LEAF == 0);
        Node(node.expect("limit: fewer than 2^31 questions are remembered"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_result_wherever_what_it_depends_on_is_the_same_and_nowhere_else() {
        let mut memo = Memo::default();
        let in_places = |numbers: [u32; 4]| move |place: usize| numbers[place];
        let mut root = Node::NOTHING;
        assert_eq!(memo.find(root, in_places([0; 4])), None);
        root = memo.keep(root, &mut vec![1, 2], in_places([9, 1, 2, 9]), 10);
        root = memo.keep(root, &mut vec![1, 3], in_places([9, 5, 8, 7]), 11);
        root = memo.keep(root, &mut vec![1], in_places([9, 6, 8, 7]), 12);
        root = memo.keep(root, &mut vec![2, 3], in_places([0, 1, 4, 4]), 13);
        assert_eq!(memo.find(root, in_places([3, 1, 2, 4])), Some(10));
        assert_eq!(memo.find(root, in_places([3, 5, 6, 7])), Some(11));
        assert_eq!(memo.find(root, in_places([3, 5, 6, 8])), None);
        assert_eq!(memo.find(root, in_places([3, 6, 6, 8])), Some(12));
        assert_eq!(memo.find(root, in_places([3, 1, 4, 4])), Some(13));
        assert_eq!(memo.find(root, in_places([3, 1, 4, 5])), None);
        assert_eq!(memo.find(root, in_places([3, 7, 2, 2])), None);
    }

    #[test]
    fn what_depends_on_nothing_is_found_everywhere() {
        let mut memo = Memo::default();
        let root = memo.keep(Node::NOTHING, &mut Vec::new(), |_| unreachable!("nobody asks"), 3);
        assert_eq!(memo.find(root, |_| unreachable!("nobody asks")), Some(3));
    }
}
