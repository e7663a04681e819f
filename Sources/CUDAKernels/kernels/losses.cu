// Softmax, log-softmax, cross-entropy and divergences over rows, with their gradients: a block for each row.

EK_KERNEL ek_softmax(float *y, const float *x, const int *valid, i64 rows, i64 columns) {
  EK_ROWS(r, rows) {
    const float *row = x + r * columns;
    float *out = y + r * columns;
    const float top = ek_row_max(row, valid[r]);
    double sum = 0;
    EK_LANES(i, columns) {
      out[i] = i < valid[r] ? expf(row[i] - top) : 0;
      sum += out[i];
    }
    const float inverse = (float)(1 / ek_sum(sum));
    EK_LANES(i, columns) out[i] *= inverse;
  }
}

EK_KERNEL ek_softmax_backward(float *dx, const float *dy, const float *y, i64 rows, i64 columns) {
  EK_ROWS(r, rows) {
    double product = 0;
    EK_LANES(i, columns) product += (double)y[r * columns + i] * (double)dy[r * columns + i];
    const float mean = (float)ek_sum(product);
    EK_LANES(i, columns) dx[r * columns + i] = y[r * columns + i] * (dy[r * columns + i] - mean);
  }
}

/// log Σ exp x of a row, for all threads of its block
static __device__ double ek_log_sum_exp(const float *x, i64 count) {
  const float top = ek_row_max(x, count);
  double sum = 0;
  EK_LANES(i, count) sum += expf(x[i] - top);
  return top + log(ek_sum(sum));
}

EK_KERNEL ek_log_softmax(float *y, const float *x, i64 rows, i64 columns) {
  EK_ROWS(r, rows) {
    const float shift = (float)ek_log_sum_exp(x + r * columns, columns);
    EK_LANES(i, columns) y[r * columns + i] = x[r * columns + i] - shift;
  }
}

EK_KERNEL ek_cross_entropy(double *losses, float *dx, const float *x, const int *targets, i64 rows, i64 columns) {
  EK_ROWS(r, rows) {
    const float *row = x + r * columns;
    const double shift = ek_log_sum_exp(row, columns);
    if (threadIdx.x == 0) losses[r] = shift - row[targets[r]];
    EK_LANES(i, columns) dx[r * columns + i] = expf(row[i] - (float)shift) - (i == targets[r] ? 1 : 0);
  }
}

enum { EK_KL, EK_REVERSE_KL, EK_JS };

/// log(2 / (1 + exp t)): log of a probability over the mean of two, t the log of the other's share.
static __device__ float ek_log_share(float t) { return 0.693147180559945f - (t > 0 ? t : 0) - log1pf(expf(t > 0 ? -t : t)); }

/// The term of one element in a divergence, of log-probabilities q and reference p.
static __device__ double ek_divergence_term(i64 kind, float q, float p) {
  switch (kind) {
    case EK_KL: return (double)(expf(p) * (p - q));
    case EK_REVERSE_KL: return (double)(expf(q) * (q - p));
    default: return 0.5 * ((double)expf(q) * ek_log_share(p - q) + (double)expf(p) * ek_log_share(q - p));
  }
}

/// Row r is compared with row r % references of the reference; dx may be null.
EK_KERNEL ek_divergence(i64 kind, double *losses, float *dx, const float *x, const float *reference, i64 rows,
                        i64 references, i64 columns) {
  EK_ROWS(r, rows) {
    const float *row = x + r * columns, *other = reference + r % references * columns;
    const float shift = (float)ek_log_sum_exp(row, columns);
    double loss = 0, own = 0;
    EK_LANES(i, columns) {
      const float q = row[i] - shift;
      loss += ek_divergence_term(kind, q, other[i]);
      if (kind == EK_JS) own += (double)expf(q) * ek_log_share(other[i] - q);
    }
    loss = ek_sum(loss);
    own = ek_sum(own);
    if (threadIdx.x == 0) losses[r] = loss;
    if (!dx) continue;
    EK_LANES(i, columns) {
      const float q = row[i] - shift, p = other[i];
      dx[r * columns + i] = kind == EK_KL ? expf(q) - expf(p)
                            : kind == EK_REVERSE_KL ? expf(q) * (q - p - (float)loss)
                                                    : 0.5f * expf(q) * (ek_log_share(p - q) - (float)own);
    }
  }
}
