// Rotary embedding and attention, one (prompt, head) at a time; forward and backward.
#include "softmax.h"
#include <stdlib.h>

typedef struct {
  float *x;
  const float *cosines, *sines;
  const int32_t *positions;
  int64_t heads, width, rotated;
  bool inverse;
} rotary;

EK_CLONES static void rotary_range(const void *c, int64_t begin, int64_t end) {
  const rotary *o = c;
  const int64_t half = o->rotated / 2;
  const float sign = o->inverse ? -1.0f : 1.0f;
  for (int64_t t = begin; t < end; t++) {
    const float *cosine = o->cosines + o->positions[t] * half, *sine = o->sines + o->positions[t] * half;
    for (int64_t h = 0; h < o->heads; h++) {
      float *x = o->x + (t * o->heads + h) * o->width;
#pragma clang loop vectorize(assume_safety)
      for (int64_t i = 0; i < half; i++) {
        const float a = x[i], b = x[i + half], s = sign * sine[i];
        x[i] = a * cosine[i] - b * s;
        x[i + half] = a * s + b * cosine[i];
      }
    }
  }
}
void ek_rotary(float *x, const float *cosines, const float *sines, const int32_t *positions, int64_t tokens,
               int64_t heads, int64_t width, int64_t rotated, bool inverse) {
  rotary work = {x, cosines, sines, positions, heads, width, rotated, inverse};
  ek_for_ranges(tokens, ek_row_grain(heads * width), rotary_range, &work);
}

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

/// pattern[j] = softmax over the first `seen` keys of scale * <q, k_j>, which are capped unless the cap is 0
EK_INLINE void pattern_row(float *pattern, const float *q, const float *k, int64_t seen, int64_t stride, int64_t width,
                           float scale, float cap) {
  for (int64_t j = 0; j < seen; j++) pattern[j] = scale * dot(q, k + j * stride, width);
  if (cap != 0) for (int64_t j = 0; j < seen; j++) pattern[j] = cap * ek_fine_tanh(pattern[j] / cap);
  ek_softmax_row(pattern, pattern, seen);
}

EK_CLONES static void attention_range(const void *c, int64_t begin, int64_t end) {
  const attention *o = c;
  for (int64_t job = begin; job < end; job++) {
    const span s = locate(o, job);
    float *pattern = malloc((size_t)s.keys * sizeof(float));
    for (int64_t i = 0; i < s.queries; i++) {
      const keys_seen keys = seen_by(o, &s, i);
      const int64_t seen = keys.end - keys.first, key = s.key + keys.first * s.source;
      float *z = o->z + s.query + i * s.stride;
      pattern_row(pattern, o->q + s.query + i * s.stride, o->k + key, seen, s.source, o->width, o->scoring.scale,
                  o->scoring.cap);
      memset(z, 0, (size_t)o->width * sizeof(float));
      for (int64_t j = 0; j < seen; j++) add_scaled(z, o->v + key + j * s.source, pattern[j], o->width);
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

/// Turns gradients at a pattern, in their place, into those at the products of query and keys, times scale, that it was
/// made of; `scores` are overwritten.
EK_INLINE void score_gradients(const attention *o, float *dpattern, const float *pattern, float *scores, const float *q,
                               const float *k, int64_t seen, int64_t stride) {
  const float scale = o->scoring.scale, cap = o->scoring.cap;
  float relevance = 0;
  switch (o->rule) {
    case EK_PATTERN_EXACT:
      ek_softmax_row_backward(dpattern, dpattern, pattern, seen);
      break;
    case EK_PATTERN_CONSTANT:
      memset(dpattern, 0, (size_t)seen * sizeof(float));
      return;
    case EK_PATTERN_SOFTENED:
      pattern_row(scores, q, k, seen, stride, o->width, scale / o->temperature, cap / o->temperature);
      ek_softmax_row_backward(dpattern, dpattern, scores, seen);
      break;
    case EK_PATTERN_RELEVANCE:
      for (int64_t j = 0; j < seen; j++) relevance += pattern[j] * dpattern[j];
      for (int64_t j = 0; j < seen; j++) {
        const float score = scale * dot(q, k + j * stride, o->width);
        dpattern[j] = ek_quotient(relevance * pattern[j], cap == 0 ? score : cap * ek_fine_tanh(score / cap));
      }
      break;
  }
  if (cap == 0) return;
  for (int64_t j = 0; j < seen; j++)
    dpattern[j] *= passing_cap(scale * dot(q, k + j * stride, o->width), cap, o->secant);
}

EK_CLONES static void backward_range(const void *c, int64_t begin, int64_t end) {
  const attention *o = c;
  for (int64_t job = begin; job < end; job++) {
    const span s = locate(o, job);
    const size_t row = (size_t)o->width * sizeof(float);
    float *pattern = malloc(3 * (size_t)s.keys * sizeof(float)), *dpattern = pattern + s.keys;
    float *scores = dpattern + s.keys;
    // Keys and values that are not the run's own get no gradient.
    float *dk = o->dk + s.own, *dv = o->dv + s.own;
    for (int64_t j = 0; j < s.keys - s.known; j++) {
      memset(dk + j * s.stride, 0, row);
      memset(dv + j * s.stride, 0, row);
    }
    for (int64_t i = 0; i < s.queries; i++) {
      const keys_seen keys = seen_by(o, &s, i);
      const int64_t seen = keys.end - keys.first, known = s.known - keys.first;
      const float *q = o->q + s.query + i * s.stride, *dz = o->dz + s.query + i * s.stride;
      const float *k = o->k + s.key + keys.first * s.source, *v = o->v + s.key + keys.first * s.source;
      float *dq = o->dq + s.query + i * s.stride;
      pattern_row(pattern, q, k, seen, s.source, o->width, o->scoring.scale, o->scoring.cap);
      for (int64_t j = 0; j < seen; j++) {
        dpattern[j] = dot(dz, v + j * s.source, o->width);
        if (j >= known) add_scaled(dv + (j - known) * s.stride, dz, pattern[j], o->width);
      }
      score_gradients(o, dpattern, pattern, scores, q, k, seen, s.source);
      memset(dq, 0, row);
      for (int64_t j = 0; j < seen; j++) {
        add_scaled(dq, k + j * s.source, o->scoring.scale * dpattern[j], o->width);
        if (j >= known) add_scaled(dk + (j - known) * s.stride, q, o->scoring.scale * dpattern[j], o->width);
      }
    }
    free(pattern);
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
