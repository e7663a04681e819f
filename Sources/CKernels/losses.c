// Softmax, log-softmax, cross-entropy and divergences (KL both ways, Jensen–Shannon) over rows, with their gradients.
#include "softmax.h"

typedef struct {
  float *out;
  const float *x, *dy;
  const int32_t *targets;
  double *losses;
  int64_t references, columns;
} rows;

EK_CLONES static void softmax_range(const void *c, int64_t begin, int64_t end) {
  const rows *o = c;
  for (int64_t r = begin; r < end; r++) {
    float *y = o->out + r * o->columns;
    const int64_t valid = o->targets[r];
    ek_softmax_row(y, o->x + r * o->columns, valid);
    for (int64_t i = valid; i < o->columns; i++) y[i] = 0;
  }
}
void ek_softmax(float *y, const float *x, const int32_t *valid, int64_t count, int64_t columns) {
  rows work = {.out = y, .x = x, .targets = valid, .columns = columns};
  ek_for_ranges(count, ek_row_grain(columns), softmax_range, &work);
}

EK_CLONES static void softmax_backward_range(const void *c, int64_t begin, int64_t end) {
  const rows *o = c;
  for (int64_t r = begin; r < end; r++)
    ek_softmax_row_backward(o->out + r * o->columns, o->dy + r * o->columns, o->x + r * o->columns, o->columns);
}
void ek_softmax_backward(float *dx, const float *dy, const float *y, int64_t count, int64_t columns) {
  rows work = {.out = dx, .x = y, .dy = dy, .columns = columns};
  ek_for_ranges(count, ek_row_grain(columns), softmax_backward_range, &work);
}

/// log Σ exp x: vector lanes inside blocks, Float64 across them.
EK_INLINE double ek_log_sum_exp(const float *x, int64_t count) {
  EK_FAST_MATH
  const float top = ek_row_max(x, count);
  double total = 0;
  for (int64_t block = 0; block < count; block += 1024) {
    const int64_t end = block + 1024 < count ? block + 1024 : count;
    float sum = 0;
    for (int64_t i = block; i < end; i++) sum += ek_exp(x[i] - top);
    total += sum;
  }
  return top + log(total);
}

EK_CLONES static void log_softmax_range(const void *c, int64_t begin, int64_t end) {
  const rows *o = c;
  for (int64_t r = begin; r < end; r++) {
    const float *restrict x = o->x + r * o->columns;
    float *restrict y = o->out + r * o->columns;
    const float shift = (float)ek_log_sum_exp(x, o->columns);
    for (int64_t i = 0; i < o->columns; i++) y[i] = x[i] - shift;
  }
}
void ek_log_softmax(float *y, const float *x, int64_t count, int64_t columns) {
  rows work = {.out = y, .x = x, .columns = columns};
  ek_for_ranges(count, ek_row_grain(columns), log_softmax_range, &work);
}

EK_CLONES static void cross_entropy_range(const void *c, int64_t begin, int64_t end) {
  const rows *o = c;
  for (int64_t r = begin; r < end; r++) {
    const float *restrict x = o->x + r * o->columns;
    const double shift = ek_log_sum_exp(x, o->columns);
    o->losses[r] = shift - x[o->targets[r]];
    if (!o->out) continue;
    float *restrict dx = o->out + r * o->columns;
    for (int64_t i = 0; i < o->columns; i++) dx[i] = ek_exp(x[i] - (float)shift);
    dx[o->targets[r]] -= 1;
  }
}
void ek_cross_entropy(double *losses, float *dx, const float *x, const int32_t *targets, int64_t count, int64_t columns) {
  rows work = {.out = dx, .x = x, .targets = targets, .losses = losses, .columns = columns};
  ek_for_ranges(count, ek_row_grain(columns), cross_entropy_range, &work);
}

/// The row of the reference that row r is compared with: rows repeat.
EK_INLINE const float *reference_row(const rows *o, int64_t r) { return o->dy + r % o->references * o->columns; }

EK_CLONES static void kl_range(const void *c, int64_t begin, int64_t end) {
  EK_FAST_MATH
  const rows *o = c;
  for (int64_t r = begin; r < end; r++) {
    const float *restrict x = o->x + r * o->columns, *restrict reference = reference_row(o, r);
    const float shift = (float)ek_log_sum_exp(x, o->columns);
    double loss = 0;
    for (int64_t i = 0; i < o->columns; i++) loss += (double)(ek_exp(reference[i]) * (reference[i] - (x[i] - shift)));
    o->losses[r] = loss;
    if (!o->out) continue;
    float *restrict dx = o->out + r * o->columns;
    for (int64_t i = 0; i < o->columns; i++) dx[i] = ek_exp(x[i] - shift) - ek_exp(reference[i]);
  }
}

EK_CLONES static void reverse_kl_range(const void *c, int64_t begin, int64_t end) {
  EK_FAST_MATH
  const rows *o = c;
  for (int64_t r = begin; r < end; r++) {
    const float *restrict x = o->x + r * o->columns, *restrict reference = reference_row(o, r);
    const float shift = (float)ek_log_sum_exp(x, o->columns);
    double loss = 0;
    for (int64_t i = 0; i < o->columns; i++) loss += (double)(ek_exp(x[i] - shift) * (x[i] - shift - reference[i]));
    o->losses[r] = loss;
    if (!o->out) continue;
    float *restrict dx = o->out + r * o->columns;
    for (int64_t i = 0; i < o->columns; i++) dx[i] = ek_exp(x[i] - shift) * (x[i] - shift - reference[i] - (float)loss);
  }
}

/// log(2 / (1 + exp t)): log of a probability over the mean of two, t the log of the other's share.
EK_INLINE float log_share(float t) { return 0.693147180559945f - (t > 0 ? t : 0) - log1pf(expf(-fabsf(t))); }

EK_CLONES static void js_range(const void *c, int64_t begin, int64_t end) {
  const rows *o = c;
  for (int64_t r = begin; r < end; r++) {
    const float *restrict x = o->x + r * o->columns, *restrict reference = reference_row(o, r);
    float *restrict dx = o->out ? o->out + r * o->columns : 0;
    const float shift = (float)ek_log_sum_exp(x, o->columns);
    double own = 0, other = 0;
    for (int64_t i = 0; i < o->columns; i++) {
      const float t = reference[i] - (x[i] - shift), share = log_share(t);
      own += (double)ek_exp(x[i] - shift) * share;
      other += (double)ek_exp(reference[i]) * log_share(-t);
      if (dx) dx[i] = share;
    }
    o->losses[r] = 0.5 * (own + other);
    for (int64_t i = 0; dx && i < o->columns; i++) dx[i] = 0.5f * ek_exp(x[i] - shift) * (dx[i] - (float)own);
  }
}

void ek_divergence(ek_divergence_kind kind, double *losses, float *dx, const float *x, const float *reference,
                   int64_t count, int64_t references, int64_t columns) {
  rows work = {.out = dx, .x = x, .dy = reference, .losses = losses, .references = references, .columns = columns};
  ek_for_ranges(count, ek_row_grain(columns),
                kind == EK_KL ? kl_range : kind == EK_REVERSE_KL ? reverse_kl_range : js_range, &work);
}
