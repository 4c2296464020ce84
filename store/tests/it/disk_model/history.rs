//! What was appended, and whether an opened log is a part of it that may be there.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use surefoot_kernel::id::{Seq, StreamId};
use surefoot_kernel::port::{EventLog as _, LogError, StreamHead};
use surefoot_store::RedbLog;
use surefoot_store::codec::Envelope;
use surefoot_store::merkle::{Frontier, Hash};

/// What is wrong with a log after a crash.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// It does not open, or refuses to be used.
    Unusable(String),
    /// Acknowledged events are gone.
    Lost { floor: u64, size: u64 },
    /// It is not what was appended.
    Wrong(String),
}

pub(super) fn unusable(doing: &str) -> impl Fn(LogError) -> Finding + '_ {
    move |e| Finding::Unusable(format!("{doing}: {e}"))
}

/// The log as it would be without a crash.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    envelopes: Vec<Arc<[u8]>>,
    tail: Frontier,
    /// At the end of each append: the root, and the ends of the streams.
    ends: BTreeMap<u64, (Hash, Arc<BTreeMap<StreamId, StreamHead>>)>,
}

impl History {
    pub(super) fn empty() -> Self {
        let mut history = Self::default();
        history.end();
        history
    }

    /// An append ends here.
    pub(super) fn end(&mut self) {
        let last = self.ends.last_key_value();
        let mut streams = last.map_or_else(BTreeMap::new, |(_, (_, streams))| BTreeMap::clone(streams));
        let from = last.map_or(0, |(size, _)| *size as usize);
        for bytes in &self.envelopes[from..] {
            let envelope = Envelope::decode(bytes).unwrap();
            let head = StreamHead {
                version: envelope.version,
                epoch: envelope.epoch,
            };
            streams.insert(envelope.stream.id().unwrap(), head);
        }
        let end = (self.tail.root(), Arc::new(streams));
        self.ends.insert(self.envelopes.len() as u64, end);
    }

    /// Takes the log's events from the end of this history up to `size` in as one append, and
    /// checks seq and version of each against what they follow from.
    pub(super) fn extend(&mut self, log: &RedbLog, size: u64) -> Result<(), Finding> {
        let (_, (_, streams)) = self.ends.last_key_value().unwrap();
        let mut versions: BTreeMap<_, _> = streams.iter().map(|(id, head)| (id.clone(), head.version)).collect();
        for seq in self.envelopes.len() as u64..size {
            let bytes = log.envelope(Seq(seq)).map_err(unusable("reading an event"))?;
            let envelope = Envelope::decode(&bytes).unwrap();
            let stream = envelope.stream.id().unwrap();
            let version = versions.entry(stream.clone()).or_default();
            *version = version.next();
            if (envelope.seq, envelope.version) != (Seq(seq), *version) {
                return Err(Finding::Wrong(format!("event {seq} is not in its place: {envelope:?}")));
            }
            self.tail.push(envelope.leaf(), |_, _, _| {});
            self.envelopes.push(bytes.into());
        }
        self.end();
        Ok(())
    }

    /// This history up to `size`.
    pub(super) fn cut(&self, size: u64) -> Self {
        let mut cut = Self {
            envelopes: self.envelopes[..size as usize].to_vec(),
            tail: Frontier::default(),
            ends: self.ends.range(..=size).map(|(at, end)| (*at, end.clone())).collect(),
        };
        for bytes in &cut.envelopes {
            cut.tail.push(Envelope::decode(bytes).unwrap().leaf(), |_, _, _| {});
        }
        cut
    }

    /// Compares the log with this: to the byte, without gaps, whole appends, nothing acknowledged
    /// missing. Gives back how far it goes.
    pub(super) fn compare(&self, log: &RedbLog, floor: u64) -> Result<u64, Finding> {
        let head = log.head().map_err(unusable("reading the end"))?;
        if head.size < floor {
            return Err(Finding::Lost { floor, size: head.size });
        }
        let Some((root, streams)) = self.ends.get(&head.size) else {
            return Err(Finding::Wrong(format!("{} events are no whole appends", head.size)));
        };
        let (mut found, mut wrong) = (0_usize, None);
        let mut tree = Frontier::default();
        log.scan(Seq(0), |envelope, bytes| {
            if self.envelopes.get(found).is_none_or(|expected| **expected != *bytes) {
                wrong = Some(found);
                return ControlFlow::Break(());
            }
            tree.push(envelope.leaf(), |_, _, _| {});
            found += 1;
            ControlFlow::Continue(())
        })
        .map_err(unusable("scanning"))?;
        if let Some(seq) = wrong {
            return Err(Finding::Wrong(format!("event {seq} is not what was appended")));
        }
        if found as u64 != head.size || tree.root() != head.root || *root != head.root {
            let text = format!("{found} events do not have the root of the end, {head:?}");
            return Err(Finding::Wrong(text));
        }
        let shown = log.streams().map_err(unusable("listing the streams"))?;
        if !shown.iter().map(|(id, head)| (id, head)).eq(streams.iter()) {
            return Err(Finding::Wrong(format!("the streams end as {shown:?}")));
        }
        Ok(head.size)
    }
}
