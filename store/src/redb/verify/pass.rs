//! The pass itself: workers read blocks side by side, and their findings are put together in order.

use std::num::NonZeroUsize;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata};
use surefoot_kernel::port::{LogError, LogHead};

use super::block::{self, Block};
use super::tally::Tally;
use crate::merkle::{Frontier, Hash, TILE_LEVELS};
use crate::redb::fault::{Fault, guarded};
use crate::redb::shared::Shared;
use crate::redb::table::{EVENTS, HEAD, MERKLE, decode_head, tile_key};
use crate::verification::{Failure, FailureKind, Verification};

/// Failures that are told one by one; of more, only the number is.
const MOST_FAILURES: usize = 1000;

/// Blocks that a worker may be ahead by; bounds the memory.
const AHEAD: usize = 2;

pub(super) struct Pass<'a> {
    tail: Frontier,
    failures: Vec<Failure>,
    omitted: u64,
    erased: u64,
    withheld: u64,
    remembered: &'a [LogHead],
}

impl<'a> Pass<'a> {
    pub(super) fn new(remembered: &'a [LogHead]) -> Self {
        Self {
            tail: Frontier::default(),
            failures: Vec::new(),
            omitted: 0,
            erased: 0,
            withheld: 0,
            remembered,
        }
    }

    pub(super) fn fail(&mut self, failure: Failure) {
        if self.failures.len() < MOST_FAILURES {
            self.failures.push(failure);
        } else {
            self.omitted += 1;
        }
    }

    pub(super) fn finish(mut self) -> Verification {
        if self.omitted > 0 {
            let text = format!("{} further failures are not listed", self.omitted);
            self.failures.push(Failure::of_the_log(FailureKind::Storage, text));
        }
        Verification {
            events: self.tail.size(),
            root: self.tail.root(),
            erased: self.erased,
            withheld: self.withheld,
            failures: self.failures,
        }
    }

    pub(super) fn run(&mut self, shared: &Shared) -> Result<(), Fault> {
        let transaction = shared.database.begin_read()?;
        let events = transaction.open_table(EVENTS)?;
        let merkle = transaction.open_table(MERKLE)?;
        let size = events.len()?;
        let last = events.last()?.map(|(seq, _)| seq.value());
        if last != size.checked_sub(1) {
            let text = format!("the last of its {size} events has the number {last:?}");
            self.fail(Failure::of_the_log(FailureKind::Position, text));
        }
        let mut tally = Tally::new(&transaction)?;
        self.compare_remembered();
        self.blocks(shared, &transaction, size, |pass, block| {
            pass.join(block, &merkle, &mut tally)
        })?;

        for remembered in self.remembered.iter().filter(|remembered| remembered.size > size) {
            let text = format!("it had {} events once, and has {size} now", remembered.size);
            self.fail(Failure::of_the_log(FailureKind::Remembered, text));
        }
        let head = merkle.get(HEAD)?.map(|row| decode_head(row.value())).transpose()?;
        if head.is_none_or(|head| head.size != self.tail.size() || head.root != self.tail.root()) {
            let text = "the stored end of the log is not that of the events";
            self.fail(Failure::of_the_log(FailureKind::Tree, text));
        }
        if merkle.len()? != 1 + nodes_of(size) {
            let text = "there are more or fewer stored nodes than the events have";
            self.fail(Failure::of_the_log(FailureKind::Tree, text));
        }
        for text in tally.finish()? {
            self.fail(Failure::of_the_log(FailureKind::Index, text));
        }
        Ok(())
    }

    /// Has all blocks read, and gives them to `join` in their order.
    fn blocks(
        &mut self,
        shared: &Shared,
        transaction: &ReadTransaction,
        size: u64,
        mut join: impl FnMut(&mut Self, Block) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let count = size.div_ceil(block::EVENTS);
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = usize::try_from(count).unwrap_or(processors).min(processors);
        thread::scope(|scope| {
            // Worker w has blocks w, w + workers, …; so their order needs no sorting.
            let receivers: Vec<_> = (0..workers)
                .map(|worker| {
                    let (sender, receiver) = sync_channel(AHEAD);
                    let mine = (worker as u64..count).step_by(workers);
                    scope.spawn(move || work(shared, transaction, size, mine, &sender));
                    receiver
                })
                .collect();
            for (_, receiver) in (0..count).zip(receivers.iter().cycle()) {
                let stopped = |_| LogError::Io("a worker of the verification stopped".to_owned());
                join(self, receiver.recv().map_err(stopped)??)?;
            }
            Ok(())
        })
    }

