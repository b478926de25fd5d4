//! Tensors as bytes of a file, little-endian.

use crate::File;

/// Bytes that are converted at once.
const CHUNK: usize = 256;

/// A number of a tensor.
pub trait Number: Copy {
    /// Its bytes in a file.
    type Bytes: AsRef<[u8]>;
    /// The number that these bytes are; there are as many as it has.
    fn from_bytes(bytes: &[u8]) -> Self;
    /// The bytes of the number.
    fn bytes(self) -> Self::Bytes;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Number for $number {
            type Bytes = [u8; size_of::<$number>()];
            fn from_bytes(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().unwrap_or_default())
            }
            fn bytes(self) -> Self::Bytes {
                self.to_le_bytes()
            }
        }
    )*};
}

numbers!(i8, u8, i16, i32, f32);

/// Fills a tensor from a file; false when the file ends before.
#[inline(never)] // or the caller's frame may hold a buffer for each of its tensors
pub fn read<T: Number>(file: &File, tensor: &mut [T]) -> bool {
    let mut buffer = [0; CHUNK];
    for part in tensor.chunks_mut(CHUNK / size_of::<T>()) {
        let bytes = &mut buffer[..size_of_val(part)];
        if !file.read(bytes) {
            return false;
        }
        for (number, bytes) in part.iter_mut().zip(bytes.chunks_exact(size_of::<T>())) {
            *number = T::from_bytes(bytes);
        }
    }
    true
}

/// Appends a tensor to a file.
#[inline(never)] // as `read`
pub fn write<T: Number>(file: &File, tensor: &[T]) -> bool {
    let mut buffer = [0; CHUNK];
    tensor.chunks(CHUNK / size_of::<T>()).all(|part| {
        let bytes = &mut buffer[..size_of_val(part)];
        for (bytes, number) in bytes.chunks_exact_mut(size_of::<T>()).zip(part) {
            bytes.copy_from_slice(number.bytes().as_ref());
        }
        file.write(bytes)
    })
}
