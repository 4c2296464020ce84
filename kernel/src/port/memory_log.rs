//! The in-memory twin of an event log: same rules, no durability, no Merkle tree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::log::{Append, Appended, EventLog, LogError, LogHead, StreamHead};
use crate::event::{EventId, Record};
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
            return Err(LogError::Invalid(
                "an append needs at least one event in each stream".to_owned(),
            ));
        }
        let distinct: BTreeSet<_> = append.streams.iter().map(|part| &part.stream).collect();
        if distinct.len() != append.streams.len() {
            return Err(LogError::Invalid("an append names a stream twice".to_owned()));
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
        Ok(())
    }

    fn record(&mut self, append: Append) -> Appended {
        let first = self.records.len();
        for part in append.streams {
            let mut version = part.expected;
            for new in part.events {
                version = version.next();
                let id = EventId::derive(
                    &part.stream,
                    version,
                    append.epoch,
                    new.event.type_number().0,
                    &new.event.encode(),
                );
                self.records.push(Record {
                    seq: Seq(self.records.len() as u64),
                    stream: part.stream.clone(),
                    version,
                    id,
                    at: append.at,
                    actor: new.actor,
                    epoch: append.epoch,
                    event: new.event,
                });
            }
            self.heads.insert(
                part.stream,
                StreamHead {
                    version,
                    epoch: append.epoch,
                },
            );
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
        Ok(inner.record(append))
    }

    fn submit(&self, append: Append, done: Box<dyn FnOnce(Result<Appended, LogError>) + Send>) {
        done(self.append(append));
    }

    fn head(&self) -> Result<LogHead, LogError> {
        let inner = self.inner();
        let mut hasher = blake3::Hasher::new();
        for record in &inner.records {
            hasher.update(&record.id.0);
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
