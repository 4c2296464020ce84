//! The in-memory twin of an event log: same rules, no durability, no Merkle tree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::log::{Append, Appended, Cause, EventLog, InvalidAppend, LogError, LogHead, StreamAppend, StreamHead};
use crate::event::{Annotation, Erasure, Event, PayloadErased, Record};
use crate::id::{Seq, StreamId, StreamVersion};

/// A log in memory. Its root is the BLAKE3 digest over the event ids: good enough to compare two twins.
#[derive(Debug, Default)]
pub struct MemoryLog {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    records: Vec<Record>,
    heads: BTreeMap<StreamId, StreamHead>,
}

impl MemoryLog {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn check(&self, append: &Append) -> Result<(), LogError> {
        if append.streams.is_empty() || append.streams.iter().any(|part| part.events.is_empty()) {
            return Err(LogError::Invalid(InvalidAppend::Empty));
        }
        if !self.causes_stand_before(append) {
            return Err(LogError::Invalid(InvalidAppend::Cause));
        }
        let distinct: BTreeSet<_> = append.streams.iter().map(|part| &part.stream).collect();
        if distinct.len() != append.streams.len() {
            return Err(LogError::Invalid(InvalidAppend::StreamTwice));
        }
        for part in &append.streams {
            let head = self.heads.get(&part.stream).copied().unwrap_or_default();
            if append.epoch < head.epoch {
                return Err(LogError::Fenced {
                    stream: part.stream.clone(),
                    epoch: append.epoch,
                    actual: head.epoch,
                });
            }
            if part.expected != head.version {
                return Err(LogError::Conflict {
                    stream: part.stream.clone(),
                    expected: part.expected,
                    actual: head.version,
                });
            }
        }
        let mut erased = BTreeSet::new();
        for part in &append.streams {
            for event in &part.events {
                if let Event::Annotation(Annotation::PayloadErased(what)) = &event.event
                    && (self.remains(what, &part.stream).is_none() || !erased.insert(what.seq))
                {
                    return Err(LogError::Invalid(InvalidAppend::Erasure(what.seq)));
                }
            }
        }
        Ok(())
    }

    /// What is left of the event that is to be erased, if it may be.
    fn remains(&self, what: &PayloadErased, stream: &StreamId) -> Option<Event> {
        let record = self.records.get(usize::try_from(what.seq.0).ok()?)?;
        let (number, version) = record.event.type_number();
        let fits = record.stream == *stream
            && record.erased.is_none()
            && number != PayloadErased::TYPE_NUMBER
            && record.payload_digest() == what.digest;
        if fits {
            Event::decode(number, version, &what.remains).ok()
        } else {
            None
        }
    }

    /// Index of the first event of each stream of the append.
    fn starts(&self, append: &Append) -> Vec<usize> {
        let mut next = self.records.len();
        let start = |part: &StreamAppend| {
            let start = next;
            next += part.events.len();
            start
        };
        append.streams.iter().map(start).collect()
    }

    fn causes_stand_before(&self, append: &Append) -> bool {
        let starts = self.starts(append);
        append.streams.iter().zip(&starts).all(|(part, start)| {
            part.events.iter().zip(*start..).all(|(event, at)| match event.cause {
                None => true,
                Some(Cause::Recorded(seq)) => usize::try_from(seq.0).is_ok_and(|seq| seq < self.records.len()),
                Some(Cause::SameAppend { stream, event }) => {
                    let length = append.streams.get(stream).map_or(0, |part| part.events.len());
                    event < length && starts.get(stream).is_some_and(|start| start + event < at)
                }
            })
        })
    }

    fn record(&mut self, append: &Append) -> Appended {
        let first = self.records.len();
        for record in append.recorded(Seq(first as u64)) {
            if let Event::Annotation(Annotation::PayloadErased(what)) = &record.event
                && let Some(remains) = self.remains(what, &record.stream)
                && let Some(erased) = usize::try_from(what.seq.0).ok().and_then(|at| self.records.get_mut(at))
            {
                erased.event = remains;
                erased.erased = Some(Erasure {
                    by: record.seq,
                    digest: what.digest,
                });
            }
            let (version, epoch) = (record.version, record.epoch);
            self.heads.insert(record.stream.clone(), StreamHead { version, epoch });
            self.records.push(record);
        }
        Appended {
            records: self.records[first..].to_vec(),
        }
    }
}

impl EventLog for MemoryLog {
    fn append(&self, append: Append) -> Result<Appended, LogError> {
        let mut inner = self.inner();
        inner.check(&append)?;
        Ok(inner.record(&append))
    }

    fn submit(&self, append: Append, done: Box<dyn FnOnce(Result<Appended, LogError>) + Send>) {
        done(self.append(append));
    }

    fn head(&self) -> Result<LogHead, LogError> {
        let inner = self.inner();
        let mut hasher = blake3::Hasher::new();
        for record in &inner.records {
            hasher.update(&record.id().0);
        }
        Ok(LogHead {
            size: inner.records.len() as u64,
            root: *hasher.finalize().as_bytes(),
        })
    }

    fn stream_head(&self, stream: &StreamId) -> Result<StreamHead, LogError> {
        Ok(self.inner().heads.get(stream).copied().unwrap_or_default())
    }

    fn read(&self, from: Seq, limit: usize) -> Result<Vec<Record>, LogError> {
        let from = usize::try_from(from.0).unwrap_or(usize::MAX);
        Ok(self.inner().records.iter().skip(from).take(limit).cloned().collect())
    }

    fn read_stream(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> Result<Vec<Record>, LogError> {
        let inner = self.inner();
        let of_stream = inner
            .records
            .iter()
            .filter(|record| record.stream == *stream && record.version > after);
        Ok(of_stream.take(limit).cloned().collect())
    }

    fn streams(&self) -> Result<Vec<(StreamId, StreamHead)>, LogError> {
        Ok(self
            .inner()
            .heads
            .iter()
            .map(|(stream, head)| (stream.clone(), *head))
            .collect())
    }
}
