//! Files, arguments and exit of firmware on an emulated board: a debugger or an emulator serves
//! them. Not for products; on a board without a debugger the first call is a fault.
//!
//! Specification: "Semihosting for AArch32 and AArch64", and its RISC-V counterpart.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn, missing_docs)]

mod call;
mod file;

pub use file::{File, Mode};

use call::{call, Operation};

/// Ends the emulation with this exit status.
pub fn exit(status: u8) -> ! {
    const APPLICATION_EXIT: usize = 0x2_0026;
    loop {
        // SAFETY: two words; the emulator does not come back.
        unsafe {
            call(
                Operation::ExitExtended,
                &mut [APPLICATION_EXIT, usize::from(status)],
            )
        };
    }
}

/// The command line that the emulator was given, read into `buffer`; nothing if it is longer.
pub fn command_line(buffer: &mut [u8]) -> &str {
    let mut words = [buffer.as_mut_ptr() as usize, buffer.len()];
    // SAFETY: a buffer of this length that the emulator fills, ending with a zero that it does
    // not count.
    let result = unsafe { call(Operation::GetCommandLine, &mut words) };
    let length = if result == 0 { words[1] } else { 0 };
    buffer
        .get(..length)
        .and_then(|text| core::str::from_utf8(text).ok())
        .unwrap_or_default()
}

/// Standard error, as a place to write to.
#[derive(Clone, Copy, Debug)]
pub struct Console;

impl core::fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for &byte in text.as_bytes() {
            // SAFETY: the parameter is the address of one character.
            unsafe { call(Operation::WriteCharacter, &mut [usize::from(byte)]) };
        }
        Ok(())
    }
}
