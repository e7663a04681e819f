// Rotary embedding, forward and backward.
#include "internal.h"

typedef struct {
  float *x;
  const float *cosines, *sines;
  const int32_t *positions;
  int64_t heads, width, rotated;
  bool inverse;
} rotary;

EK_CLONES static void rotary_range(const void *c, int64_t begin, int64_t end) {
  const rotary *o = c;
  const int64_t half = o->rotated / 2;
  const float sign = o->inverse ? -1.0f : 1.0f;
  for (int64_t t = begin; t < end; t++) {
    const float *cosine = o->cosines + o->positions[t] * half, *sine = o->sines + o->positions[t] * half;
    for (int64_t h = 0; h < o->heads; h++) {
      float *x = o->x + (t * o->heads + h) * o->width;
#pragma clang loop vectorize(assume_safety)
      for (int64_t i = 0; i < half; i++) {
        const float a = x[i], b = x[i + half], s = sign * sine[i];
        x[i] = a * cosine[i] - b * s;
        x[i + half] = a * s + b * cosine[i];
      }
    }
  }
}
void ek_rotary(float *x, const float *cosines, const float *sines, const int32_t *positions, int64_t tokens,
               int64_t heads, int64_t width, int64_t rotated, bool inverse) {
  rotary work = {x, cosines, sines, positions, heads, width, rotated, inverse};
  ek_for_ranges(tokens, ek_row_grain(heads * width), rotary_range, &work);
}
