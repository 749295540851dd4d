//! placeholder
/// House reason: the data are not held.
pub const NOT_HELD: &str = "house.not_held";
/// House reason: the data cannot be decrypted by the provider.
pub const CANNOT_DECRYPT: &str = "house.cannot_decrypt";
