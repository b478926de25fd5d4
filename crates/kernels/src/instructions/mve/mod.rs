//! Inner loops for Arm cores with the vector extension MVE (Cortex-M55): vectors of 16 bytes.
//!
//! The assembly is for every Arm core that a plan with these kernels is made for; elsewhere, as on
//! the host, the twins run.

pub mod add;
pub mod copy;
pub mod multiply;
pub mod plane;
pub mod stored;
