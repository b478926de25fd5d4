//! The one module of this crate with `unsafe` code: instructions that Rust has no name for, and
//! the inner loops made of them, one file for each instruction set.
//!
//! Every function here is safe to call: it checks lengths once, says what it does in plain Rust
//! (the twin that runs where the instructions do not exist), and gives a reason at each `unsafe`
//! block. Tests hold both equal.

pub mod assembly;
pub mod bytes;
pub mod copy;
pub mod dsp;
pub mod few;
pub mod join;
pub mod lanes;
pub mod mve;
pub mod places;
pub mod reach;
pub mod rv32;
pub mod strided;
pub mod thumb;
