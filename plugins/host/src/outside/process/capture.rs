//! The output of a process: its beginning and its end, with a bounded middle left out.
//!
//! Around the cut a little more is kept than is shown, so that a secret that lies across the cut
//! is recognised and left out as a whole.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::spool::{Spool, Spooled};
use crate::secrets::Secrets;

/// What was kept of a stream.
#[derive(Debug, Default)]
pub(super) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
    /// Bytes shown of each half.
    half: usize,
    /// Bytes kept beyond that.
    margin: usize,
}

impl Capture {
    /// One that shows `cap` bytes, and recognises secrets of up to `longest` bytes.
    fn new(cap: usize, longest: usize) -> Self {
        Self {
            half: cap / 2,
            // And a UTF-8 character is not cut either.
            margin: longest + 4,
            ..Self::default()
        }
    }

    /// Whether a middle has to be left out when this is added.
    fn is_cut_by(&self, chunk: &[u8]) -> bool {
        self.total + chunk.len() as u64 > 2 * self.half as u64
    }

    fn push(&mut self, mut chunk: &[u8]) {
        self.total += chunk.len() as u64;
        let room = (self.half + self.margin).saturating_sub(self.head.len());
        let (head, rest) = chunk.split_at(room.min(chunk.len()));
        self.head.extend_from_slice(head);
        chunk = rest;
        let keep = self.half + self.margin;
        if let Some(skipped) = chunk.len().checked_sub(keep) {
            self.tail.clear();
            chunk = &chunk[skipped..];
        }
        let excess = (self.tail.len() + chunk.len()).saturating_sub(keep);
        self.tail.drain(..excess);
        self.tail.extend(chunk);
    }

    /// The text without secrets, and whether its middle was left out.
    pub(super) fn text(mut self, secrets: &Secrets) -> (Vec<u8>, bool) {
        let tail = self.tail.make_contiguous();
        let kept = self.head.len() + tail.len();
        if self.total == kept as u64 && kept <= 2 * self.half {
            let mut whole = self.head;
            whole.extend_from_slice(tail);
            let clean = secrets.redact_bytes(&whole);
            return (clean.unwrap_or(whole), false);
        }
        let (head, tail): (Vec<u8>, Vec<u8>) = if self.total == kept as u64 {
            // Nothing is missing yet, but it is more than is shown.
            let whole = [&self.head, &*tail].concat();
            (whole.clone(), whole)
        } else {
            (self.head, tail.to_vec())
        };
        let mut text = secrets.redact_part(&head, 0..self.half);
        let left_out = self.total.saturating_sub(2 * self.half as u64);
        text.extend_from_slice(format!("\n[… {left_out} bytes left out …]\n").as_bytes());
        text.extend(secrets.redact_part(&tail, tail.len().saturating_sub(self.half)..tail.len()));
        (text, true)
    }
}

/// A stream that is being read.
#[derive(Debug, Default)]
struct Stream {
    capture: Capture,
    /// The whole of it, once it is longer than what is shown.
    spool: Option<Spool>,
    /// Where the whole of it goes.
    place: Option<PathBuf>,
}

impl Stream {
    fn push(&mut self, chunk: &[u8], secrets: &Arc<Secrets>) {
        if let Err(error) = self.spool(chunk, secrets) {
            tracing::warn!(%error, "an output is not kept as a whole");
            (self.spool, self.place) = (None, None);
        }
        self.capture.push(chunk);
    }

    fn spool(&mut self, chunk: &[u8], secrets: &Arc<Secrets>) -> io::Result<()> {
        if self.spool.is_none()
            && self.capture.is_cut_by(chunk)
            && let Some(place) = self.place.take()
        {
            let mut spool = Spool::create(&place, secrets)?;
            spool.push(&self.capture.head)?;
            spool.push(self.capture.tail.make_contiguous())?;
            self.spool = Some(spool);
        }
        match &mut self.spool {
            Some(spool) => spool.push(chunk),
            None => Ok(()),
        }
    }
}

