// GELU (two forms), SiLU, ReLU, tanh (two forms), alone and as the gate of a product; forward and backward.
#include "internal.h"

/// erf(x) as a rational function of x on [-4, 4], where Float32 has reached ±1; error below 3e-7.
EK_INLINE float ek_erf(float x) {
  const float c = x < -4.0f ? -4.0f : (x > 4.0f ? 4.0f : x);
  const float s = c * c;
  float p = -2.72614225801306e-10f;
  p = p * s + 2.77068142495902e-08f;
  p = p * s - 2.10102402082508e-06f;
  p = p * s - 5.69250639462346e-05f;
  p = p * s - 7.34990630326855e-04f;
  p = p * s - 2.95459980854025e-03f;
  p = p * s - 1.60960333262415e-02f;
  float q = -1.45660718464996e-05f;
  q = q * s - 2.13374055278905e-04f;
  q = q * s - 1.68282697438203e-03f;
  q = q * s - 7.37332916720468e-03f;
  q = q * s - 1.42647390514189e-02f;
  return c * p / q;
}

EK_INLINE float ek_value(float x, ek_activation kind) {
  switch (kind) {
    case ek_gelu_tanh: return 0.5f * x * (1.0f + ek_tanh(0.7978845608f * (x + 0.044715f * x * x * x)));
    case ek_gelu_erf: return 0.5f * x * (1.0f + ek_erf(0.7071067812f * x));
    case ek_silu: return x / (1.0f + ek_exp(-x));
    case ek_relu: return x <= 0 ? 0 : x;  // NaN stays NaN.
    case ek_plain_tanh: return ek_fine_tanh(x);
    case ek_hard_tanh: return x > 1 ? 1 : (x < -1 ? -1 : x);
  }
}

EK_INLINE float ek_slope(float x, ek_activation kind) {
  switch (kind) {
    case ek_gelu_tanh: {
      const float t = ek_tanh(0.7978845608f * (x + 0.044715f * x * x * x));
      return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * 0.7978845608f * (1.0f + 0.134145f * x * x);
    }
    case ek_gelu_erf:
      return 0.5f * (1.0f + ek_erf(0.7071067812f * x)) + 0.3989422804f * x * ek_exp(-0.5f * x * x);
    case ek_silu: {
      const float s = 1.0f / (1.0f + ek_exp(-x));
      return s * (1.0f + x * (1.0f - s));
    }
    case ek_relu: return x > 0 ? 1 : 0;
    case ek_plain_tanh: {
      const float t = ek_fine_tanh(x);
      return 1.0f - t * t;
    }
    case ek_hard_tanh: return x >= -1 && x <= 1 ? 1 : 0;
  }
}

/// f'(x), or f(x) / x: 1 where x is close to 0.
EK_INLINE float ek_passing(float x, ek_activation kind, bool secant) {
  if (!secant) return ek_slope(x, kind);
  return fabsf(x) < 1e-6f ? 1.0f : ek_value(x, kind) / x;
}

typedef struct { float *y, *dgate, *dup; const float *x, *up, *dy; ek_activation kind; bool secant; } activation;

// The kind is a constant inside each branch, so that each loop is compiled for its own function.
#define EK_FOR_KIND(kind, statement)                                             \
  switch (kind) {                                                                \
    case ek_gelu_tanh: { const ek_activation k = ek_gelu_tanh; statement } break; \
    case ek_gelu_erf: { const ek_activation k = ek_gelu_erf; statement } break;   \
    case ek_silu: { const ek_activation k = ek_silu; statement } break;           \
    case ek_relu: { const ek_activation k = ek_relu; statement } break;           \
    case ek_plain_tanh: { const ek_activation k = ek_plain_tanh; statement } break; \
    case ek_hard_tanh: { const ek_activation k = ek_hard_tanh; statement } break; \
  }
// And so is what gradients pass through.
#define EK_FOR_SLOPE(o, statement)                                                        \
  if (o->secant) { const bool secant = true; EK_FOR_KIND(o->kind, statement) }           \
  else { const bool secant = false; EK_FOR_KIND(o->kind, statement) }

EK_CLONES static void forward_range(const void *c, int64_t begin, int64_t end) {
  const activation *o = c;
  float *restrict y = o->y;
  const float *restrict x = o->x;
  EK_FOR_KIND(o->kind, for (int64_t i = begin; i < end; i++) y[i] = ek_value(x[i], k);)
}
void ek_activate(float *y, const float *x, ek_activation kind, int64_t count) {
  activation work = {.y = y, .x = x, .kind = kind};
  ek_for_ranges(count, EK_ELEMENT_GRAIN, forward_range, &work);
}

EK_CLONES static void backward_range(const void *c, int64_t begin, int64_t end) {
  const activation *o = c;
  float *restrict dx = o->y;
  const float *restrict x = o->x, *restrict dy = o->dy;
  EK_FOR_SLOPE(o, for (int64_t i = begin; i < end; i++) dx[i] = dy[i] * ek_passing(x[i], k, secant);)
}
void ek_activate_backward(float *dx, const float *dy, const float *x, ek_activation kind, bool secant, int64_t count) {
  activation work = {.y = dx, .x = x, .dy = dy, .kind = kind, .secant = secant};
  ek_for_ranges(count, EK_ELEMENT_GRAIN, backward_range, &work);
}

EK_CLONES static void gated_range(const void *c, int64_t begin, int64_t end) {
  const activation *o = c;
  float *restrict y = o->y;
  const float *restrict x = o->x, *restrict up = o->up;
  EK_FOR_KIND(o->kind, for (int64_t i = begin; i < end; i++) y[i] = ek_value(x[i], k) * up[i];)
}
void ek_gated(float *y, const float *gate, const float *up, ek_activation kind, int64_t count) {
  activation work = {.y = y, .x = gate, .up = up, .kind = kind};
  ek_for_ranges(count, EK_ELEMENT_GRAIN, gated_range, &work);
}

EK_CLONES static void gated_backward_range(const void *c, int64_t begin, int64_t end) {
  const activation *o = c;
  float *restrict dgate = o->dgate, *restrict dup = o->dup;
  const float *restrict x = o->x, *restrict up = o->up, *restrict dy = o->dy;
  EK_FOR_SLOPE(o, for (int64_t i = begin; i < end; i++) {
    dgate[i] = dy[i] * up[i] * ek_passing(x[i], k, secant);
    dup[i] = dy[i] * ek_value(x[i], k);
  })
}
void ek_gated_backward(float *dgate, float *dup, const float *dy, const float *gate, const float *up,
                       ek_activation kind, bool secant, int64_t count) {
  activation work = {.dgate = dgate, .dup = dup, .x = gate, .up = up, .dy = dy, .kind = kind, .secant = secant};
  ek_for_ranges(count, EK_ELEMENT_GRAIN, gated_backward_range, &work);
}
