// Sums, scalings, and rows moved about.

EK_KERNEL ek_add_scaled(float *y, const float *x, float scale, i64 count) { EK_EACH(i, count) y[i] += scale * x[i]; }

EK_KERNEL ek_subtract(float *out, const float *x, const float *y, i64 count) { EK_EACH(i, count) out[i] = x[i] - y[i]; }

EK_KERNEL ek_scale(float *x, float factor, i64 count) { EK_EACH(i, count) x[i] *= factor; }

EK_KERNEL ek_scale_rows(float *x, const float *factors, i64 rows, i64 columns) {
  EK_EACH(i, rows * columns) x[i] *= factors[i / columns];
}

EK_KERNEL ek_scale_columns(float *x, const float *row, i64 rows, i64 columns) {
  EK_EACH(i, rows * columns) x[i] *= row[i % columns];
}

EK_KERNEL ek_scale_by_deviations(float *x, const float *statistics, i64 rows, i64 columns) {
  EK_EACH(i, rows * columns) x[i] *= statistics[2 * (i / columns) + 1];
}

/// out += scale * <x, y> * direction, a block for each row.
EK_KERNEL ek_add_projections(float *out, const float *direction, const float *x, const float *y, float scale, i64 rows,
                             i64 columns, i64 inner) {
  EK_ROWS(r, rows) {
    double product = 0;
    EK_LANES(i, inner) product += (double)x[r * inner + i] * (double)y[r * inner + i];
    const float factor = scale * (float)ek_sum(product);
    EK_LANES(i, columns) out[r * columns + i] += factor * direction[r * columns + i];
  }
}

EK_KERNEL ek_add_row(float *x, const float *row, i64 rows, i64 columns) {
  EK_EACH(i, rows * columns) x[i] += row[i % columns];
}

/// A thread for each column: a sum has one order, whatever the grid.
EK_KERNEL ek_sum_rows(float *sums, const float *x, i64 rows, i64 columns) {
  EK_EACH(c, columns) {
    double sum = 0;
    for (i64 r = 0; r < rows; r++) sum += x[r * columns + c];
    sums[c] += (float)sum;
  }
}

EK_KERNEL ek_accumulate(double *total, const float *x, i64 count) { EK_EACH(i, count) total[i] += x[i]; }

/// Sets a flag that was 0 when an element is infinite or NaN.
EK_KERNEL ek_find_special(int *flag, const float *x, i64 count) { EK_EACH(i, count) if (!(fabsf(x[i]) < INFINITY)) *flag = 1; }

EK_KERNEL ek_move_rows(u8 *out, const u8 *table, const int *indices, i64 rows, i64 row_bytes) {
  EK_EACH(i, rows * row_bytes) out[i] = table[indices[i / row_bytes] * row_bytes + i % row_bytes];
}

/// Indices may repeat, so a thread has a column and goes through the rows in order.
EK_KERNEL ek_scatter_add_rows(float *table, const float *x, const int *indices, i64 rows, i64 columns) {
  EK_EACH(c, columns)
    for (i64 r = 0; r < rows; r++) table[indices[r] * columns + c] += x[r * columns + c];
}

EK_KERNEL ek_replace_rows(float *table, const float *x, const int *indices, i64 rows, i64 columns) {
  EK_EACH(i, rows * columns) table[indices[i / columns] * columns + i % columns] = x[i];
}

/// The thread of a place's first entry adds all entries of the place, in order.
EK_KERNEL ek_add_entries(float *x, const i64 *places, const float *values, i64 count) {
  EK_EACH(i, count) {
    bool is_first = true;
    for (i64 j = 0; j < i && is_first; j++) is_first = places[j] != places[i];
    if (!is_first) continue;
    for (i64 j = i; j < count; j++)
      if (places[j] == places[i]) x[places[i]] += values[j];
  }
}

EK_KERNEL ek_transpose(float *out, const float *x, i64 rows, i64 columns) {
  EK_EACH(i, rows * columns) out[i] = x[i % rows * columns + i / rows];
}
