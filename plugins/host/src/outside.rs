//! What really happens: processes, HTTP requests, files. Everything here is granted already, knows
//! nothing of records, and ends by itself in the time that it is given.

pub(crate) mod files;
pub(crate) mod http;
pub(crate) mod process;

use surefoot_kernel::port::BlobError;

use crate::refusal::Refusal;

/// Runs what blocks on a thread where it may.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(e) => Err(Refusal::new("io", format!("the call was not finished: {e}"))),
    }
}

pub(crate) fn blob_refusal(error: &BlobError) -> Refusal {
    let code = match error {
        BlobError::Missing(_) => "not-found",
        BlobError::TooLarge { .. } => "too-large",
        BlobError::Damaged(..) | BlobError::Full(_) | BlobError::Io(_) => "io",
    };
    Refusal::new(code, error.to_string())
}
