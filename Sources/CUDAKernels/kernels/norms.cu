// LayerNorm and RMSNorm (which is LayerNorm without centring), forward and backward: a block for each row.

EK_KERNEL ek_norm_forward(float *y, float *statistics, const float *x, const float *scale, const float *bias,
                          float epsilon, i64 centred, i64 rows, i64 columns) {
  EK_ROWS(r, rows) {
    const float *row = x + r * columns;
    float sum = 0, squares = 0;
    if (centred) EK_LANES(i, columns) sum += row[i];
    const float mean = centred ? (float)(ek_sum(sum) / (double)columns) : 0;
    EK_LANES(i, columns) squares += (row[i] - mean) * (row[i] - mean);
    const float inverse = (float)(1 / sqrt(ek_sum(squares) / (double)columns + (double)epsilon));
    EK_LANES(i, columns) y[r * columns + i] = (row[i] - mean) * inverse * scale[i] + (bias ? bias[i] : 0);
    if (threadIdx.x == 0) {
      statistics[2 * r] = mean;
      statistics[2 * r + 1] = inverse;
    }
  }
}

// With u = dy * scale and x̂ = (x - mean) / deviation: dx = (u - mean(u) - x̂ * mean(u * x̂)) / deviation, without the
// last term where the deviation is held constant.
EK_KERNEL ek_norm_backward(float *dx, const float *dy, const float *x, const float *statistics, const float *scale,
                           i64 centred, i64 held, i64 rows, i64 cycle, i64 columns) {
  EK_ROWS(r, rows) {
    const float *row = x + r % cycle * columns, *gradient = dy + r * columns;
    const float mean = statistics[2 * (r % cycle)], inverse = statistics[2 * (r % cycle) + 1];
    float sum = 0, product = 0;
    EK_LANES(i, columns) {
      const float u = gradient[i] * scale[i];
      sum += u;
      product += u * (row[i] - mean);
    }
    const float shift = centred ? (float)(ek_sum(sum) / (double)columns) : 0;
    const float slope = held ? 0 : (float)(ek_sum(product) * inverse * inverse / (double)columns);
    EK_LANES(i, columns)
      dx[r * columns + i] = (gradient[i] * scale[i] - shift - (row[i] - mean) * slope) * inverse;
  }
}

/// A thread for each column: a sum has one order, whatever the grid.
EK_KERNEL ek_norm_backward_parameters(float *dscale, float *dbias, const float *dy, const float *x,
                                      const float *statistics, i64 rows, i64 columns) {
  EK_EACH(c, columns) {
    double scale = 0, bias = 0;
    for (i64 r = 0; r < rows; r++) {
      const float gradient = dy[r * columns + c];
      scale += gradient * (x[r * columns + c] - statistics[2 * r]) * statistics[2 * r + 1];
      bias += gradient;
    }
    dscale[c] += (float)scale;
    dbias[c] += (float)bias;
  }
}
