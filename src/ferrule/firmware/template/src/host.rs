//! A process of this machine; cores are threads.

use core::cell::Cell;
use core::fmt::Arguments;
use std::io::{Read, Write};

thread_local! {
    static INDEX: Cell<usize> = const { Cell::new(0) };
}

/// The port of the machine.
pub const fn chip() -> port::Host {
    port::Host
}

/// The index of the core that calls.
pub fn core_index() -> usize {
    INDEX.get()
}

/// Lets core `core` run `entry`.
#[must_use]
pub fn start(core: usize, entry: fn() -> !) -> bool {
    let run = move || -> () {
        INDEX.set(core);
        entry()
    };
    std::thread::Builder::new().spawn(run).is_ok()
}

/// The size of the team that this run shall have: the last word of the command line.
pub fn team_size() -> usize {
    std::env::args()
        .next_back()
        .and_then(|word| word.parse().ok())
        .unwrap_or(1)
}

/// Prints a line on standard error.
pub fn say(sentence: Arguments<'_>) {
    eprintln!("{sentence}");
}

/// Ends the process with this exit status.
pub fn exit(status: u8) -> ! {
    std::process::exit(i32::from(status))
}

/// A file.
pub struct File(std::fs::File);

impl File {
    /// Opens a file to read it, or to write it anew.
    #[must_use]
    pub fn open(name: &core::ffi::CStr, anew: bool) -> Option<Self> {
        let name = name.to_str().ok()?;
        let file = if anew {
            std::fs::File::create(name)
        } else {
            std::fs::File::open(name)
        };
        file.ok().map(Self)
    }

    /// Fills the buffer; false when the file ends before.
    #[must_use]
    pub fn read(&self, buffer: &mut [u8]) -> bool {
        (&self.0).read_exact(buffer).is_ok()
    }

    /// Writes all bytes; false when the file does not take them.
    #[must_use]
    pub fn write(&self, bytes: &[u8]) -> bool {
        (&self.0).write_all(bytes).is_ok()
    }
}

/// Stacks are not measured here: the operating system has the say.
pub mod stack {
    /// Nothing is painted.
    pub struct Painted;

    /// Paints nothing.
    #[must_use]
    pub fn paint() -> Painted {
        Painted
    }

    impl Painted {
        /// Unknown, so 0.
        #[must_use]
        pub fn depth(&self) -> usize {
            0
        }
    }
}

/// Names the functions that lead and helpers run; helpers are started by the lead.
#[macro_export]
macro_rules! entry {
    ($lead:path, $help:path) => {
        fn main() {
            let entry: fn() -> ! = $lead;
            entry()
        }
    };
}

/// The same as [`entry`], on this machine.
#[macro_export]
macro_rules! bare_entry {
    ($lead:path, $help:path) => {
        $crate::entry!($lead, $help);
    };
}
