//! A list that only grows and that copies share, so that a copy of state costs next to nothing however
//! much has happened: every append is decided on a copy.

use std::sync::Arc;

/// Items of one chunk: what a change after a copy clones at most (pointers only), and by how much a copy
/// is shorter than the list.
const CHUNK: usize = 64;

/// Items in the order in which they came.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedList<T> {
    chunks: Vec<Arc<Vec<Arc<T>>>>,
}

impl<T> Default for SharedList<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T: Clone> SharedList<T> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.chunks.last() {
            Some(last) => (self.chunks.len() - 1) * CHUNK + last.len(),
            None => 0,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Adds one at the end.
    pub fn push(&mut self, item: T) {
        let item = Arc::new(item);
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => Arc::make_mut(last).push(item),
            Some(_) | None => self.chunks.push(Arc::new(vec![item])),
        }
    }

    /// The one at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK).map(|item| &**item)
    }

    /// The last one.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.chunks.last()?.last().map(|item| &**item)
    }

    /// The last one, to be changed; copies of the list keep it as it was.
    pub fn last_mut(&mut self) -> Option<&mut T> {
        Arc::make_mut(self.chunks.last_mut()?).last_mut().map(Arc::make_mut)
    }

    /// All of them; from both ends.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.chunks.iter().flat_map(|chunk| chunk.iter().map(|item| &**item))
    }

    /// All of them with their indexes, from the end.
    pub fn newest_first(&self) -> impl Iterator<Item = (usize, &T)> {
        (0..self.len()).rev().zip(self.iter().rev())
    }

    /// Those from `index` on.
    pub fn from(&self, index: usize) -> impl Iterator<Item = &T> {
        let within = index % CHUNK;
        let chunks = self.chunks.iter().skip(index / CHUNK).enumerate();
        chunks.flat_map(move |(at, chunk)| {
            let skip = if at == 0 { within } else { 0 };
            chunk.iter().skip(skip).map(|item| &**item)
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{CHUNK, SharedList};

    #[test]
    fn copies_keep_what_they_had() {
        let mut list = SharedList::default();
        let mut copies = vec![list.clone()];
        for item in 0..3 * CHUNK {
            list.push(item);
            copies.push(list.clone());
            *list.last_mut().unwrap() += 1000;
            assert_eq!(list.last(), Some(&(item + 1000)));
            assert_eq!(copies.last().unwrap().last(), Some(&item));
        }
        for (len, copy) in copies.iter().enumerate() {
            assert_eq!(copy.len(), len);
            assert_eq!(copy.is_empty(), len == 0);
            assert_eq!(copy.iter().count(), len);
            assert_eq!(copy.iter().next_back(), copy.last());
            assert_eq!(copy.get(len), None);
            for start in [0, 1, len / 2, len] {
                assert!(copy.from(start).eq(copy.iter().skip(start)));
            }
        }
    }
}
