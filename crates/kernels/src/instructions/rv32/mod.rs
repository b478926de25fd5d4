//! Inner loops for RV32IM.

/// Brings a sum to `[0, span]` and adds the smallest stored value: one comparison without a sign
/// for nearly all sums.
#[cfg(target_arch = "riscv32")]
#[rustfmt::skip]
macro_rules! clamp {
    ($sum:expr, $span:literal, $low:literal) => {
        concat!(
            "bgeu ", $span, ", ", $sum, ", 30f\n",
            "srai ", $sum, ", ", $sum, ", 31\n",
            "not ", $sum, ", ", $sum, "\n",
            "and ", $sum, ", ", $sum, ", ", $span, "\n",
            "30: add ", $sum, ", ", $sum, ", ", $low, "\n",
        )
    };
}

pub mod few;
pub mod lanes;
#[cfg(target_arch = "riscv32")]
pub mod linear;
pub mod planes;
pub mod rows;
pub mod stored;
pub mod taps;
