//! The whole of an output that is too long to be handed to a plugin: on its way to a blob, in a file
//! beside the announcements of running processes. Secrets are left out before anything is written.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::secrets::{REDACTED, Secrets};

/// Most bytes of one stream that are kept.
const MOST: u64 = 1 << 30;

/// A file that goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Spooled(PathBuf);

impl Spooled {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::debug!(file = %self.0.display(), %error, "a spooled output cannot be removed");
        }
    }
}

/// A stream on its way into its file.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufWriter<File>,
    spooled: Spooled,
    secrets: Arc<Secrets>,
    /// What may be the beginning of a secret.
    held: Vec<u8>,
    room: u64,
}

impl Spool {
    pub(super) fn create(path: &Path, secrets: &Arc<Secrets>) -> io::Result<Self> {
        let file = File::options().write(true).create(true).truncate(true).open(path)?;
        Ok(Self {
            file: BufWriter::new(file),
            spooled: Spooled(path.to_owned()),
            secrets: Arc::clone(secrets),
            held: Vec::new(),
            room: MOST,
        })
    }

    pub(super) fn push(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(chunk);
        // A secret that begins before this is here to its end.
        let settled = self.held.len().saturating_sub(self.secrets.longest().saturating_sub(1));
        self.write(settled)
    }

    /// The finished file.
    pub(super) fn finish(mut self) -> io::Result<Spooled> {
        self.write(self.held.len())?;
        self.file.flush()?;
        Ok(self.spooled)
    }

    /// Writes what begins before `settled`.
    fn write(&mut self, settled: usize) -> io::Result<()> {
        let mut at = 0;
        for secret in self.secrets.find(&self.held) {
            if secret.start >= settled {
                break;
            }
            put(
                &mut self.file,
                &mut self.room,
                self.held.get(at..secret.start).unwrap_or_default(),
            )?;
            put(&mut self.file, &mut self.room, REDACTED.as_bytes())?;
            at = secret.end;
        }
        let end = settled.max(at);
        put(
            &mut self.file,
            &mut self.room,
            self.held.get(at..end).unwrap_or_default(),
        )?;
        self.held.drain(..end);
        Ok(())
    }
}

fn put(file: &mut BufWriter<File>, room: &mut u64, bytes: &[u8]) -> io::Result<()> {
    *room = room
        .checked_sub(bytes.len() as u64)
        .ok_or_else(|| io::Error::other(format!("the output is over {MOST} bytes long")))?;
    file.write_all(bytes)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn everything_is_kept_but_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let secrets = Arc::new(Secrets::new([("s".to_owned(), "SECRET".to_owned())]).unwrap());
        let text = format!("{}SECRETSECRET and SECRE and {}SECRET", "a".repeat(20), "b".repeat(20));
        for chunk in [1, 2, 5, 7, 1000] {
            let mut spool = Spool::create(&path, &secrets).unwrap();
            text.as_bytes()
                .chunks(chunk)
                .for_each(|chunk| spool.push(chunk).unwrap());
            let spooled = spool.finish().unwrap();
            let kept = std::fs::read_to_string(spooled.path()).unwrap();
            assert_eq!(kept, text.replace("SECRET", REDACTED), "{chunk}");
            drop(spooled);
            assert!(!path.exists());
        }
    }
}
