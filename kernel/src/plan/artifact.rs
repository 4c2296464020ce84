//! What is deployed itself: named by a digest, and kept somewhere.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The artifact of a release.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseArtifact {
    /// Its digest.
    #[n(0)]
    pub digest: ArtifactDigest,
    /// Where it is kept: a path or a URL.
    #[n(1)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

impl fmt::Display for ReleaseArtifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kept {
            Some(kept) => write!(f, "{} in {kept}", self.digest),
            None => self.digest.fmt(f),
        }
    }
}

/// A digest with its algorithm, as other programs write it: `sha256:` and hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Encode)]
#[cbor(transparent)]
pub struct ArtifactDigest(#[n(0)] String);

/// The text is not `ALGORITHM:HEX`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the digest of an artifact: write its algorithm, a colon and its hex digits, as in `sha256:9f86…`"
)]
pub struct InvalidArtifactDigest(String);

impl ArtifactDigest {
    /// Shortest and longest digest, in hex digits.
    const DIGITS: std::ops::RangeInclusive<usize> = 32..=256;

    /// `sha256:…` as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ArtifactDigest {
    type Err = InvalidArtifactDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fits = text.split_once(':').is_some_and(|(algorithm, digits)| {
            !algorithm.is_empty()
                && algorithm.len() <= 32
                && algorithm.bytes().all(word)
                && Self::DIGITS.contains(&digits.len())
                && digits.len() % 2 == 0
                && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        });
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidArtifactDigest(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for ArtifactDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'b, C> Decode<'b, C> for ArtifactDigest {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        d.str()?
            .parse()
            .map_err(|e: InvalidArtifactDigest| minicbor::decode::Error::message(e).at(at))
    }
}

impl Serialize for ArtifactDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ArtifactDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::ArtifactDigest;

    #[test]
    fn a_digest_names_its_algorithm() {
        let sha = format!("sha256:{}", "0f".repeat(32));
        assert_eq!(sha.parse::<ArtifactDigest>().unwrap().as_str(), sha);
        for bad in [
            "",
            "abc",
            "sha256:",
            ":00",
            "sha256:0F",
            "SHA256:00",
            &format!("{sha}0"),
        ] {
            assert!(bad.parse::<ArtifactDigest>().is_err(), "{bad}");
        }
    }
}
