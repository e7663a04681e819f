// Sums of blocks, of products, and of tensors that lie anywhere.

EK_KERNEL ek_sum_groups(float *out, const float *x, i64 rows, i64 groups, i64 group, i64 width) {
  EK_EACH(i, rows * groups * width) {
    const float *first = x + i / width * group * width + i % width;
    float sum = first[0];
    for (i64 member = 1; member < group; member++) sum += first[member * width];
    out[i] = sum;
  }
}

/// products[r] = Σ_c x[r, c] * y[r, c], passing over zeros of y
EK_KERNEL ek_row_products(double *products, const float *x, const float *y, i64 rows, i64 columns) {
  EK_ROWS(r, rows) {
    double sum = 0;
    EK_LANES(c, columns) {
      const float factor = y[r * columns + c];
      if (factor != 0) sum += (double)x[r * columns + c] * (double)factor;
    }
    sum = ek_sum(sum);
    if (threadIdx.x == 0) products[r] = sum;
  }
}

/// distances[r] = Σ_c |x[r, c] - y[r mod places, c]|
EK_KERNEL ek_row_distances(
    double *distances, const float *x, const float *y, i64 rows, i64 places, i64 columns) {
  EK_ROWS(r, rows) {
    double sum = 0;
    EK_LANES(c, columns) sum += (double)fabsf(x[r * columns + c] - y[r % places * columns + c]);
    sum = ek_sum(sum);
    if (threadIdx.x == 0) distances[r] = sum;
  }
}

/// The sum of parts of a product, `[part, row, column]` without gaps, into rows that are `stride` apart, or added.
EK_KERNEL ek_sum_parts(float *out, const float *parts, i64 count, i64 rows, i64 columns, i64 stride, i64 adding) {
  EK_EACH(i, rows * columns) {
    float *target = out + i / columns * stride + i % columns;
    double sum = adding ? *target : 0;
    for (i64 part = 0; part < count; part++) sum += parts[part * rows * columns + i];
    *target = (float)sum;
  }
}

/// How many sums a thread forms of one element: each term is read once for all of them.
enum { EK_OUTPUTS = 8 };

/// Some elements of a weighted sum: those below `end` that no part before has, the places of its terms in the list
/// of terms, and the place of its first factor.
typedef struct { i64 end, first_term, end_term, first_factor; } ek_part;

/// out[o, i] = base[i] + Σ_t factors[t, o] * terms[t][i]; the parts are ascending and cover all elements.
EK_KERNEL ek_weighted_sums(float *out, const float *base, i64 count, const i64 *terms, const ek_part *parts,
                           i64 part_count, const float *factors, i64 outputs) {
  EK_EACH(job, count * ((outputs + EK_OUTPUTS - 1) / EK_OUTPUTS)) {
    const i64 i = job % count, first = job / count * EK_OUTPUTS;
    i64 low = 0, high = part_count - 1;
    while (low < high) {
      const i64 middle = (low + high) / 2;
      if (i < parts[middle].end) high = middle;
      else low = middle + 1;
    }
    const ek_part part = parts[low];
    float sums[EK_OUTPUTS];
    for (int o = 0; o < EK_OUTPUTS; o++) sums[o] = base[i];
    const float *factor = factors + part.first_factor + first;
    for (i64 t = part.first_term; t < part.end_term; t++, factor += outputs) {
      const float x = ((const float *)terms[t])[i];
      for (int o = 0; o < EK_OUTPUTS; o++)
        if (first + o < outputs) sums[o] += factor[o] * x;
    }
    for (int o = 0; o < EK_OUTPUTS; o++)
      if (first + o < outputs) out[(first + o) * count + i] = sums[o];
  }
}
