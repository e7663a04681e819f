// Sums, scalings, row gathers.
#include "internal.h"

typedef struct { void *out; const void *x, *y; float scale; int64_t rows, columns; } operands;

EK_CLONES static void add_scaled_range(const void *c, int64_t begin, int64_t end) {
  const operands *o = c;
  float *restrict y = o->out;
  const float *restrict x = o->x;
  const float scale = o->scale;
  for (int64_t i = begin; i < end; i++) y[i] += scale * x[i];
}
void ek_add_scaled(float *y, const float *x, float scale, int64_t count) {
  ek_for_ranges(count, EK_ELEMENT_GRAIN, add_scaled_range, &(operands){y, x, 0, scale, 0, 0});
}

EK_CLONES static void subtract_range(const void *c, int64_t begin, int64_t end) {
  const operands *o = c;
  float *restrict out = o->out;
  const float *restrict x = o->x, *restrict y = o->y;
  for (int64_t i = begin; i < end; i++) out[i] = x[i] - y[i];
}
void ek_subtract(float *out, const float *x, const float *y, int64_t count) {
  ek_for_ranges(count, EK_ELEMENT_GRAIN, subtract_range, &(operands){out, x, y, 0, 0, 0});
}

EK_CLONES static void scale_range(const void *c, int64_t begin, int64_t end) {
  const operands *o = c;
  float *restrict x = o->out;
  const float scale = o->scale;
  for (int64_t i = begin; i < end; i++) x[i] *= scale;
}
void ek_scale(float *x, float scale, int64_t count) {
  ek_for_ranges(count, EK_ELEMENT_GRAIN, scale_range, &(operands){x, 0, 0, scale, 0, 0});
}

EK_CLONES static void add_row_range(const void *c, int64_t begin, int64_t end) {
  const operands *o = c;
  const float *restrict row = o->x;
  for (int64_t r = begin; r < end; r++) {
    float *restrict x = (float *)o->out + r * o->columns;
    for (int64_t i = 0; i < o->columns; i++) x[i] += row[i];
  }
}
void ek_add_row(float *x, const float *row, int64_t rows, int64_t columns) {
  ek_for_ranges(rows, ek_row_grain(columns), add_row_range, &(operands){x, row, 0, 0, rows, columns});
}

EK_CLONES static void sum_rows_range(const void *c, int64_t begin, int64_t end) {
  const operands *o = c;
  const float *x = o->x;
  float *sums = o->out;
  for (int64_t i = begin; i < end; i++) {
    double sum = 0;
    for (int64_t r = 0; r < o->rows; r++) sum += x[r * o->columns + i];
    sums[i] += (float)sum;
  }
}
void ek_sum_rows(float *sums, const float *x, int64_t rows, int64_t columns) {
  ek_for_ranges(columns, 64, sum_rows_range, &(operands){sums, x, 0, 0, rows, columns});
}

EK_CLONES static void accumulate_range(const void *c, int64_t begin, int64_t end) {
  const operands *o = c;
  double *restrict total = o->out;
  const float *restrict x = o->x;
  for (int64_t i = begin; i < end; i++) total[i] += x[i];
}
void ek_accumulate(double *total, const float *x, int64_t count) {
  ek_for_ranges(count, EK_ELEMENT_GRAIN, accumulate_range, &(operands){total, x, 0, 0, 0, 0});
}

EK_CLONES bool ek_all_finite(const float *x, int64_t count) {
  EK_FAST_MATH
  uint32_t special = 0;
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    special |= (bits & 0x7f800000u) == 0x7f800000u;
  }
  return special == 0;
}

void ek_scatter_add_rows(float *table, const float *x, const int32_t *indices, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++)
    for (int64_t i = 0; i < columns; i++) table[indices[r] * columns + i] += x[r * columns + i];
}

void ek_replace_rows(float *table, const float *x, const int32_t *indices, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++)
    memcpy(table + indices[r] * columns, x + r * columns, (size_t)columns * sizeof(float));
}

void ek_add_entries(float *x, const int64_t *places, const float *values, int64_t count) {
  for (int64_t i = 0; i < count; i++) x[places[i]] += values[i];
}

typedef struct { double *products; const float *x, *y; int64_t columns; } pairing;

static void row_products_range(const void *c, int64_t begin, int64_t end) {
  const pairing *o = c;
  for (int64_t r = begin; r < end; r++) {
    const float *x = o->x + r * o->columns, *y = o->y + r * o->columns;
    double sum = 0;
    for (int64_t i = 0; i < o->columns; i++)
      if (y[i] != 0) sum += (double)x[i] * (double)y[i];
    o->products[r] = sum;
  }
}
void ek_row_products(double *products, const float *x, const float *y, int64_t rows, int64_t columns) {
  ek_for_ranges(rows, ek_row_grain(columns), row_products_range, &(pairing){products, x, y, columns});
}

typedef struct { double *distances; const float *x, *y; int64_t places, columns; } metering;

