//! How far runs of elements reach, without sums that wrap: numbers come from structs that anyone can
//! write.

/// Elements from the beginning of a run to the end of the one `last` runs behind it, or the largest
/// number, which no slice has.
#[inline]
#[must_use]
pub const fn reach(last: usize, step: usize, length: usize) -> usize {
    last.saturating_mul(step).saturating_add(length)
}

#[cfg(test)]
mod tests {
    use super::reach;

    #[test]
    fn what_does_not_fit_is_longer_than_any_slice() {
        assert_eq!(reach(3, 10, 4), 34);
        assert_eq!(reach(2, usize::MAX / 2 + 1, 4), usize::MAX);
        assert_eq!(reach(1, usize::MAX - 1, 4), usize::MAX);
    }
}
