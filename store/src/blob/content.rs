//! A blob's content on its way into a file and out of it, in constant memory.
//!
//! Whatever comes out has been hashed; the caller compares before it believes.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, SeekFrom, Write};
use std::path::Path;

use surefoot_kernel::digest::Digest;
use surefoot_kernel::port::{BlobError, BlobInfo};

use super::header;
use crate::disk::is_full;

const LEVEL: i32 = 3;
const CHUNK: usize = 128 << 10;

/// Largest window that a reader takes: 8 MiB. The writer's level needs 2 MiB.
const WINDOW_LOG: u32 = 23;

pub(crate) fn io_error(what: &str, path: &Path, error: &io::Error) -> BlobError {
    let text = format!("{what} {}: {error}", path.display());
    if is_full(error) {
        BlobError::Full(text)
    } else {
        BlobError::Io(text)
    }
}

/// Compresses `content` into `file` behind its header, hashing it, and syncs the file.
pub(crate) fn store(mut content: impl Read, file: File) -> io::Result<BlobInfo> {
    let mut out = BufWriter::with_capacity(CHUNK, file);
    out.write_all(&header::write(0))?;
    let mut encoder = zstd::stream::write::Encoder::new(out, LEVEL)?;
    let (mut hasher, mut size) = (blake3::Hasher::new(), 0_u64);
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = match content.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        let Some(part) = chunk.get(..length) else { break };
        hasher.update(part);
        encoder.write_all(part)?;
        size += length as u64;
    }
    let mut file = encoder.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header::write(size))?;
    file.sync_all()?;
    Ok(BlobInfo {
        digest: Digest::from_bytes(*hasher.finalize().as_bytes()),
        size,
    })
}

/// A stored blob, opened, its header read.
pub(crate) struct Stored {
    file: File,
    digest: Digest,
    /// What the header tells.
    pub(crate) size: u64,
}

impl Stored {
    pub(crate) fn open(path: &Path, digest: Digest) -> Result<Self, BlobError> {
        let mut file = File::open(path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => BlobError::Missing(digest),
            _ => io_error("cannot open", path, &e),
        })?;
        let mut bytes = [0; header::LENGTH];
        file.read_exact(&mut bytes).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => BlobError::Damaged(digest, "it is shorter than its header".to_owned()),
            _ => io_error("cannot read", path, &e),
        })?;
        let size = header::read(bytes, digest)?;
        Ok(Self { file, digest, size })
    }

    /// Writes the content to `out`. Only if this returns without error was it the right content.
    pub(crate) fn copy_to(self, out: &mut impl Write, out_path: &Path) -> Result<BlobInfo, BlobError> {
        let Self { file, digest, size } = self;
        let damaged = |text: String| BlobError::Damaged(digest, text);
        let cannot_read = |e: io::Error| damaged(format!("it cannot be unpacked: {e}"));
        let mut decoder = zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(CHUNK, file))
            .map_err(cannot_read)?
            .single_frame();
        decoder.window_log_max(WINDOW_LOG).map_err(cannot_read)?;
        let (mut hasher, mut found) = (blake3::Hasher::new(), 0_u64);
        let mut chunk = vec![0; CHUNK];
        loop {
            let length = decoder.read(&mut chunk).map_err(cannot_read)?;
            let Some(part) = chunk.get(..length).filter(|part| !part.is_empty()) else {
                break;
            };
            found += length as u64;
            if found > size {
                return Err(damaged(format!(
                    "it has more than the {size} bytes that its header tells"
                )));
            }
            hasher.update(part);
            out.write_all(part)
                .map_err(|e| io_error("cannot write", out_path, &e))?;
        }
        if found != size {
            return Err(damaged(format!("it has {found} of {size} bytes")));
        }
        if decoder.finish().read(&mut [0; 1]).map_err(cannot_read)? != 0 {
            return Err(damaged("its file goes on after its end".to_owned()));
        }
        let actual = Digest::from_bytes(*hasher.finalize().as_bytes());
        if actual != digest {
            return Err(damaged(format!("its content has the digest {actual}")));
        }
        Ok(BlobInfo { digest, size })
    }
}
