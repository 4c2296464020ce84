//! Where chance comes from: a seed, or bytes that a property test shrinks.

/// A source of decisions. The same source gives the same history.
pub(crate) trait Choices {
    /// A number below `n`; 0 is the tamest choice.
    fn below(&mut self, n: u32) -> u32;

    /// Whether something happens that happens `of` times in `all`.
    fn chance(&mut self, of: u32, all: u32) -> bool {
        let drawn = self.below(all);
        drawn >= all - of
    }

    /// Nothing more is to be decided.
    fn is_exhausted(&self) -> bool;
}

/// SplitMix64: any seed is a good one.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }
}

impl Choices for Dice {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let high = u32::try_from((z ^ (z >> 31)) >> 32).unwrap();
        u32::try_from((u64::from(high) * u64::from(n)) >> 32).unwrap()
    }

    fn is_exhausted(&self) -> bool {
        false
    }
}

/// Bytes of a generated case; zeros after their end.
pub(crate) struct Bytes<'b> {
    bytes: &'b [u8],
}

impl<'b> Bytes<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }
}

impl Choices for Bytes<'_> {
    fn below(&mut self, n: u32) -> u32 {
        let Some((first, rest)) = self.bytes.split_first() else {
            return 0;
        };
        self.bytes = rest;
        u32::from(*first) * n / 256
    }

    fn is_exhausted(&self) -> bool {
        self.bytes.is_empty()
    }
}
