//! Inner loops for Arm cores without SIMD, in the instructions that all of them have.

pub mod few;
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod join;
pub mod lanes;
#[cfg(all(target_arch = "arm", target_os = "none", not(target_has_atomic = "32")))]
pub mod linear;
pub mod lines;
pub mod plane;
pub mod rows;
pub mod taps;
pub mod widen;
