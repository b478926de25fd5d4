//! How far runs of elements reach, without sums that wrap: numbers come from structs that anyone
//! can write.

/// Elements from the beginning of a run to the end of the one `last` runs behind it, or the largest
/// number, which no slice has.
#[inline]
#[must_use]
pub const fn reach(last: usize, step: usize, length: usize) -> usize {
    last.saturating_mul(step).saturating_add(length)
}

/// Elements that `available` has behind the run that is `last` runs behind the first, or nothing if
/// it does not reach that far.
#[inline]
#[must_use]
#[allow(clippy::cast_possible_truncation)] // not more than are available
pub const fn behind(available: usize, last: usize, step: usize, length: usize) -> Option<usize> {
    let end = last as Double * step as Double + length as Double;
    if end <= available as Double {
        Some(available - end as usize)
    } else {
        None
    }
}

/// Has room for a product of two sizes and one more size.
#[cfg(target_pointer_width = "32")]
type Double = u64;
#[cfg(not(target_pointer_width = "32"))]
type Double = u128;

#[cfg(test)]
mod tests {
    use super::{behind, reach};

    #[test]
    fn runs_that_end_inside_leave_what_is_behind_them() {
        assert_eq!(behind(40, 3, 10, 4), Some(6));
        assert_eq!(behind(34, 3, 10, 4), Some(0));
        assert_eq!(behind(33, 3, 10, 4), None);
        assert_eq!(behind(33, 2, usize::MAX / 2 + 1, 4), None);
        assert_eq!(behind(usize::MAX, usize::MAX, usize::MAX, usize::MAX), None);
    }

    #[test]
    fn what_does_not_fit_is_longer_than_any_slice() {
        assert_eq!(reach(3, 10, 4), 34);
        assert_eq!(reach(2, usize::MAX / 2 + 1, 4), usize::MAX);
        assert_eq!(reach(1, usize::MAX - 1, 4), usize::MAX);
    }
}
