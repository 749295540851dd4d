//! Headers: what every object says of itself, read without building it.
