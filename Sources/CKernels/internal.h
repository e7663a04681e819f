// What the kernels share: compilation for several CPUs, ranges, and vector-friendly exp.
#ifndef EDGEWISE_INTERNAL_H
#define EDGEWISE_INTERNAL_H

#include "kernels.h"
#include <math.h>
#include <string.h>

// One copy of a function for each level of x86-64, chosen when the program starts. (Listing single
// features, as in "avx2,fma", would make clang build one copy with AVX2 and another with FMA.)
#if defined(__x86_64__) && defined(__linux__)
#define EK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EK_CLONES
#endif
#define EK_INLINE static inline __attribute__((always_inline))

// Sums may be reordered into vector lanes: the order is fixed by the compiled code, not by threads.
#define EK_FAST_MATH _Pragma("clang fp reassociate(on) contract(fast)")

/// Splits 0..<count into ranges of about `grain` and calls body(context, begin, end) for each.
void ek_for_ranges(int64_t count, int64_t grain, void (*body)(const void *, int64_t, int64_t), const void *context);

/// Rows of `columns` floats that make one range: enough work to be worth waking a thread.
EK_INLINE int64_t ek_row_grain(int64_t columns) { return columns >= 16384 || columns < 1 ? 1 : 16384 / columns; }
#define EK_ELEMENT_GRAIN 16384

/// exp(x) with a relative error below 2e-7: 2^n * p(r), |r| <= ln 2 / 2. Underflows to 0 below -87; NaN stays NaN.
EK_INLINE float ek_exp(float x) {
  // NaN takes the way of -87, since it has no integer.
  const float clamped = x > -87.0f ? (x > 88.0f ? 88.0f : x) : -87.0f;
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer.
  const float n = (clamped * 1.44269504f + magic) - magic;
  const float r = (clamped - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  union { int32_t bits; float value; } power = {.bits = ((int32_t)n + 127) << 23};
  return x >= -87.0f ? p * power.value : (x < -87.0f ? 0.0f : x);
}

/// tanh(x) for any x, through exp, with an absolute error below 2e-7: enough where 1 is added to it.
EK_INLINE float ek_tanh(float x) { return 1.0f - 2.0f / (ek_exp(2.0f * x) + 1.0f); }

/// tanh(x) with a relative error below 1e-6: near 0 by its series.
EK_INLINE float ek_fine_tanh(float x) {
  const float s = x * x;
  const float series = 1.0f + s * (-1.0f / 3 + s * (2.0f / 15 + s * (-17.0f / 315 + s * (62.0f / 2835))));
  return s < 0.0625f ? x * series : ek_tanh(x);
}

#endif