    fn join(
        &mut self,
        block: Block,
        merkle: &ReadOnlyTable<u64, &'static [u8]>,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        let first = self.tail.size();
        self.erased += block.erased;
        self.withheld += block.withheld;
        let mut failures = block.failures;
        failures.extend(tally.note(block.streams, &block.places)?);
        let (aligned, tile) = (first.is_multiple_of(1 << TILE_LEVELS), 1_usize << TILE_LEVELS);
        let mut nodes = Vec::new();
        for (number, leaves) in block.leaves.chunks(tile).enumerate() {
            let size = self.tail.size();
            let inside = size + 1..size + leaves.len() as u64;
            let remembered = self
                .remembered
                .iter()
                .any(|remembered| inside.contains(&remembered.size));
            match block.tiles.get(number) {
                Some(hash) if aligned && !remembered => {
                    self.tail.push_subtree(TILE_LEVELS, *hash, |level, index, hash| {
                        nodes.push((level, index, *hash))
                    });
                }
                _ => {
                    for leaf in leaves {
                        self.tail
                            .push(*leaf, |level, index, hash| nodes.push((level, index, *hash)));
                        failures.extend(self.forgotten());
                    }
                    continue;
                }
            }
            failures.extend(self.forgotten());
        }
        for node in nodes {
            failures.extend(compare_node(merkle, node)?);
        }
        failures.sort_by_key(|failure| failure.seq);
        for failure in failures {
            self.fail(failure);
        }
        Ok(())
    }

    fn compare_remembered(&mut self) {
        for failure in self.forgotten() {
            self.fail(failure);
        }
    }

    /// What was remembered of the log's present size, and is not so.
    fn forgotten(&self) -> Vec<Failure> {
        let size = self.tail.size();
        let mut of_this_size = self
            .remembered
            .iter()
            .filter(|remembered| remembered.size == size)
            .peekable();
        if of_this_size.peek().is_none() {
            return Vec::new();
        }
        let root = self.tail.root();
        let text = format!("the first {size} events are not those that it had once");
        of_this_size
            .filter(|remembered| remembered.root != root)
            .map(|_| Failure::of(size.saturating_sub(1), FailureKind::Remembered, text.clone()))
            .collect()
    }
}

/// A worker: reads its blocks until there are no more or nobody wants them.
fn work(
    shared: &Shared,
    transaction: &ReadTransaction,
    size: u64,
    blocks: impl Iterator<Item = u64>,
    sender: &SyncSender<Result<Block, LogError>>,
) {
    for number in blocks {
        let first = number.saturating_mul(block::EVENTS);
        let end = first.saturating_add(block::EVENTS).min(size);
        let block = guarded(|| {
            let events = transaction.open_table(EVENTS)?;
            block::read(&events, &*shared.blobs, first, end)
        });
        if sender.send(block).is_err() {
            return;
        }
    }
}

fn compare_node(
    merkle: &ReadOnlyTable<u64, &'static [u8]>,
    (level, index, hash): (u8, u64, Hash),
) -> Result<Option<Failure>, Fault> {
    let stored = merkle.get(tile_key(level, index))?;
    if stored.is_some_and(|stored| stored.value() == hash) {
        return Ok(None);
    }
    let last = ((index + 1) << level).saturating_sub(1);
    let text = format!("node {index} of level {level}, which it completes, is not right");
    Ok(Some(Failure::of(last, FailureKind::Tree, text)))
}

/// How many nodes are stored for a log of that size.
fn nodes_of(size: u64) -> u64 {
    (1..8).map(|tier| size >> (tier * u32::from(TILE_LEVELS))).sum()
}
