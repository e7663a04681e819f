// Attention, one (prompt, head) at a time; forward and backward.
#include "products.h"
#include "softmax.h"
#include <stdlib.h>

typedef struct {
  float *z, *dq, *dk, *dv;
  const float *q, *k, *v, *dz;
  ek_prompts prompts;
  int64_t heads, keyValueHeads, width;
  ek_scoring scoring;
  ek_pattern_rule rule;
  float temperature;
  bool secant;
} attention;

/// Where one prompt's part of one head lies: its counts of queries, keys and keys that are not its own, the first
/// of each in tensors of heads and of keys and values, and the way from one token to the next in either.
typedef struct { int64_t queries, keys, known, query, key, own, stride, source; } span;

EK_INLINE span locate(const attention *o, int64_t job) {
  const int64_t p = job / o->heads, head = job % o->heads;
  const ek_prompts *at = &o->prompts;
  const int64_t stride = o->heads * o->width, source = o->keyValueHeads * o->width, column = head * o->width;
  const int64_t keys = at->keys[p + 1] - at->keys[p];
  return (span){
      .queries = at->queries[p + 1] - at->queries[p], .keys = keys, .known = keys - (at->own[p + 1] - at->own[p]),
      .query = at->queries[p] * stride + column, .own = at->own[p] * stride + column,
      .key = at->keys[p] * source + head / (o->heads / o->keyValueHeads) * o->width,
      .stride = stride, .source = source};
}

/// The keys that a prompt's query i sees, first and end: its queries are those of the last tokens.
typedef struct { int64_t first, end; } keys_seen;
EK_INLINE keys_seen seen_by(const attention *o, const span *s, int64_t i) {
  const int64_t end = o->scoring.causal ? s->keys - s->queries + i + 1 : s->keys, window = o->scoring.window;
  return (keys_seen){window && end > window ? end - window : 0, end};
}

EK_INLINE float dot(const float *restrict x, const float *restrict y, int64_t count) {
  EK_FAST_MATH
  float sum = 0;
  for (int64_t i = 0; i < count; i++) sum += x[i] * y[i];
  return sum;
}
EK_INLINE void add_scaled(float *restrict y, const float *restrict x, float scale, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] += scale * x[i];
}

/// So many of a prompt's queries are taken together, and so many keys: what they have in common then lies near the processor.
enum { QUERIES = 16, KEYS = 64 };

/// The first panel of keys from a key on.
EK_INLINE int64_t panels_from(int64_t key) { return (key + EK_COLUMNS - 1) / EK_COLUMNS * EK_COLUMNS; }

/// Some queries of one prompt and head, and the panels of keys that all of them see.
typedef struct { int64_t first, count; keys_seen all; } block;
EK_INLINE block block_from(const attention *o, const span *s, int64_t first) {
  const int64_t rest = s->queries - first, count = rest < QUERIES ? rest : QUERIES;
  const keys_seen top = seen_by(o, s, first), bottom = seen_by(o, s, first + count - 1);
  const int64_t from = panels_from(bottom.first), end = count < EK_ROWS ? from : top.end / EK_COLUMNS * EK_COLUMNS;
  return (block){first, count, {from, end > from ? end : from}};
}
/// The other keys that a query of the block sees: those before, or those after.
EK_INLINE keys_seen seen_beside(const attention *o, const span *s, block b, int64_t i, bool isAfter) {
  keys_seen keys = seen_by(o, s, b.first + i);
  if (isAfter && keys.first < b.all.end) keys.first = b.all.end;
  if (!isAfter && keys.end > b.all.first) keys.end = b.all.first;
  return keys;
}

/// Keys or values of one head as columns, EK_COLUMNS of them to a panel: panels[panel][d][j] = y_j[d].
///
/// Those that no query sees stay empty, and all where the queries fill no rows of products.
EK_INLINE void fill_panels(float *panels, const attention *o, const span *s, const float *y) {
  if (s->queries < EK_ROWS) return;
  for (int64_t first = panels_from(seen_by(o, s, 0).first); first + EK_COLUMNS <= s->keys; first += EK_COLUMNS)
    for (int64_t j = 0; j < EK_COLUMNS; j++)
      for (int64_t d = 0; d < o->width; d++)
        panels[first * o->width + d * EK_COLUMNS + j] = y[s->key + (first + j) * s->source + d];
}

