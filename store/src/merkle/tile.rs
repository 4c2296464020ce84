//! Which nodes of the tree are stored.

/// Levels of the tree between two levels that are stored: a tile is the root over 256 leaves
/// or over 256 tiles of the level below.
pub const TILE_LEVELS: u8 = 8;
