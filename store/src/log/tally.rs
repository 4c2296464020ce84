//! The streams as a whole pass over the log finds them, beside what the log's tables say of them.

use std::collections::HashMap;

use redb::ReadOnlyTable;
use surefoot_kernel::id::StreamId;

use super::fault::Fault;
use super::stream_row::{StreamRow, chunk_key};
use crate::codec::{Envelope, StreamRef, stream_key};

type Rows = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// What stood wrong about an event's place in its stream.
pub(crate) enum Misplaced {
    /// The stream's name means nothing.
    Name(String),
    /// Its version does not follow.
    Version(String),
    /// Its epoch is lower than the one before.
    Epoch(String),
    /// The list of the stream's events says something else.
    Index(String),
}

/// All streams, as far as the pass has come.
#[derive(Default)]
pub(crate) struct Tally {
    deployments: HashMap<[u8; 16], usize>,
    environments: HashMap<String, usize>,
    streams: Vec<(StreamId, StreamRow)>,
}

impl Tally {
    /// Index of the stream that an event belongs to.
    pub(crate) fn stream(&mut self, stream: &StreamRef<'_>) -> Result<usize, Misplaced> {
        let known = match stream {
            StreamRef::Deployment(id) => self.deployments.get(id.as_bytes()),
            StreamRef::Environment(text) => self.environments.get(*text),
        };
        if let Some(index) = known {
            return Ok(*index);
        }
        let id = stream.id().map_err(|e| Misplaced::Name(e.to_string()))?;
        let index = self.streams.len();
        match stream {
            StreamRef::Deployment(id) => self.deployments.insert(*id.as_bytes(), index),
            StreamRef::Environment(text) => self.environments.insert((*text).to_owned(), index),
        };
        self.streams.push((id, StreamRow::default()));
        Ok(index)
    }

    /// Name of a stream.
    pub(crate) fn name(&self, index: usize) -> Option<&StreamId> {
        self.streams.get(index).map(|(id, _)| id)
    }

    /// Notes an event of a stream. After a misplaced one it goes on from there.
    pub(crate) fn note(&mut self, index: usize, envelope: &Envelope<'_>, chunks: &Rows) -> Result<(), Noted> {
        let Some((id, row)) = self.streams.get_mut(index) else {
            return Ok(());
        };
        let before = row.head;
        let filled = row.push(envelope.epoch, envelope.seq.0);
        if row.head.version != envelope.version {
            let text = format!(
                "version {} of {id} follows version {}",
                envelope.version, before.version
            );
            row.head.version = envelope.version;
            return Err(Misplaced::Version(text).into());
        }
        if envelope.epoch < before.epoch {
            let text = format!("epoch {} of {id} follows epoch {}", envelope.epoch, before.epoch);
            return Err(Misplaced::Epoch(text).into());
        }
        if let Some((number, chunk)) = filled {
            let stored = chunks.get(chunk_key(&stream_key(id), number).as_slice())?;
            if stored.is_none_or(|stored| stored.value() != chunk) {
                return Err(Misplaced::Index(format!("chunk {number} of the events of {id} is not right")).into());
            }
        }
        Ok(())
    }

    /// Compares the ends of all streams with the table of streams.
    pub(crate) fn compare(&self, streams: &Rows) -> Result<Vec<String>, Fault> {
        let mut wrong = Vec::new();
        for (id, row) in &self.streams {
            match streams.get(stream_key(id).as_slice())? {
                Some(stored) if stored.value() == row.encode() => {}
                Some(_) => wrong.push(format!("the end of {id} is not where its events end")),
                None => wrong.push(format!("{id} has events, and is not among the streams")),
            }
        }
        let listed = redb::ReadableTableMetadata::len(streams)?;
        if listed != self.streams.len() as u64 {
            wrong.push(format!(
                "{listed} streams are listed, and {} have events",
                self.streams.len()
            ));
        }
        Ok(wrong)
    }
}

/// Either the event is misplaced, or the tables cannot be read.
pub(crate) enum Noted {
    /// The event is misplaced.
    Misplaced(Misplaced),
    /// The tables cannot be read.
    Storage(Fault),
}

impl From<Misplaced> for Noted {
    fn from(misplaced: Misplaced) -> Self {
        Self::Misplaced(misplaced)
    }
}

impl From<redb::StorageError> for Noted {
    fn from(error: redb::StorageError) -> Self {
        Self::Storage(error.into())
    }
}