/// rows[i][j] = <x_i, y_j> for the queries of a block and the keys that they see; rows are `s->keys` apart.
EK_INLINE void dot_rows(float *rows, const attention *o, const span *s, block b, const float *x, const float *y,
                        const float *panels) {
  const float *queries = x + s->query + b.first * s->stride, *keys = y + s->key;
  const int64_t first = b.all.first, count = b.all.end - first;
  for (int64_t i = 0; i < b.count; i++) memset(rows + i * s->keys + first, 0, (size_t)count * sizeof(float));
  for (int64_t j = first; j < b.all.end; j += EK_COLUMNS)
    ek_add_products(rows + j, s->keys, queries, s->stride, 1, panels + j * o->width, EK_COLUMNS, b.count, EK_COLUMNS,
                    o->width);
  for (int64_t i = 0; i < b.count; i++)
    for (int after = 0; after < 2; after++) {
      const keys_seen seen = seen_beside(o, s, b, i, after);
      for (int64_t j = seen.first; j < seen.end; j++)
        rows[i * s->keys + j] = dot(queries + i * s->stride, keys + j * s->source, o->width);
    }
}

/// sums_i = Σ_j rows[i][j] * y_j over the keys that a query sees.
EK_INLINE void sum_over_keys(float *sums, const float *rows, const attention *o, const span *s, block b, const float *y) {
  float *queries = sums + s->query + b.first * s->stride;
  const float *keys = y + s->key;
  for (int64_t i = 0; i < b.count; i++) memset(queries + i * s->stride, 0, (size_t)o->width * sizeof(float));
  for (int64_t tile = b.all.first; tile < b.all.end; tile += KEYS) {
    const int64_t rest = b.all.end - tile;
    ek_add_products(queries, s->stride, rows + tile, s->keys, 1, keys + tile * s->source, s->source, b.count, o->width,
                    rest < KEYS ? rest : KEYS);
  }
  for (int64_t i = 0; i < b.count; i++)
    for (int after = 0; after < 2; after++) {
      const keys_seen seen = seen_beside(o, s, b, i, after);
      for (int64_t j = seen.first; j < seen.end; j++)
        add_scaled(queries + i * s->stride, keys + j * s->source, rows[i * s->keys + j], o->width);
    }
}

/// sums_j += Σ_i rows[i][j] * x_i over the queries of a block that see a key, for the run's own keys.
EK_INLINE void add_over_queries(float *sums, const float *rows, const attention *o, const span *s, block b,
                                const float *x) {
  const float *queries = x + s->query + b.first * s->stride;
  float *keys = sums + s->own - s->known * s->stride;
  const int64_t first = b.all.first > s->known ? b.all.first : s->known;
  ek_add_products(keys + first * s->stride, s->stride, rows + first, 1, s->keys, queries, s->stride, b.all.end - first,
                  o->width, b.count);
  for (int64_t i = 0; i < b.count; i++)
    for (int after = 0; after < 2; after++) {
      const keys_seen seen = seen_beside(o, s, b, i, after);
      for (int64_t j = seen.first > s->known ? seen.first : s->known; j < seen.end; j++)
        add_scaled(keys + j * s->stride, queries + i * s->stride, rows[i * s->keys + j], o->width);
    }
}

/// pattern = softmax of factor * scores, which are capped unless the cap is 0; in place when pattern == scores
EK_INLINE void pattern_row(float *pattern, const float *scores, int64_t count, float factor, float cap) {
  for (int64_t j = 0; j < count; j++) pattern[j] = factor * scores[j];
  if (cap != 0) for (int64_t j = 0; j < count; j++) pattern[j] = cap * ek_fine_tanh(pattern[j] / cap);
  ek_softmax_row(pattern, pattern, count);
}

EK_CLONES static void attention_range(const void *c, int64_t begin, int64_t end) {
  const attention *o = c;
  for (int64_t job = begin; job < end; job++) {
    const span s = locate(o, job);
    float *pattern = malloc((QUERIES + (size_t)o->width) * (size_t)s.keys * sizeof(float));
    float *keys = pattern + QUERIES * s.keys;
    fill_panels(keys, o, &s, o->k);
    for (int64_t first = 0; first < s.queries; first += QUERIES) {
      const block b = block_from(o, &s, first);
      dot_rows(pattern, o, &s, b, o->q, o->k, keys);
      for (int64_t i = 0; i < b.count; i++) {
        const keys_seen seen = seen_by(o, &s, first + i);
        float *row = pattern + i * s.keys + seen.first;
        pattern_row(row, row, seen.end - seen.first, o->scoring.scale, o->scoring.cap);
      }
      sum_over_keys(o->z, pattern, o, &s, b, o->v);
    }
    free(pattern);
  }
}
void ek_attention(float *z, const float *q, const float *k, const float *v, ek_prompts prompts,
                  int64_t heads, int64_t keyValueHeads, int64_t width, ek_scoring scoring) {
  attention work = {.z = z, .q = q, .k = k, .v = v, .prompts = prompts, .heads = heads,
                    .keyValueHeads = keyValueHeads, .width = width, .scoring = scoring};
  ek_for_ranges(prompts.count * heads, 1, attention_range, &work);
}

