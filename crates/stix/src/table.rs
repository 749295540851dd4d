//! Tables: indicators from CSV.
