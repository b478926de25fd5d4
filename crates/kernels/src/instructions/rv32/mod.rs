//! Inner loops for RV32IM.

pub mod lanes;
pub mod planes;
pub mod taps;
