// LayerNorm and RMSNorm (which is LayerNorm without centring), forward and backward.
#include "internal.h"

typedef struct {
  float *out, *statistics;
  const float *x, *dy, *scale, *bias, *saved;
  float epsilon;
  bool centred, held;
  int64_t rows, columns, cycle;
  float *dscale, *dbias;
} norm;

EK_CLONES static void forward_range(const void *c, int64_t begin, int64_t end) {
  EK_FAST_MATH
  const norm *o = c;
  const int64_t n = o->columns;
  for (int64_t r = begin; r < end; r++) {
    const float *restrict x = o->x + r * n;
    float *restrict y = o->out + r * n;
    float sum = 0, squares = 0;
    if (o->centred) for (int64_t i = 0; i < n; i++) sum += x[i];
    const float mean = sum / (float)n;
    for (int64_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    const float inverse = 1.0f / sqrtf(squares / (float)n + o->epsilon);
    if (o->bias) for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * inverse * o->scale[i] + o->bias[i];
    else for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * inverse * o->scale[i];
    o->statistics[2 * r] = mean;
    o->statistics[2 * r + 1] = inverse;
  }
}
void ek_norm_forward(float *y, float *statistics, const float *x, const float *scale, const float *bias,
                     float epsilon, bool centred, int64_t rows, int64_t columns) {
  norm work = {.out = y, .statistics = statistics, .x = x, .scale = scale, .bias = bias,
               .epsilon = epsilon, .centred = centred, .rows = rows, .columns = columns};
  ek_for_ranges(rows, ek_row_grain(columns), forward_range, &work);
}

// With u = dy * scale and x̂ = (x - mean) / deviation: dx = (u - mean(u) - x̂ * mean(u * x̂)) / deviation, without the
// last term where the deviation is held constant.
EK_CLONES static void backward_range(const void *c, int64_t begin, int64_t end) {
  EK_FAST_MATH
  const norm *o = c;
  const int64_t n = o->columns;
  for (int64_t r = begin; r < end; r++) {
    const int64_t source = r % o->cycle;
    const float *x = o->x + source * n, *dy = o->dy + r * n;
    float *dx = o->out + r * n;
    const float mean = o->saved[2 * source], inverse = o->saved[2 * source + 1];
    float sum = 0, product = 0;
    for (int64_t i = 0; i < n; i++) {
      const float u = dy[i] * o->scale[i];
      sum += u;
      product += u * (x[i] - mean);
    }
    const float shift = o->centred ? sum / (float)n : 0;
    const float slope = o->held ? 0 : product * inverse * inverse / (float)n;
#pragma clang loop vectorize(assume_safety)
    for (int64_t i = 0; i < n; i++) dx[i] = (dy[i] * o->scale[i] - shift - (x[i] - mean) * slope) * inverse;
  }
}
void ek_norm_backward(float *dx, const float *dy, const float *x, const float *statistics, const float *scale,
                      bool centred, bool held, int64_t rows, int64_t cycle, int64_t columns) {
  norm work = {.out = dx, .dy = dy, .x = x, .saved = statistics, .scale = scale,
               .centred = centred, .held = held, .rows = rows, .columns = columns, .cycle = cycle};
  ek_for_ranges(rows, ek_row_grain(columns), backward_range, &work);
}

EK_CLONES static void parameters_range(const void *c, int64_t begin, int64_t end) {
  const norm *o = c;
  for (int64_t i = begin; i < end; i++) {
    double dscale = 0, dbias = 0;
    for (int64_t r = 0; r < o->rows; r++) {
      const float dy = o->dy[r * o->columns + i];
      dscale += dy * (o->x[r * o->columns + i] - o->saved[2 * r]) * o->saved[2 * r + 1];
      dbias += dy;
    }
    o->dscale[i] += (float)dscale;
    if (o->dbias) o->dbias[i] += (float)dbias;
  }
}
void ek_norm_backward_parameters(float *dscale, float *dbias, const float *dy, const float *x,
                                 const float *statistics, int64_t rows, int64_t columns) {
  norm work = {.dy = dy, .x = x, .saved = statistics, .rows = rows, .columns = columns,
               .dscale = dscale, .dbias = dbias};
  ek_for_ranges(columns, 64, parameters_range, &work);
}
