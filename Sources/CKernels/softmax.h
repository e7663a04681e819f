// Softmax of one row, shared by the softmax kernel and attention.
#ifndef EDGEWISE_SOFTMAX_H
#define EDGEWISE_SOFTMAX_H

#include "internal.h"

EK_INLINE float ek_row_max(const float *x, int64_t count) {
  float tops[8] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY};
  const int64_t whole = count - count % 8;
  for (int64_t i = 0; i < whole; i += 8)
    for (int lane = 0; lane < 8; lane++) tops[lane] = x[i + lane] > tops[lane] ? x[i + lane] : tops[lane];
  float top = -INFINITY;
  for (int64_t i = whole; i < count; i++) top = x[i] > top ? x[i] : top;
  for (int lane = 0; lane < 8; lane++) top = tops[lane] > top ? tops[lane] : top;
  return top;
}

/// y = exp(x - max) / Σ; in place when y == x.
EK_INLINE void ek_softmax_row(float *y, const float *x, int64_t count) {
  EK_FAST_MATH
  const float top = ek_row_max(x, count);
  float sum = 0;
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = 0; i < count; i++) {
    y[i] = ek_exp(x[i] - top);
    sum += y[i];
  }
  const float inverse = 1.0f / sum;
  for (int64_t i = 0; i < count; i++) y[i] *= inverse;
}

/// dx = y * (dy - Σ y * dy); in place when dx == dy.
EK_INLINE void ek_softmax_row_backward(float *dx, const float *dy, const float *y, int64_t count) {
  EK_FAST_MATH
  float product = 0;
  for (int64_t i = 0; i < count; i++) product += y[i] * dy[i];
#pragma clang loop vectorize(assume_safety)
  for (int64_t i = 0; i < count; i++) dx[i] = y[i] * (dy[i] - product);
}

#endif
