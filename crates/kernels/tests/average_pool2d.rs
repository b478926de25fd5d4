//! A mean by a reciprocal is the mean by a division.

use kernels::average_pool2d::mean;
use kernels::instructions::mve::pool::Reciprocal;
use kernels::mean::Mean;

#[test]
fn every_sum_of_as_many_values_as_fit() {
    for count in 0..=Mean::MOST {
        let quick = Mean::of(count);
        let each = i32::try_from(count).unwrap();
        for sum in -128 * each..=127 * each {
            assert_eq!(
                i32::from(quick.apply(sum)),
                mean(sum, count),
                "{sum} / {count}"
            );
        }
    }
}

/// Of what `Mean` is proved by; that of ten more values is the first that is wrong somewhere.
#[test]
fn the_bound_is_that_of_the_proof() {
    let most = u64::try_from(Mean::MOST).unwrap();
    let fits = |count: u64| 128 * count * count < 1 << 24;
    assert!(fits(most) && !fits(most + 1));
    assert_ne!(i32::from(Mean::of(372).apply(-47_429)), mean(-47_429, 372));
}

#[test]
fn every_sum_of_as_many_values_as_fit_16_bits() {
    for count in 1..=256 {
        let quick = Reciprocal::of(count);
        let each = i32::try_from(count).unwrap();
        for sum in -128 * each..=127 * each {
            assert_eq!(
                i32::from(quick.apply(sum)),
                mean(sum, count),
                "{sum} / {count}"
            );
        }
    }
}
