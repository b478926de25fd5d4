//! The pixels of a tensor as `[batch, height, width]`.

/// The two inner axes of the pixels of an output.
#[derive(Debug)]
pub struct Grid {
    /// Rows.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
}

impl Grid {
    /// Batch, row and column of a pixel.
    #[inline]
    #[must_use]
    pub fn position(&self, pixel: usize) -> (usize, usize, usize) {
        let line = pixel.checked_div(self.width).unwrap_or_default();
        let batch = line.checked_div(self.height).unwrap_or_default();
        (batch, line - batch * self.height, pixel - line * self.width)
    }
}
