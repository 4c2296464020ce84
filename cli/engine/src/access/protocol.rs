//! What is said on the local sockets, between processes of the same version.

use minicbor::{Decode, Encode};
use surefoot_desk::{Claims, Decision};
use surefoot_kernel::id::{DeploymentId, Epoch, Seq, StreamId, StreamVersion};
use surefoot_kernel::port::{LogHead, StreamHead};
use surefoot_store::Entry;

use super::wire_append::WireAppend;
use super::wire_error::WireError;
use super::wire_record::WireRecord;

/// A question, or a wish.
#[derive(Debug, Encode, Decode)]
pub(crate) enum Request {
    /// The end of the log.
    #[n(0)]
    Head,
    /// The end of one stream.
    #[n(1)]
    StreamHead(#[n(0)] StreamId),
    /// All streams.
    #[n(2)]
    Streams,
    /// Events from a seq on, at most so many.
    #[n(3)]
    Read(#[n(0)] Seq, #[n(1)] u32),
    /// Events of a stream after a version, at most so many.
    #[n(4)]
    ReadStream(#[n(0)] StreamId, #[n(1)] StreamVersion, #[n(2)] u32),
    /// As `Read`, to the byte.
    #[n(5)]
    Entries(#[n(0)] Seq, #[n(1)] u32),
    /// As `ReadStream`, to the byte.
    #[n(6)]
    StreamEntries(#[n(0)] StreamId, #[n(1)] StreamVersion, #[n(2)] u32),
    /// Answer when the log has more events than that, or so many milliseconds have passed.
    #[n(7)]
    WaitPast(#[n(0)] u64, #[n(1)] u32),
    /// Make these events durable.
    #[n(8)]
    Append(#[n(0)] WireAppend),
    /// Record a decision about a deployment that nobody runs.
    #[n(9)]
    Record(#[n(0)] DeploymentId, #[n(1)] Claims, #[n(2)] Decision),
    /// Have the runner of a deployment decide.
    #[n(10)]
    Decide(#[n(0)] DeploymentId, #[n(1)] Claims, #[n(2)] Decision),
}

/// Its answer.
#[derive(Debug, Encode, Decode)]
pub(crate) enum Response {
    #[n(0)]
    Head(#[n(0)] u64, #[cbor(n(1), with = "minicbor::bytes")] [u8; 32]),
    #[n(1)]
    StreamHead(#[n(0)] StreamVersion, #[n(1)] Epoch),
    #[n(2)]
    Streams(#[n(0)] Vec<StreamEnd>),
    #[n(3)]
    Records(#[n(0)] Vec<WireRecord>),
    #[n(4)]
    Entries(#[n(0)] Vec<Entry>),
    /// It is durable.
    #[n(5)]
    Done,
    /// It does not fit; why, in a sentence.
    #[n(6)]
    Rejected(#[n(0)] String),
    /// The log said no.
    #[n(7)]
    Failed(#[n(0)] WireError),
    /// This process does not have what was asked for, or not any more: ask anew who has.
    #[n(8)]
    NotHere,
    /// The append is durable, and this is the seq of its first event.
    #[n(9)]
    Appended(#[n(0)] Seq),
    /// A process runs the deployment: it has to be asked.
    #[n(10)]
    Running,
}

/// A stream with its end.
#[derive(Debug, Encode, Decode)]
pub(crate) struct StreamEnd {
    #[n(0)]
    pub(crate) stream: StreamId,
    #[n(1)]
    pub(crate) version: StreamVersion,
    #[n(2)]
    pub(crate) epoch: Epoch,
}

impl From<LogHead> for Response {
    fn from(head: LogHead) -> Self {
        Self::Head(head.size, head.root)
    }
}

impl From<StreamHead> for Response {
    fn from(head: StreamHead) -> Self {
        Self::StreamHead(head.version, head.epoch)
    }
}

/// CBOR of a message. Writing into memory cannot fail.
pub(crate) fn encode<T: Encode<()>>(message: &T) -> Vec<u8> {
    minicbor::to_vec(message).unwrap_or_default()
}

/// The message in a frame.
pub(crate) fn decode<T: for<'b> Decode<'b, ()>>(frame: &[u8]) -> std::io::Result<T> {
    minicbor::decode(frame).map_err(|e| {
        let text = format!("the other process speaks another version of the protocol: {e}");
        std::io::Error::new(std::io::ErrorKind::InvalidData, text)
    })
}
