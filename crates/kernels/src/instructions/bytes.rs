//! Words as bytes.

/// The bytes of a run of words.
#[inline]
#[must_use]
pub fn bytes(words: &mut [u32]) -> &mut [i8] {
    let length = size_of_val(words);
    // SAFETY: the bytes of these words are borrowed with them; bytes need no alignment, and all
    // values are valid for both.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), length) }
}
