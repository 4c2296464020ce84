//! The journal: where effects are recorded while an attempt runs.
//!
//! The intent of a mutating effect is durable before the effect happens; entries keep the order
//! in which they were given.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use surefoot_kernel::effect::{EffectRequest, EffectResult, RecordedEffect};
use surefoot_kernel::id::EffectNo;

/// Nothing more can be recorded: the runner stops, was fenced, or the log is full. The attempt
/// ends at once and leaves no trace of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the journal is closed")]
pub struct JournalClosed;

/// Where an attempt's effects are recorded.
pub trait Journal: Send + Sync {
    /// Records that a mutating effect is about to happen. Returns only when that is durable; the
    /// effect does not happen before, nor if this fails.
    fn intend(&self, effect: EffectNo, request: EffectRequest) -> BoxFuture<'_, Result<(), JournalClosed>>;

    /// Records the result of an intended effect, which took so long up to now. May return before it is
    /// durable, but is recorded before anything that follows.
    fn complete(
        &self,
        effect: EffectNo,
        result: EffectResult,
        took: Duration,
    ) -> BoxFuture<'_, Result<(), JournalClosed>>;

    /// Records a reading effect, or a refused one, with its result; it took so long up to now. May return
    /// before it is durable.
    fn read(
        &self,
        effect: EffectNo,
        request: EffectRequest,
        result: EffectResult,
        took: Duration,
    ) -> BoxFuture<'_, Result<(), JournalClosed>>;

    /// A call was not granted. Its refusal is recorded besides, like any other answer.
    fn denied(&self, call: &str, text: &str);

    /// A line for the person who watches, and how much of the operation is done, from 0 to 1.
    fn progress(&self, message: &str, fraction: Option<f64>);
}

/// What a [`MemoryJournal`] was told, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum JournalEntry {
    /// See [`Journal::intend`].
    Intended(EffectNo, EffectRequest),
    /// See [`Journal::complete`].
    Completed(EffectNo, EffectResult),
    /// See [`Journal::read`].
    Read(EffectNo, EffectRequest, EffectResult),
    /// See [`Journal::denied`].
    Denied(String, String),
    /// See [`Journal::progress`].
    Progress(String, Option<f64>),
}

/// The in-memory twin of a journal: remembers everything, and can be closed after a number of
/// entries, as a crash would.
#[derive(Debug)]
pub struct MemoryJournal {
    entries: Mutex<Vec<JournalEntry>>,
    capacity: usize,
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self::closing_after(usize::MAX)
    }
}

impl MemoryJournal {
    /// A journal that accepts `capacity` intents, results and reads, and is closed then.
    #[must_use]
    pub fn closing_after(capacity: usize) -> Self {
        Self {
            entries: Mutex::default(),
            capacity,
        }
    }

    /// Everything so far.
    #[must_use]
    pub fn entries(&self) -> Vec<JournalEntry> {
        self.lock().clone()
    }

    /// The effects as a re-execution is fed with them.
    #[must_use]
    pub fn record(&self) -> Vec<RecordedEffect> {
        let mut record: Vec<RecordedEffect> = Vec::new();
        for entry in self.entries() {
            match entry {
                JournalEntry::Intended(effect, request) => record.push(RecordedEffect {
                    effect,
                    request,
                    result: None,
                }),
                JournalEntry::Read(effect, request, result) => record.push(RecordedEffect {
                    effect,
                    request,
                    result: Some(result),
                }),
                JournalEntry::Completed(effect, result) => {
                    if let Some(intended) = record.iter_mut().find(|entry| entry.effect == effect) {
                        intended.result = Some(result);
                    }
                }
                JournalEntry::Denied(..) | JournalEntry::Progress(..) => {}
            }
        }
        record
    }

    fn lock(&self) -> MutexGuard<'_, Vec<JournalEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, entry: JournalEntry) -> BoxFuture<'_, Result<(), JournalClosed>> {
        let mut entries = self.lock();
        let recorded = entries
            .iter()
            .filter(|entry| !matches!(entry, JournalEntry::Denied(..) | JournalEntry::Progress(..)))
            .count();
        let accepted = if recorded < self.capacity {
            entries.push(entry);
            Ok(())
        } else {
            Err(JournalClosed)
        };
        Box::pin(std::future::ready(accepted))
    }
}

impl Journal for MemoryJournal {
    fn intend(&self, effect: EffectNo, request: EffectRequest) -> BoxFuture<'_, Result<(), JournalClosed>> {
        self.push(JournalEntry::Intended(effect, request))
    }

    fn complete(
        &self,
        effect: EffectNo,
        result: EffectResult,
        _took: Duration,
    ) -> BoxFuture<'_, Result<(), JournalClosed>> {
        self.push(JournalEntry::Completed(effect, result))
    }

    fn read(
        &self,
        effect: EffectNo,
        request: EffectRequest,
        result: EffectResult,
        _took: Duration,
    ) -> BoxFuture<'_, Result<(), JournalClosed>> {
        self.push(JournalEntry::Read(effect, request, result))
    }

    fn denied(&self, call: &str, text: &str) {
        self.lock().push(JournalEntry::Denied(call.to_owned(), text.to_owned()));
    }

    fn progress(&self, message: &str, fraction: Option<f64>) {
        self.lock().push(JournalEntry::Progress(message.to_owned(), fraction));
    }
}
