//! Inner loops for Arm cores with the vector extension MVE (Cortex-M55): vectors of 16 bytes.
//!
//! The assembly is for every Arm core that a plan with these kernels is made for; elsewhere, as on
//! the host, the twins run.
//!
//! Loops with predicates leave VPR changed, a register that Rust cannot be told of. Their functions
//! are never inlined: a call may change it (AAPCS32), so nobody has anything in it across one.

pub mod add;
pub mod copy;
pub mod few;
pub mod multiply;
pub mod pixels;
pub mod plane;
pub mod pool;
pub mod quads;
pub mod runs;
pub mod stored;
