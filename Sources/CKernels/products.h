// Small matrix products inside of kernels, of windows that lie near the processor.
#ifndef EDGEWISE_PRODUCTS_H
#define EDGEWISE_PRODUCTS_H

#include "internal.h"

/// Eight numbers that lie anywhere: one register or two, as the processor has them.
typedef float ek_lanes __attribute__((vector_size(32), aligned(4), may_alias));

/// So many rows and columns of sums stay in registers.
enum { EK_ROWS = 4, EK_COLUMNS = 16 };

/// c[r][i] += Σ_t a[r, t] * b[t][i] for EK_ROWS rows and EK_COLUMNS columns; a's rows lie `row` apart, its terms `term`.
EK_INLINE void ek_add_products_block(float *c, int64_t cStride, const float *a, int64_t row, int64_t term, const float *b,
                                     int64_t bStride, int64_t terms) {
  EK_FAST_MATH
  ek_lanes sums[EK_ROWS][2];
  for (int r = 0; r < EK_ROWS; r++)
    for (int half = 0; half < 2; half++) sums[r][half] = *(const ek_lanes *)(c + r * cStride + 8 * half);
  for (int64_t t = 0; t < terms; t++) {
    const ek_lanes low = *(const ek_lanes *)(b + t * bStride), high = *(const ek_lanes *)(b + t * bStride + 8);
    for (int r = 0; r < EK_ROWS; r++) {
      const float factor = a[r * row + t * term];
      sums[r][0] += factor * low;
      sums[r][1] += factor * high;
    }
  }
  for (int r = 0; r < EK_ROWS; r++)
    for (int half = 0; half < 2; half++) *(ek_lanes *)(c + r * cStride + 8 * half) = sums[r][half];
}

/// c[r][i] += Σ_t a[r, t] * b[t][i]; rows of c and b lie their strides apart, a's rows `row` and its terms `term`.
EK_INLINE void ek_add_products(float *c, int64_t cStride, const float *a, int64_t row, int64_t term, const float *b,
                               int64_t bStride, int64_t rows, int64_t columns, int64_t terms) {
  EK_FAST_MATH
  const int64_t wholeRows = rows - rows % EK_ROWS, wholeColumns = columns - columns % EK_COLUMNS;
  for (int64_t r = 0; r < wholeRows; r += EK_ROWS)
    for (int64_t i = 0; i < wholeColumns; i += EK_COLUMNS)
      ek_add_products_block(c + r * cStride + i, cStride, a + r * row, row, term, b + i, bStride, terms);
  for (int64_t r = 0; r < rows; r++) {
    const int64_t first = r < wholeRows ? wholeColumns : 0;
    for (int64_t t = 0; t < terms && first < columns; t++) {
      const float factor = a[r * row + t * term];
      for (int64_t i = first; i < columns; i++) c[r * cStride + i] += factor * b[t * bStride + i];
    }
  }
}

#endif
