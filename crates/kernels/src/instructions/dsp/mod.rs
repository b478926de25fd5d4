//! Inner loops for Arm cores with the DSP extension (Cortex-M4, M7, M33): pairs of 16-bit products.
//!
//! The assembly is for every Arm core that a plan with these kernels is made for; elsewhere, as on
//! the host, the twins run.

pub mod arithmetic;
pub mod dense;
pub mod depthwise;
pub mod gather;
pub mod linear;
pub mod multiply;
pub mod pool;
pub mod taps;