/// What is left of a stream in the end.
pub(super) struct Captured {
    /// What is shown of it.
    pub(super) text: Vec<u8>,
    /// Whether its middle is left out there.
    pub(super) cut: bool,
    /// The whole of it, if something was left out and a place for it was given.
    pub(super) whole: Option<Spooled>,
}

/// Reads a stream to its end beside everything else, so that the process never waits for us.
pub(super) struct Reader {
    stream: Arc<Mutex<Stream>>,
    task: Option<JoinHandle<()>>,
}

impl Reader {
    /// Shows `cap` bytes of `pipe`; a stream that is longer goes to the file `place` as a whole.
    pub(super) fn start(
        pipe: Option<impl AsyncRead + Send + Unpin + 'static>,
        cap: usize,
        place: Option<PathBuf>,
        secrets: &Arc<Secrets>,
    ) -> Self {
        let stream = Arc::new(Mutex::new(Stream {
            capture: Capture::new(cap, secrets.longest()),
            spool: None,
            place,
        }));
        let task = pipe.map(|mut pipe| {
            let (stream, secrets) = (Arc::clone(&stream), Arc::clone(secrets));
            tokio::spawn(async move {
                let mut chunk = vec![0; 16 << 10];
                while let Ok(count @ 1..) = pipe.read(&mut chunk).await {
                    let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                    stream.push(&chunk[..count], &secrets);
                }
            })
        });
        Self { stream, task }
    }

    /// What was read until the stream ended, or until `deadline`.
    pub(super) async fn finish(&mut self, deadline: Instant, secrets: &Secrets) -> Captured {
        if let Some(task) = &mut self.task {
            let _ = timeout_at(deadline, task).await;
        }
        let Stream { capture, spool, .. } =
            std::mem::take(&mut *self.stream.lock().unwrap_or_else(PoisonError::into_inner));
        let whole = spool.and_then(|spool| {
            spool
                .finish()
                .inspect_err(|error| tracing::warn!(%error, "an output is not kept as a whole"))
                .ok()
        });
        let (text, cut) = capture.text(secrets);
        Captured { text, cut, whole }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn capture(text: &[u8], half: usize, chunk: usize, secrets: &Secrets) -> (String, bool) {
        let mut capture = Capture::new(2 * half, secrets.longest());
        text.chunks(chunk).for_each(|chunk| capture.push(chunk));
        let (text, cut) = capture.text(secrets);
        (String::from_utf8(text).unwrap(), cut)
    }

    #[test]
    fn head_and_tail_are_kept() {
        let none = Secrets::none();
        for chunk in [1, 2, 3, 7, 100] {
            assert_eq!(
                capture(b"0123456789", 5, chunk, &none),
                ("0123456789".to_owned(), false)
            );
            let expected = "01234\n[… 2 bytes left out …]\n789ab".to_owned();
            assert_eq!(capture(b"0123456789ab", 5, chunk, &none), (expected, true));
            let long = [b'a'; 1000];
            let expected = "aaaaa\n[… 990 bytes left out …]\naaaaa".to_owned();
            assert_eq!(capture(&long, 5, chunk, &none), (expected, true));
        }
    }

    #[test]
    fn a_secret_across_the_cut_is_left_out() {
        let secrets = Secrets::new([("s".to_owned(), "SECRET".to_owned())]).unwrap();
        for chunk in [1, 5, 100] {
            for pad in 0..12 {
                let filler = "x".repeat(200);
                let text = format!("{}SECRET{filler}SECRET{}", "a".repeat(pad), "b".repeat(pad));
                let (shown, cut) = capture(text.as_bytes(), 8, chunk, &secrets);
                assert!(cut);
                for part in ["SEC", "RET"] {
                    assert!(!shown.contains(part), "{pad}: {shown}");
                }
            }
        }
    }

    #[test]
    fn characters_are_not_cut() {
        let (text, cut) = capture("ääääääääää".as_bytes(), 5, 3, &Secrets::none());
        assert!(cut);
        assert!(text.starts_with("äää\n") && text.ends_with("\nää"), "{text}");
    }
}
