// GELU (two forms), SiLU, ReLU, tanh (two forms), alone and as the gate of a product; forward and backward.

enum { EK_GELU_TANH, EK_GELU_ERF, EK_SILU, EK_RELU, EK_TANH, EK_HARD_TANH };

static __device__ float ek_value(float x, i64 kind) {
  switch (kind) {
    case EK_GELU_TANH: return 0.5f * x * (1 + tanhf(0.7978845608f * (x + 0.044715f * x * x * x)));
    case EK_GELU_ERF: return 0.5f * x * (1 + erff(0.7071067812f * x));
    case EK_SILU: return x / (1 + expf(-x));
    case EK_TANH: return tanhf(x);
    case EK_HARD_TANH: return x > 1 ? 1 : (x < -1 ? -1 : x);
    default: return x <= 0 ? 0 : x;  // NaN stays NaN.
  }
}

static __device__ float ek_slope(float x, i64 kind) {
  switch (kind) {
    case EK_GELU_TANH: {
      const float t = tanhf(0.7978845608f * (x + 0.044715f * x * x * x));
      return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * 0.7978845608f * (1 + 0.134145f * x * x);
    }
    case EK_GELU_ERF: return 0.5f * (1 + erff(0.7071067812f * x)) + 0.3989422804f * x * expf(-0.5f * x * x);
    case EK_SILU: {
      const float s = 1 / (1 + expf(-x));
      return s * (1 + x * (1 - s));
    }
    case EK_TANH: {
      const float t = tanhf(x);
      return 1 - t * t;
    }
    case EK_HARD_TANH: return x >= -1 && x <= 1 ? 1 : 0;
    default: return x > 0 ? 1 : 0;
  }
}

/// f'(x), or f(x) / x: 1 where x is close to 0.
static __device__ float ek_passing(float x, i64 kind, i64 secant) {
  if (!secant) return ek_slope(x, kind);
  return fabsf(x) < 1e-6f ? 1 : ek_value(x, kind) / x;
}

EK_KERNEL ek_activate(float *y, const float *x, i64 kind, i64 count) { EK_EACH(i, count) y[i] = ek_value(x[i], kind); }

EK_KERNEL ek_activate_backward(float *dx, const float *dy, const float *x, i64 kind, i64 secant, i64 count) {
  EK_EACH(i, count) dx[i] = dy[i] * ek_passing(x[i], kind, secant);
}

EK_KERNEL ek_gated(float *y, const float *gate, const float *up, i64 kind, i64 count) {
  EK_EACH(i, count) y[i] = ek_value(gate[i], kind) * up[i];
}

EK_KERNEL ek_gated_backward(float *dgate, float *dup, const float *dy, const float *gate, const float *up, i64 kind,
                            i64 secant, i64 count) {
  EK_EACH(i, count) {
    dgate[i] = dy[i] * up[i] * ek_passing(gate[i], kind, secant);
    dup[i] = dy[i] * ek_value(gate[i], kind);
  }
}
