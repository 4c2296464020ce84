//! Where something is done: the machine of the runner, or a host that it reaches.

use std::fmt;

use minicbor::decode::{Decoder, Error as DecodeError};
use minicbor::encode::{Encoder, Error as EncodeError, Write};
use serde::{Deserialize, Serialize};

/// Where a process runs and a file lies. In the log null stands for the machine of the runner, whose name
/// its claim tells, and a text for a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(Option<String>);

impl Place {
    /// The machine of the runner.
    pub const HERE: Self = Self(None);

    /// A host by the name that the runbook gives it.
    #[must_use]
    pub const fn host(name: String) -> Self {
        Self(Some(name))
    }

    /// Whether it is the machine of the runner.
    #[must_use]
    pub const fn is_here(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or("this machine"))
    }
}

impl<C> minicbor::Encode<C> for Place {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, ctx: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.encode_with(&self.0, ctx)?.ok()
    }

    fn is_nil(&self) -> bool {
        self.is_here()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Place {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, DecodeError> {
        Ok(Self(d.decode_with(ctx)?))
    }

    fn nil() -> Option<Self> {
        Some(Self::HERE)
    }
}
