//! A mean by a reciprocal is the mean by a division.

use kernels::average_pool2d::mean;
use kernels::average_pool2d_quads::Mean;

#[test]
fn every_sum_of_as_many_values_as_fit() {
    for count in 0..=Mean::MOST {
        let quick = Mean::of(count);
        let most = i32::try_from(128 * count).unwrap();
        for sum in -most..=most {
            assert_eq!(quick.apply(sum), mean(sum, count), "{sum} / {count}");
        }
    }
}

/// One more value, and the reciprocal is too coarse for the largest sum.
#[test]
fn the_bound_is_the_least() {
    let most = u64::try_from(Mean::MOST).unwrap();
    let fits = |count: u64| 257 * count * count < 2 << 24;
    assert!(fits(most) && !fits(most + 1));
}
