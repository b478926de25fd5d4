//! An emulated board.

use core::fmt::{Arguments, Write};
use semihosting::{Console, Mode};

pub use port::{core_index, stack, start};
pub use semihosting::exit;

/// The port of the chip.
pub const fn chip() -> port::Chip {
    port::Chip
}

/// The size of the team that this run shall have: the last word of the command line.
pub fn team_size() -> usize {
    let mut buffer = [0; 64];
    let line = semihosting::command_line(&mut buffer);
    line.split(' ')
        .next_back()
        .and_then(|word| word.parse().ok())
        .unwrap_or(1)
}

/// Prints a line on standard error.
pub fn say(sentence: Arguments<'_>) {
    let _ = writeln!(Console, "{sentence}");
}

/// A file of the machine that runs the emulator.
pub struct File(semihosting::File);

impl File {
    /// Opens a file to read it, or to write it anew.
    #[must_use]
    pub fn open(name: &core::ffi::CStr, anew: bool) -> Option<Self> {
        semihosting::File::open(name, if anew { Mode::Write } else { Mode::Read }).map(Self)
    }

    /// Fills the buffer; false when the file ends before.
    #[must_use]
    pub fn read(&self, buffer: &mut [u8]) -> bool {
        self.0.read(buffer)
    }

    /// Writes all bytes; false when the file does not take them.
    #[must_use]
    pub fn write(&self, bytes: &[u8]) -> bool {
        self.0.write(bytes)
    }
}

/// Ends the emulation where a core met a fault.
pub fn fault() -> ! {
    say(format_args!("core {} met a fault", core_index()));
    exit(3)
}

/// Starts every other core, of which one leads, and is done.
pub fn start_lead() -> ! {
    for core in 1..port::CORES {
        let _ = start(core, start_lead);
    }
    loop {
        core::hint::spin_loop();
    }
}

/// Names the function that this image's core runs: the first on a lead, the second on a helper
/// that has an image of its own.
#[macro_export]
macro_rules! run_after_reset {
    ($lead:path, $help:path) => {
        const _: [fn() -> !; 2] = [$lead, $help];
        #[cfg(not(any(feature = "help", feature = "start")))]
        port::entry!($lead);
        #[cfg(feature = "help")]
        port::entry!($help);
        #[cfg(feature = "start")]
        port::entry!(firmware::machine::start_lead);
    };
}

/// Names the functions that lead and helpers run; faults and panics end the program with a
/// sentence.
#[macro_export]
macro_rules! entry {
    ($lead:path, $help:path) => {
        firmware::run_after_reset!($lead, $help);
        port::on_fault!(firmware::machine::fault);

        #[panic_handler]
        fn panic(panic: &core::panic::PanicInfo<'_>) -> ! {
            firmware::fail(format_args!("{panic}"))
        }
    };
}

/// Names the functions that lead and helpers run, and adds nothing else.
#[macro_export]
macro_rules! bare_entry {
    ($lead:path, $help:path) => {
        firmware::run_after_reset!($lead, $help);

        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            loop {
                core::hint::spin_loop();
            }
        }
    };
}
