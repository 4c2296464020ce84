//! Proofs about the log, and the nodes of its tree as they are stored.

use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase};
use surefoot_kernel::id::Seq;
use surefoot_kernel::port::LogError;

use super::fault::{Fault, corrupt, guarded};
use super::redb_log::RedbLog;
use super::table::{EVENTS, MERKLE, decode_tile, tile_key};
use crate::codec::leaf_of;
use crate::merkle::{self, Hash, Nodes, ProofError};

/// The stored nodes in one snapshot: leaves are hashed from the events, the others are tiles.
pub(crate) struct StoredNodes {
    pub(crate) events: ReadOnlyTable<u64, &'static [u8]>,
    pub(crate) merkle: ReadOnlyTable<u64, &'static [u8]>,
}

impl StoredNodes {
    pub(crate) fn open(transaction: &ReadTransaction) -> Result<Self, Fault> {
        Ok(Self {
            events: transaction.open_table(EVENTS)?,
            merkle: transaction.open_table(MERKLE)?,
        })
    }
}

impl Nodes for StoredNodes {
    type Error = Fault;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Fault> {
        if level == 0 {
            let envelope = self.events.get(index)?;
            let envelope = envelope.ok_or_else(|| LogError::Corrupt {
                seq: Some(Seq(index)),
                text: "it is missing".to_owned(),
            })?;
            let leaf = leaf_of(envelope.value());
            return Ok(leaf.map_err(|e| LogError::Corrupt {
                seq: Some(Seq(index)),
                text: e.to_string(),
            })?);
        }
        let tile = self.merkle.get(tile_key(level, index))?;
        let tile =
            tile.ok_or_else(|| corrupt(format!("node {index} of level {level} of the Merkle tree is missing")))?;
        Ok(decode_tile(tile.value())?)
    }
}

impl RedbLog {
    fn proving<T>(
        &self,
        size: u64,
        prove: impl FnOnce(&StoredNodes) -> Result<T, ProofError<Fault>>,
    ) -> Result<T, LogError> {
        guarded(|| {
            let transaction = self.shared.database.begin_read()?;
            let nodes = StoredNodes::open(&transaction)?;
            let stored = redb::ReadableTableMetadata::len(&nodes.events)?;
            if size > stored {
                return Err(LogError::OutOfRange(format!("the log has {stored} events, not {size}")).into());
            }
            prove(&nodes).map_err(|e| match e {
                ProofError::Range(text) => Fault(LogError::OutOfRange(text)),
                ProofError::Node(fault) => fault,
            })
        })
    }

    /// The root that the log had when it had `size` events.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] if it has fewer; else as reading.
    pub fn root_at(&self, size: u64) -> Result<Hash, LogError> {
        self.proving(size, |nodes| merkle::root_at(nodes, size))
    }

    /// The audit path of an event in the log of `size` events; check it with
    /// [`merkle::verify_inclusion`].
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] if the event is not among them; else as reading.
    pub fn inclusion_proof(&self, seq: Seq, size: u64) -> Result<Vec<Hash>, LogError> {
        self.proving(size, |nodes| merkle::inclusion(nodes, seq.0, size))
    }

    /// Proof that the log of `old` events is the beginning of that of `new` events; check it
    /// with [`merkle::verify_consistency`].
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] if the sizes do not fit; else as reading.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, LogError> {
        self.proving(new, |nodes| merkle::consistency(nodes, old, new))
    }
}
