//! As much of an answer as goes into one frame: whoever asked asks on from there.

use surefoot_kernel::event::Record;
use surefoot_store::{Entry, EntryPayload};

use super::protocol::Response;
use super::wire_record::WireRecord;

/// Bytes of payload after which a page ends.
const PAGE: usize = 256 << 10;

/// Most records of one page.
const MOST_RECORDS: u32 = 4096;

/// What is asked for at most.
pub(super) fn limited(limit: u32) -> usize {
    limit.min(MOST_RECORDS) as usize
}

/// Counts what goes into a page: at least one.
#[derive(Default)]
struct Room {
    bytes: usize,
}

impl Room {
    fn takes(&mut self, bytes: usize) -> bool {
        let first = self.bytes == 0;
        self.bytes += bytes;
        first || self.bytes <= PAGE
    }
}

/// As many records as fit.
pub(super) fn records(records: &[Record]) -> Response {
    let mut room = Room::default();
    let fits = |record: &WireRecord| room.takes(record.payload.len() + 128);
    Response::Records(records.iter().map(WireRecord::from).take_while(fits).collect())
}

/// As many entries as fit.
pub(super) fn entries(mut all: Vec<Entry>) -> Response {
    let mut room = Room::default();
    let fits = all.iter().take_while(|entry| {
        let payload = match &entry.payload {
            EntryPayload::Here(payload) | EntryPayload::Erased { remains: payload, .. } => payload.len(),
            EntryPayload::Withheld { .. } => 0,
        };
        room.takes(payload + entry.header.len() + 64)
    });
    let fits = fits.count();
    all.truncate(fits);
    Response::Entries(all)
}
