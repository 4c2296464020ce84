//! What an event keeps beside the log: blobs that its payload names and that nothing else needs.
//!
//! A file that was read, the whole output of a program, the runbook itself: the payload has their digest, and the
//! secret is in them. A blob that another event names is left alone, because a backup or a replay may need it.

use std::collections::BTreeMap;

use surefoot_kernel::digest::Digest;
use surefoot_kernel::event::{Annotation, DeploymentEvent, Event, Record};
use surefoot_kernel::id::Seq;
use surefoot_kernel::plan::Plan;
use surefoot_kernel::port::{EventLog, LogError};

/// Events that are read at once.
const PAGE: usize = 1024;

/// The blobs that only `record` names and that what remains of it does not: each with the first other event that
/// needs it, if one does.
pub(super) fn kept(record: &Record, log: &dyn EventLog) -> Result<BTreeMap<Digest, Option<Seq>>, LogError> {
    let remaining = digests(&record.event.remains());
    let mut found: BTreeMap<_, _> = digests(&record.event)
        .into_iter()
        .filter(|digest| !remaining.contains(digest))
        .chain(runbook(&record.event))
        .map(|digest| (digest, None))
        .collect();
    let mut next = Seq(0);
    while !found.is_empty() {
        let page = log.read(next, PAGE)?;
        let Some(last) = page.last() else { break };
        next = last.seq.next();
        for other in page.iter().filter(|other| other.seq != record.seq) {
            // What remains of a payload is looked at where it stands in its place.
            if matches!(other.event, Event::Annotation(Annotation::PayloadErased(_))) {
                continue;
            }
            // The runbook of a plan that is erased is not needed by what remains of it.
            let own = other.erased.and_then(|_| runbook(&other.event));
            for digest in digests(&other.event).into_iter().filter(|digest| Some(*digest) != own) {
                if let Some(needed @ None) = found.get_mut(&digest) {
                    *needed = Some(other.seq);
                }
            }
        }
    }
    Ok(found)
}

fn runbook(event: &Event) -> Option<Digest> {
    match event {
        Event::Deployment(DeploymentEvent::DeploymentCreated(created)) => {
            Plan::read(&created.plan).ok().map(|plan| plan.runbook)
        }
        Event::Deployment(_) | Event::Environment(_) | Event::Annotation(_) | Event::Unknown(_) => None,
    }
}

/// Every digest that stands in the payload as text or as bytes of its own.
fn digests(event: &Event) -> Vec<Digest> {
    const MARK: &[u8] = b"blake3:";
    const TEXT: usize = MARK.len() + 64;
    /// A byte string of 32 bytes.
    const BYTES: [u8; 2] = [0x58, 32];
    let payload = event.encode();
    let as_text = payload.windows(TEXT).filter(|part| part.starts_with(MARK));
    let as_text = as_text.filter_map(|part| std::str::from_utf8(part).ok()?.parse().ok());
    let as_bytes = payload
        .windows(BYTES.len() + 32)
        .filter(|part| part.starts_with(&BYTES));
    let as_bytes = as_bytes.filter_map(|part| part.last_chunk().copied().map(Digest::from_bytes));
    as_text.chain(as_bytes).collect()
}