EK_CLONES static void row_distances_range(const void *c, int64_t begin, int64_t end) {
  const metering *o = c;
  for (int64_t r = begin; r < end; r++) {
    const float *x = o->x + r * o->columns, *y = o->y + r % o->places * o->columns;
    double lanes[8] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + 8 <= o->columns; i += 8)
      for (int lane = 0; lane < 8; lane++) lanes[lane] += (double)fabsf(x[i + lane] - y[i + lane]);
    for (; i < o->columns; i++) sum += (double)fabsf(x[i] - y[i]);
    for (int lane = 0; lane < 8; lane++) sum += lanes[lane];
    o->distances[r] = sum;
  }
}
void ek_row_distances(
    double *distances, const float *x, const float *y, int64_t rows, int64_t places, int64_t columns) {
  ek_for_ranges(
      rows, ek_row_grain(columns), row_distances_range, &(metering){distances, x, y, places, columns});
}

EK_CLONES static void scale_rows_range(const void *c, int64_t begin, int64_t end) {
  const operands *o = c;
  const float *factors = o->y;
  for (int64_t r = begin; r < end; r++) {
    float *restrict x = (float *)o->out + r * o->columns;
    for (int64_t i = 0; i < o->columns; i++) x[i] *= factors[r];
  }
}
void ek_scale_rows(float *x, const float *factors, int64_t rows, int64_t columns) {
  ek_for_ranges(rows, ek_row_grain(columns), scale_rows_range, &(operands){x, 0, factors, 0, rows, columns});
}

EK_CLONES static void scale_columns_range(const void *c, int64_t begin, int64_t end) {
  const operands *o = c;
  const float *restrict row = o->x;
  for (int64_t r = begin; r < end; r++) {
    float *restrict x = (float *)o->out + r * o->columns;
    for (int64_t i = 0; i < o->columns; i++) x[i] *= row[i];
  }
}
void ek_scale_columns(float *x, const float *row, int64_t rows, int64_t columns) {
  ek_for_ranges(rows, ek_row_grain(columns), scale_columns_range, &(operands){x, row, 0, 0, rows, columns});
}

EK_CLONES static void scale_by_deviations_range(const void *c, int64_t begin, int64_t end) {
  const operands *o = c;
  const float *statistics = o->x;
  for (int64_t r = begin; r < end; r++) {
    float *restrict x = (float *)o->out + r * o->columns;
    const float inverse = statistics[2 * r + 1];
    for (int64_t i = 0; i < o->columns; i++) x[i] *= inverse;
  }
}
void ek_scale_by_deviations(float *x, const float *statistics, int64_t rows, int64_t columns) {
  ek_for_ranges(
      rows, ek_row_grain(columns), scale_by_deviations_range, &(operands){x, statistics, 0, 0, rows, columns});
}

typedef struct { float *out; const float *direction, *x, *y; float scale; int64_t columns, inner; } projection;
EK_CLONES static void add_projections_range(const void *c, int64_t begin, int64_t end) {
  const projection *o = c;
  for (int64_t r = begin; r < end; r++) {
    const float *x = o->x + r * o->inner, *y = o->y + r * o->inner;
    double sum = 0;
    for (int64_t i = 0; i < o->inner; i++) sum += (double)x[i] * (double)y[i];
    const float factor = o->scale * (float)sum;
    float *restrict out = o->out + r * o->columns;
    const float *restrict direction = o->direction + r * o->columns;
    for (int64_t i = 0; i < o->columns; i++) out[i] += factor * direction[i];
  }
}
void ek_add_projections(float *out, const float *direction, const float *x, const float *y, float scale, int64_t rows,
                        int64_t columns, int64_t inner) {
  const projection work = {out, direction, x, y, scale, columns, inner};
  ek_for_ranges(rows, ek_row_grain(columns + inner), add_projections_range, &work);
}

static void transpose_range(const void *c, int64_t begin, int64_t end) {
  const operands *o = c;
  const float *x = o->x;
  float *out = o->out;
  // Squares that fit into the nearest cache, so that no line of it is fetched twice.
  for (int64_t top = 0; top < o->rows; top += 32)
    for (int64_t column = begin; column < end; column++)
      for (int64_t row = top; row < top + 32 && row < o->rows; row++)
        out[column * o->rows + row] = x[row * o->columns + column];
}
void ek_transpose(float *out, const float *x, int64_t rows, int64_t columns) {
  ek_for_ranges(columns, 32, transpose_range, &(operands){out, x, 0, 0, rows, columns});
}

typedef struct { float *out; const float *x; int64_t group, width; } grouping;

EK_CLONES static void sum_groups_range(const void *c, int64_t begin, int64_t end) {
  const grouping *g = c;
  for (int64_t block = begin; block < end; block++) {
    float *restrict out = g->out + block * g->width;
    const float *restrict x = g->x + block * g->group * g->width;
    memcpy(out, x, (size_t)g->width * sizeof(float));
    for (int64_t member = 1; member < g->group; member++)
      for (int64_t i = 0; i < g->width; i++) out[i] += x[member * g->width + i];
  }
}
void ek_sum_groups(float *out, const float *x, int64_t rows, int64_t groups, int64_t group, int64_t width) {
  ek_for_ranges(rows * groups, ek_row_grain(group * width), sum_groups_range, &(grouping){out, x, group, width});
}
