//! An event, told.

use crate::paint::Mood;

/// One event, told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The sentence.
    pub text: String,
    /// How it is to be taken.
    pub mood: Mood,
    /// Whether it moves the story on; a host call, for one, is a detail.
    pub matters: bool,
}
