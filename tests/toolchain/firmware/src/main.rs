//! Runs a loop of known length on two cores, twice on each, and exits with status 42.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicBool, Ordering};

#[cfg_attr(target_arch = "arm", path = "arm.rs")]
#[cfg_attr(target_arch = "riscv32", path = "riscv32.rs")]
mod machine;

unsafe extern "C" {
    fn counted(loops: u32);
}

static SECOND_DONE: AtomicBool = AtomicBool::new(false);

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let core = machine::core_number();
    if core == 0 {
        machine::start_second();
    }
    for run in 1..3 {
        // SAFETY: the function is the assembly of this program; it uses two registers.
        unsafe { counted(1_000 * run + core) };
    }
    if core == 1 {
        SECOND_DONE.store(true, Ordering::Release);
        loop {
            core::hint::spin_loop();
        }
    }
    while !SECOND_DONE.load(Ordering::Acquire) {
        core::hint::spin_loop();
    }
    machine::exit(42)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    machine::exit(1)
}
