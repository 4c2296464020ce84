//! A disk in memory that writes down what was asked of it, and can fail at a chosen operation.
//!
//! What it reads back is the page cache: everything written, durable or not. What a crash leaves
//! of that is made from the trace, in [`super::crash`].

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use surefoot_store::StorageBackend;

/// What a disk writes whole or not at all.
pub(super) const SECTOR: usize = 512;

/// One thing that happened, in order.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// Whole sectors, as they stood in the page cache after the write.
    Write {
        at: usize,
        data: Arc<[u8]>,
    },
    SetLen(usize),
    Sync,
    /// From here on, the log has at least that many events: they were acknowledged, or shown by an opened log.
    Floor(u64),
}

/// An operation that fails, counted from 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) error: io::ErrorKind,
    /// Whether reads count and fail, too.
    pub(super) reads: bool,
    /// Whether only this operation fails, or all from it on.
    pub(super) once: bool,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    trace: Vec<Op>,
    reads: usize,
    changes: usize,
    fault: Option<Fault>,
    lies: bool,
}

impl State {
    fn turn(&mut self, reading: bool) -> io::Result<()> {
        let (all, changes) = (self.reads + self.changes, self.changes);
        if reading {
            self.reads += 1;
        } else {
            self.changes += 1;
        }
        match self.fault {
            Some(fault) if fault.reads || !reading => {
                let now = if fault.reads { all } else { changes };
                if now == fault.at || now > fault.at && !fault.once {
                    return Err(fault.error.into());
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub(super) fn with(bytes: Vec<u8>) -> Self {
        let disk = Self::default();
        disk.state().bytes = bytes;
        disk
    }

    /// An empty disk that answers to each sync, and makes nothing durable.
    pub(super) fn lying() -> Self {
        let disk = Self::default();
        disk.state().lies = true;
        disk
    }

    /// Counts operations from here, and fails at the chosen one.
    pub(super) fn fail(&self, fault: Option<Fault>) {
        let mut state = self.state();
        (state.reads, state.changes, state.fault) = (0, 0, fault);
    }

    /// Operations since [`Self::fail`]: all, and without reads.
    pub(super) fn operations(&self) -> (usize, usize) {
        let state = self.state();
        (state.reads + state.changes, state.changes)
    }

    pub(super) fn floor(&self, events: u64) {
        self.state().trace.push(Op::Floor(events));
    }

    pub(super) fn syncs(&self) -> usize {
        self.state().trace.iter().filter(|op| matches!(op, Op::Sync)).count()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    pub(super) fn take_trace(&self) -> Vec<Op> {
        std::mem::take(&mut self.state().trace)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.state();
        state.turn(true)?;
        let at = offset as usize;
        let found = state.bytes.get(at..at + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.state();
        state.turn(false)?;
        state.bytes.resize(len as usize, 0);
        state.trace.push(Op::SetLen(len as usize));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.state();
        state.turn(false)?;
        if !state.lies {
            state.trace.push(Op::Sync);
        }
        Ok(())
    }

    /// A write that fails has still written the first half of its sectors.
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let result = state.turn(false);
        let data = match &result {
            Ok(()) => data,
            Err(_) => &data[..data.len() / 2 / SECTOR * SECTOR],
        };
        let (at, end) = (offset as usize, offset as usize + data.len());
        if state.bytes.len() < end {
            state.bytes.resize(end, 0);
            state.trace.push(Op::SetLen(end));
        }
        state.bytes[at..end].copy_from_slice(data);
        let at = at / SECTOR * SECTOR;
        let end = end.next_multiple_of(SECTOR).min(state.bytes.len());
        let data = Arc::from(&state.bytes[at..end]);
        state.trace.push(Op::Write { at, data });
        result
    }
}