/// x / y; 0 where y is 0.
EK_INLINE float ek_quotient(float x, float y) { return y == 0 ? 0 : x / y; }

/// What a gradient is multiplied by on its way through a cap of scores.
EK_INLINE float passing_cap(float score, float cap, bool secant) {
  const float t = ek_fine_tanh(score / cap);
  if (!secant) return 1.0f - t * t;
  return fabsf(score) < 1e-6f ? 1.0f : cap * t / score;
}

/// Turns gradients at a pattern, in their place, into those at the products of query and keys that it was made of;
/// `softened` is room for a row.
EK_INLINE void product_gradients(const attention *o, float *dpattern, const float *pattern, const float *products,
                                 float *softened, int64_t count) {
  const float scale = o->scoring.scale, cap = o->scoring.cap;
  float relevance = 0;
  switch (o->rule) {
    case EK_PATTERN_EXACT:
      ek_softmax_row_backward(dpattern, dpattern, pattern, count);
      break;
    case EK_PATTERN_CONSTANT:
      memset(dpattern, 0, (size_t)count * sizeof(float));
      return;
    case EK_PATTERN_SOFTENED:
      pattern_row(softened, products, count, scale / o->temperature, cap / o->temperature);
      ek_softmax_row_backward(dpattern, dpattern, softened, count);
      break;
    case EK_PATTERN_RELEVANCE:
      for (int64_t j = 0; j < count; j++) relevance += pattern[j] * dpattern[j];
      for (int64_t j = 0; j < count; j++) {
        const float score = scale * products[j];
        dpattern[j] = ek_quotient(relevance * pattern[j], cap == 0 ? score : cap * ek_fine_tanh(score / cap));
      }
      break;
  }
  for (int64_t j = 0; j < count; j++) dpattern[j] *= scale;
  if (cap == 0) return;
  for (int64_t j = 0; j < count; j++) dpattern[j] *= passing_cap(scale * products[j], cap, o->secant);
}

EK_CLONES static void backward_range(const void *c, int64_t begin, int64_t end) {
  const attention *o = c;
  for (int64_t job = begin; job < end; job++) {
    const span s = locate(o, job);
    const size_t rows = QUERIES * (size_t)s.keys;
    float *products = malloc((3 * rows + (1 + 2 * (size_t)o->width) * (size_t)s.keys) * sizeof(float));
    float *pattern = products + rows, *dpattern = pattern + rows, *softened = dpattern + rows;
    float *keys = softened + s.keys, *values = keys + o->width * s.keys;
    fill_panels(keys, o, &s, o->k);
    fill_panels(values, o, &s, o->v);
    // Keys and values that are not the run's own get no gradient.
    for (int64_t j = 0; j < s.keys - s.known; j++) {
      memset(o->dk + s.own + j * s.stride, 0, (size_t)o->width * sizeof(float));
      memset(o->dv + s.own + j * s.stride, 0, (size_t)o->width * sizeof(float));
    }
    for (int64_t first = 0; first < s.queries; first += QUERIES) {
      const block b = block_from(o, &s, first);
      dot_rows(products, o, &s, b, o->q, o->k, keys);
      dot_rows(dpattern, o, &s, b, o->dz, o->v, values);
      for (int64_t i = 0; i < b.count; i++) {
        const keys_seen seen = seen_by(o, &s, first + i);
        const int64_t start = i * s.keys + seen.first, count = seen.end - seen.first;
        pattern_row(pattern + start, products + start, count, o->scoring.scale, o->scoring.cap);
        product_gradients(o, dpattern + start, pattern + start, products + start, softened, count);
      }
      add_over_queries(o->dv, pattern, o, &s, b, o->dz);
      sum_over_keys(o->dq, dpattern, o, &s, b, o->k);
      add_over_queries(o->dk, dpattern, o, &s, b, o->q);
    }
    free(products);
  }
}
void ek_attention_backward(float *dq, float *dk, float *dv, const float *dz, const float *q, const float *k,
                           const float *v, ek_prompts prompts, int64_t heads, int64_t keyValueHeads,
                           int64_t width, ek_scoring scoring, ek_pattern_rule rule, float temperature, bool secant) {
  attention work = {.rule = rule, .temperature = temperature, .secant = secant, .dq = dq, .dk = dk, .dv = dv, .dz = dz,
                    .q = q, .k = k, .v = v, .prompts = prompts, .heads = heads, .keyValueHeads = keyValueHeads,
                    .width = width, .scoring = scoring};
  ek_for_ranges(prompts.count * heads, 1, backward_range, &work);
}
