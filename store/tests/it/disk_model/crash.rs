//! What a crash leaves: of the writes since the last sync any, in any order, torn between sectors.

use super::disk::{Op, SECTOR};
use super::random::Random;

/// A disk at one moment: what is durable, and what may or may not be.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    durable: Vec<u8>,
    pending: Vec<Op>,
    /// Events that must survive.
    pub(super) floor: u64,
}

/// A disk as it is found again.
pub(super) struct Crash {
    /// What the next process reads.
    pub(super) bytes: Vec<u8>,
    /// What of that is durable.
    pub(super) window: Window,
    /// In what way it crashed, for people.
    pub(super) how: &'static str,
}

impl Window {
    pub(super) fn durable(bytes: Vec<u8>, floor: u64) -> Self {
        Self {
            durable: bytes,
            pending: Vec::new(),
            floor,
        }
    }

    /// Goes on to the moment after `op`.
    pub(super) fn advance(&mut self, op: &Op) {
        match op {
            Op::Write { .. } | Op::SetLen(_) => self.pending.push(op.clone()),
            Op::Sync => {
                let mut all = Image::of(&self.durable);
                self.pending.drain(..).for_each(|op| all.apply(&op, |_| true));
                self.durable = all.finish();
            }
            Op::Floor(events) => self.floor = self.floor.max(*events),
        }
    }

    /// Whether there is only one thing that a crash can leave.
    pub(super) fn is_settled(&self) -> bool {
        self.pending.is_empty()
    }

    pub(super) fn crash(&self, random: &mut Random) -> Crash {
        if self.pending.is_empty() {
            return self.power_cut("nothing was pending", self.durable.clone());
        }
        let (length, mut image) = (self.pending.len(), Image::of(&self.durable));
        let (one, eighths) = (random.below(length), 1 + random.below(7));
        let apply = |image: &mut Image, of: &[usize], keep: &mut dyn FnMut(usize, usize) -> bool| {
            of.iter()
                .for_each(|n| image.apply(&self.pending[*n], |sector| keep(*n, sector)));
        };
        let mut order: Vec<usize> = (0..length).collect();
        let how = match random.below(12) {
            0 => "power cut, all pending lost",
            1 => {
                apply(&mut image, &order, &mut |_, _| true);
                "power cut, nothing lost"
            }
            2 => {
                apply(&mut image, &order, &mut |_, _| true);
                return Crash {
                    bytes: image.finish(),
                    window: self.clone(),
                    how: "process killed",
                };
            }
            3 => {
                apply(&mut image, &order[..=one], &mut |n, _| n < one || random.chance(1, 2));
                "power cut, the newest lost, one torn"
            }
            4 => {
                apply(&mut image, &order, &mut |n, _| n != one);
                "power cut, one lost"
            }
            5 => {
                apply(&mut image, &order[one..=one], &mut |_, _| true);
                "power cut, all lost but one"
            }
            6 => {
                apply(&mut image, &order, &mut |n, _| n != one || random.chance(1, 2));
                "power cut, one torn"
            }
            7 => {
                order.retain(|_| random.chance(eighths, 8));
                apply(&mut image, &order, &mut |_, _| true);
                "power cut, some lost"
            }
            8 => {
                random.shuffle(&mut order);
                order.truncate(1 + random.below(length));
                apply(&mut image, &order, &mut |_, _| true);
                "power cut, reordered, some lost"
            }
            9 => {
                random.shuffle(&mut order);
                apply(&mut image, &order, &mut |_, _| random.chance(eighths, 8));
                "power cut, reordered and torn"
            }
            10 => {
                // The header names the roots of all trees: it comes first, what it names comes late.
                let header = |n: usize| matches!(self.pending[n], Op::Write { at: 0, .. });
                apply(&mut image, &order, &mut |n, _| header(n) || random.chance(eighths, 8));
                "power cut, header written, others torn"
            }
            _ => {
                apply(&mut image, &order, &mut |_, _| random.chance(eighths, 8));
                "power cut, torn"
            }
        };
        self.power_cut(how, image.finish())
    }

    /// The process ends, and the system goes on: nothing is lost, nothing more is durable.
    pub(super) fn killed(&self) -> Crash {
        let mut image = Image::of(&self.durable);
        self.pending.iter().for_each(|op| image.apply(op, |_| true));
        Crash {
            bytes: image.finish(),
            window: self.clone(),
            how: "process ended",
        }
    }

    fn power_cut(&self, how: &'static str, bytes: Vec<u8>) -> Crash {
        Crash {
            window: Self::durable(bytes.clone(), self.floor),
            bytes,
            how,
        }
    }
}

/// A disk in the making. The length of the file is kept apart from its sectors, because a file
/// system may make the one durable without the other.
struct Image {
    bytes: Vec<u8>,
    len: usize,
}

impl Image {
    fn of(durable: &[u8]) -> Self {
        Self {
            bytes: durable.to_vec(),
            len: durable.len(),
        }
    }

    fn apply(&mut self, op: &Op, mut keep: impl FnMut(usize) -> bool) {
        match op {
            Op::Write { at, data } => {
                let end = at + data.len();
                if self.bytes.len() < end {
                    self.bytes.resize(end, 0);
                }
                for (n, sector) in data.chunks(SECTOR).enumerate() {
                    if keep(n) {
                        let from = at + n * SECTOR;
                        self.bytes[from..from + sector.len()].copy_from_slice(sector);
                    }
                }
            }
            Op::SetLen(len) => {
                if keep(0) {
                    // What a shorter file loses does not come back when it grows again.
                    if let Some(cut) = self.bytes.get_mut(*len..).filter(|_| *len < self.len) {
                        cut.fill(0);
                    }
                    self.len = *len;
                }
            }
            Op::Sync | Op::Floor(_) => {}
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.len, 0);
        self.bytes
    }
}
