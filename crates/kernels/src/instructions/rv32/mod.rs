//! Inner loops for RV32IM.

pub mod lanes;
#[cfg(target_arch = "riscv32")]
pub mod linear;
pub mod planes;
pub mod rows;
pub mod stored;
pub mod taps;
