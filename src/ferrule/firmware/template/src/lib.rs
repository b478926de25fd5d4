//! What the programs that test and measure a generated crate share.
//!
//! The same programs run on a board and as a process of this machine. Each is `check`, `bench` or
//! `size` in `bin`; the module `machine` hides where it runs.
#![cfg_attr(target_os = "none", no_std)]

mod bytes;
#[cfg_attr(target_os = "none", path = "board.rs")]
#[cfg_attr(not(target_os = "none"), path = "host.rs")]
pub mod machine;
mod tensors;

pub use machine::{chip, core_index, exit, say, stack, start, team_size, File};
pub use tensors::Tensors;

use model::{assist, Helper, Port, Stopped};

/// Starts the helpers of a team of this size.
pub fn start_helpers(cores: usize, help: fn() -> !) {
    for core in 1..cores {
        if !start(core, help) {
            fail(format_args!("core {core} cannot be started"));
        }
    }
}

/// Opens a file to read it, or to write it anew.
pub fn open(name: &core::ffi::CStr, anew: bool) -> File {
    match File::open(name, anew) {
        Some(file) => file,
        None => fail(format_args!(
            "cannot open the file {}",
            name.to_str().unwrap_or_default()
        )),
    }
}

/// Ends the program where an inference was stopped or a file took no bytes.
pub trait OrFail<T> {
    /// The value, or the end of the program.
    fn or_fail(self) -> T;
}

impl<T> OrFail<T> for Result<T, Stopped> {
    fn or_fail(self) -> T {
        self.unwrap_or_else(|stopped| fail(format_args!("{stopped}")))
    }
}

impl OrFail<()> for bool {
    fn or_fail(self) {
        if !self {
            fail(format_args!("the outputs cannot be written"));
        }
    }
}

impl<T> OrFail<T> for Option<T> {
    fn or_fail(self) -> T {
        match self {
            Some(value) => value,
            None => fail(format_args!("the crate was built for fewer cores")),
        }
    }
}

/// Helps for ever. What stops an inference is the lead's to report.
pub fn help_for_ever<P: Port>(helper: &mut Helper<'_, P>) -> ! {
    loop {
        let _ = assist(helper);
    }
}

/// Ends the program with a sentence.
pub fn fail(sentence: core::fmt::Arguments<'_>) -> ! {
    say(sentence);
    exit(1)
}
