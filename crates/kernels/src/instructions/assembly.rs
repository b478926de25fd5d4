//! How functions in Arm assembly enter an image.
//!
//! The assembler reads all of an image as one text, so what one function asks of it holds for those
//! that follow: the port's, the runtime's and the application's. Functions of this crate leave it
//! able to read whatever the target's core executes.
#![allow(
    unused_macros,
    unused_imports,
    reason = "a crate has kernels for few kinds of cores"
)]

/// Functions for cores without SIMD. They ask for nothing, as every Arm target has their
/// instructions; ARMv6-M has no others, so that its target refuses what some cores would lack.
macro_rules! thumb_functions {
    ($text:literal) => {
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        core::arch::global_asm!(".syntax unified", ".thumb", $text, options(raw));
    };
}

/// Functions for cores with the DSP extension, which the target `thumbv8m.main` lacks where nobody
/// names its core.
///
/// No directive brings back the target's own core, and Rust does not tell which that is. What
/// follows is read for the core of the profile that has the instructions of all others.
macro_rules! dsp_functions {
    ($text:literal) => {
        #[cfg(all(target_arch = "arm", target_os = "none"))]
        core::arch::global_asm!(
            ".syntax unified",
            ".thumb",
            ".cpu cortex-m4",
            $text,
            ".cpu cortex-m85",
            options(raw)
        );
    };
}

pub(in crate::instructions) use {dsp_functions, thumb_functions};
