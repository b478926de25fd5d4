//! Files of the machine that runs the emulator.

use crate::call::{call, Operation};

/// How a file is opened.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub enum Mode {
    /// To read its bytes.
    Read = 1,
    /// To write it anew.
    Write = 5,
}

/// An open file. It is closed when it goes out of scope.
#[derive(Debug)]
pub struct File {
    handle: usize,
}

impl File {
    /// Opens the file with this name, relative to the emulator's folder.
    #[must_use]
    pub fn open(name: &core::ffi::CStr, mode: Mode) -> Option<Self> {
        let mut words = [name.as_ptr() as usize, mode as usize, name.count_bytes()];
        // SAFETY: a text that ends with a zero, a mode, and the text's length without the zero.
        let handle = unsafe { call(Operation::Open, &mut words) };
        usize::try_from(handle).ok().map(|handle| Self { handle })
    }

    /// The file's length in bytes.
    #[must_use]
    pub fn length(&self) -> Option<usize> {
        // SAFETY: a handle.
        let length = unsafe { call(Operation::Length, &mut [self.handle]) };
        usize::try_from(length).ok()
    }

    /// Fills the buffer; false when the file ends before.
    #[must_use]
    pub fn read(&self, mut buffer: &mut [u8]) -> bool {
        while !buffer.is_empty() {
            let mut words = [self.handle, buffer.as_mut_ptr() as usize, buffer.len()];
            // SAFETY: a handle and a buffer of this length to be filled.
            let missing = unsafe { call(Operation::Read, &mut words) };
            let read = usize::try_from(missing)
                .ok()
                .and_then(|n| buffer.len().checked_sub(n));
            match read {
                Some(read @ 1..) => buffer = &mut buffer[read..],
                _ => return false,
            }
        }
        true
    }

    /// Writes all bytes; false when the file does not take them.
    #[must_use]
    pub fn write(&self, bytes: &[u8]) -> bool {
        if bytes.is_empty() {
            return true;
        }
        let mut words = [self.handle, bytes.as_ptr() as usize, bytes.len()];
        // SAFETY: a handle and bytes of this length.
        unsafe { call(Operation::Write, &mut words) == 0 }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: a handle, which nobody uses again.
        unsafe { call(Operation::Close, &mut [self.handle]) };
    }
}
