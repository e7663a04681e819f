// Softmax of one row, shared by the softmax kernel and attention.
#ifndef EDGEWISE_SOFTMAX_H
#define EDGEWISE_SOFTMAX_H

#include "internal.h"

EK_INLINE float ek_row_max(const float *x, int64_t count) {
  EK_FAST_MATH
  float top = -INFINITY;
  for (int64_t i = 0; i < count; i++) top = x[i] > top ? x[i] : top;
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
