//! The one instruction sequence.

use core::arch::asm;

/// What is asked of the emulator.
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum Operation {
    Open = 0x01,
    Close = 0x02,
    WriteCharacter = 0x03,
    Write = 0x05,
    Read = 0x06,
    Length = 0x0C,
    GetCommandLine = 0x15,
    ExitExtended = 0x20,
}

/// Asks the emulator; `words` holds the operation's parameters and may be changed.
///
/// # Safety
///
/// `words` is what the specification asks for, and each address in it is that of memory which may
/// be read or written as the operation does.
pub unsafe fn call(operation: Operation, words: &mut [usize]) -> isize {
    let result: isize;
    // SAFETY: by the caller's promise. Arm: the emulator sees this breakpoint's number.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!(
            "bkpt #0xAB",
            inlateout("r0") operation as usize => result,
            in("r1") words.as_mut_ptr(),
            options(nostack, preserves_flags),
        );
    }
    // SAFETY: by the caller's promise. RISC-V: the emulator looks for exactly these three, whole
    // and on one page.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!(
            ".option push",
            ".option norvc",
            ".balign 16",
            "slli zero, zero, 0x1f",
            "ebreak",
            "srai zero, zero, 7",
            ".option pop",
            inlateout("a0") operation as usize => result,
            in("a1") words.as_mut_ptr(),
            options(nostack, preserves_flags),
        );
    }
    result
}
