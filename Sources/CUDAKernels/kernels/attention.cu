// Rotary embedding, and attention with a block for each query, or for each key, of each head.

EK_KERNEL ek_rotary(float *x, const float *cosines, const float *sines, const int *positions, i64 tokens, i64 heads,
                    i64 width, i64 rotated, i64 inverse) {
  const i64 half = rotated / 2;
  EK_EACH(job, tokens * heads * half) {
    const i64 i = job % half, head = job / half;
    const i64 angle = positions[head / heads] * half + i;
    float *pair = x + head * width + i;
    const float a = pair[0], b = pair[half], sine = inverse ? -sines[angle] : sines[angle];
    pair[0] = a * cosines[angle] - b * sine;
    pair[half] = a * sine + b * cosines[angle];
  }
}

/// Sizes that attention kernels are told.
typedef struct {
  i64 prompts, heads, key_heads, width, causal, longest, window;  // no window: 0
  double scale, cap;  // no cap: 0
} ek_attention_shape;

/// How gradients at a pattern become gradients at its scores; see ek_pattern_rule in kernels.h.
typedef struct {
  i64 kind, secant;
  double temperature;
} ek_rule;
enum { EK_PATTERN_EXACT, EK_PATTERN_CONSTANT, EK_PATTERN_SOFTENED, EK_PATTERN_RELEVANCE };

/// A score, capped unless the cap is 0.
static __device__ float ek_capped(float score, float cap) { return cap == 0 ? score : cap * tanhf(score / cap); }

/// What a gradient is multiplied by on its way through a cap.
static __device__ float ek_passing_cap(float score, float cap, const ek_rule &rule) {
  if (cap == 0) return 1;
  const float t = tanhf(score / cap);
  if (!rule.secant) return 1 - t * t;
  return fabsf(score) < 1e-6f ? 1 : cap * t / score;
}

/// The gradient at one score, from that at its place of the pattern, and from the pattern's sum of weighted gradients.
static __device__ float ek_score_gradient(const ek_rule &rule, float weight, float gradient, float mean, float score) {
  switch (rule.kind) {
    case EK_PATTERN_CONSTANT: return 0;
    case EK_PATTERN_RELEVANCE: return score == 0 ? 0 : mean * weight / score;
    default: return weight * (gradient - mean);
  }
}

/// Where prompts start among queries (those of a prompt's last tokens), keys, and own keys (the last ones, which have
/// gradients); each has one more number for the end.
typedef struct { const int *queries, *keys, *own; } ek_starts;

/// The three lists out of one.
static __device__ ek_starts ek_split(const int *starts, const ek_attention_shape &s) {
  ek_starts split = {starts, starts + s.prompts + 1, starts + 2 * (s.prompts + 1)};
  return split;
}

/// The prompt that a row belongs to: the last one that starts at or before it.
static __device__ i64 ek_prompt(const int *starts, i64 prompts, i64 row) {
  i64 low = 0, high = prompts - 1;
  while (low < high) {
    const i64 middle = (low + high + 1) / 2;
    if (starts[middle] <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/// <x, y> in four sums, none of which waits for another.
static __device__ float ek_dot(const float *x, const float *y, i64 count) {
  float sums[4] = {0, 0, 0, 0};
  const int whole = (int)count / 4 * 4;
  for (int i = 0; i < whole; i += 4) {
    sums[0] += x[i] * y[i];
    sums[1] += x[i + 1] * y[i + 1];
    sums[2] += x[i + 2] * y[i + 2];
    sums[3] += x[i + 3] * y[i + 3];
  }
  for (int i = whole; i < (int)count; i++) sums[0] += x[i] * y[i];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// Σ_j weights[j] * x[j * stride] over the first `count`.
static __device__ float ek_weighted(const float *weights, const float *x, i64 count, i64 stride) {
  float sum = 0;
  for (int j = 0; j < (int)count; j++, x += stride) sum += weights[j] * *x;
  return sum;
}

/// Two numbers for each key or query of the longest prompt: in the block's shared memory, or in `spill` where they
/// do not fit into it.
static __device__ float *ek_rows_of_block(float *spill, i64 longest) {
  EK_SHARED_FLOATS(own);
  return spill ? spill + (i64)blockIdx.x * 2 * longest : own;
}

/// Forms pattern[j] = softmax_j(scale * <q, k_j>), of capped scores unless the cap is 0, over the first `seen` keys, and
/// returns log Σ exp of the scores.
static __device__ float ek_pattern(float *pattern, const float *q, const float *k, i64 seen, i64 stride, i64 width,
                                   float scale, float cap) {
  float top = -INFINITY;
  EK_LANES(j, seen) {
    pattern[j] = ek_capped(scale * ek_dot(q, k + j * stride, width), cap);
    top = fmaxf(top, pattern[j]);
  }
  top = ek_max(top);
  double sum = 0;
  EK_LANES(j, seen) {
    pattern[j] = expf(pattern[j] - top);
    sum += pattern[j];
  }
  sum = ek_sum(sum);
  EK_LANES(j, seen) pattern[j] *= (float)(1 / sum);
  __syncthreads();
  return top + (float)log(sum);
}

/// Where one query of one head lies, and the first of the keys that it sees.
typedef struct { i64 query, key, seen; } ek_place;

static __device__ ek_place ek_locate(const ek_starts &at, const ek_attention_shape &s, i64 job) {
  const i64 row = job / s.heads, head = job % s.heads;
  const i64 p = ek_prompt(at.queries, s.prompts, row);
  const i64 keys = at.keys[p + 1] - at.keys[p], after = at.queries[p + 1] - row - 1;
  ek_place place;
  const i64 end = s.causal ? keys - after : keys, first = s.window && end > s.window ? end - s.window : 0;
  place.query = job * s.width;
  place.key = ((at.keys[p] + first) * s.key_heads + head / (s.heads / s.key_heads)) * s.width;
  place.seen = end - first;
  return place;
}

EK_KERNEL ek_attention(float *z, const float *q, const float *k, const float *v, const int *starts,
                       ek_attention_shape s, float *spill) {
  float *pattern = ek_rows_of_block(spill, s.longest);
  const ek_starts prompts = ek_split(starts, s);
  const i64 stride = s.key_heads * s.width;
  EK_ROWS(job, prompts.queries[s.prompts] * s.heads) {
    const ek_place at = ek_locate(prompts, s, job);
    ek_pattern(pattern, q + at.query, k + at.key, at.seen, stride, s.width, (float)s.scale, (float)s.cap);
    EK_LANES(i, s.width) z[at.query + i] = ek_weighted(pattern, v + at.key + i, at.seen, stride);
    __syncthreads();
  }
}

/// dq, and for each query and head what the gradients of its keys need: log Σ exp, the same of softened scores, and
/// Σ pattern * dpattern.
EK_KERNEL ek_attention_backward_queries(float *dq, float *statistics, const float *dz, ek_rule rule, const float *q,
                                        const float *k, const float *v, const int *starts,
                                        ek_attention_shape s, float *spill) {
  float *pattern = ek_rows_of_block(spill, s.longest), *dpattern = pattern + s.longest;
  const ek_starts prompts = ek_split(starts, s);
  const i64 stride = s.key_heads * s.width;
  EK_ROWS(job, prompts.queries[s.prompts] * s.heads) {
    const ek_place at = ek_locate(prompts, s, job);
    const float log_sum =
        ek_pattern(pattern, q + at.query, k + at.key, at.seen, stride, s.width, (float)s.scale, (float)s.cap);
    float soft_log_sum = log_sum;
    if (rule.kind == EK_PATTERN_SOFTENED)
      soft_log_sum = ek_pattern(pattern, q + at.query, k + at.key, at.seen, stride, s.width,
                                (float)(s.scale / rule.temperature), (float)(s.cap / rule.temperature));
    double product = 0;
    EK_LANES(j, at.seen) {
      dpattern[j] = ek_dot(dz + at.query, v + at.key + j * stride, s.width);
      product += (double)pattern[j] * (double)dpattern[j];
    }
    const float mean = (float)ek_sum(product);
    EK_LANES(j, at.seen) {
      const float score = rule.kind == EK_PATTERN_RELEVANCE || s.cap != 0
                              ? (float)s.scale * ek_dot(q + at.query, k + at.key + j * stride, s.width) : 0;
      dpattern[j] = ek_score_gradient(rule, pattern[j], dpattern[j], mean, ek_capped(score, (float)s.cap)) *
                    ek_passing_cap(score, (float)s.cap, rule);
    }
    __syncthreads();
    EK_LANES(i, s.width)
      dq[at.query + i] = (float)s.scale * ek_weighted(dpattern, k + at.key + i, at.seen, stride);
    if (threadIdx.x == 0) {
      statistics[3 * job] = log_sum;
      statistics[3 * job + 1] = soft_log_sum;
      statistics[3 * job + 2] = mean;
    }
    __syncthreads();
  }
}

/// dk and dv of each head's own copy of each own key, from what ek_attention_backward_queries left.
EK_KERNEL ek_attention_backward_keys(float *dk, float *dv, const float *statistics, const float *dz, ek_rule rule,
                                     const float *q, const float *k, const float *v, const int *starts,
                                     ek_attention_shape s, float *spill) {
  float *pattern = ek_rows_of_block(spill, s.longest), *dpattern = pattern + s.longest;
  const ek_starts at = ek_split(starts, s);
  EK_ROWS(job, at.own[s.prompts] * s.heads) {
    const i64 row = job / s.heads, head = job % s.heads;
    const i64 p = ek_prompt(at.own, s.prompts, row);
    const i64 keys = at.keys[p + 1] - at.keys[p], queries = at.queries[p + 1] - at.queries[p];
    const i64 place = keys - (at.own[p + 1] - row);  // among the prompt's keys
    const i64 unseen = s.causal ? place - (keys - queries) : 0, first = unseen > 0 ? unseen : 0;
    // From a window on, queries see later keys only.
    const i64 last = s.window && unseen + s.window < queries ? unseen + s.window : queries;
    const i64 count = last > first ? last - first : 0;
    const i64 key = ((at.keys[p] + place) * s.key_heads + head / (s.heads / s.key_heads)) * s.width;
    EK_LANES(i, count) {
      const i64 query = (at.queries[p] + first + i) * s.heads + head;
      const float *of_query = statistics + 3 * query;
      const float product = (float)s.scale * ek_dot(q + query * s.width, k + key, s.width);
      const float score = ek_capped(product, (float)s.cap);
      const float weight = expf(score - of_query[0]);
      const float passing = rule.kind == EK_PATTERN_SOFTENED
                                ? expf(score / (float)rule.temperature - of_query[1]) : weight;
      pattern[i] = weight;
      dpattern[i] = ek_score_gradient(rule, (float)s.scale * passing,
                                      ek_dot(dz + query * s.width, v + key, s.width), of_query[2], score) *
                    ek_passing_cap(product, (float)s.cap, rule);
    }
    __syncthreads();
    const i64 rest = ((at.queries[p] + first) * s.heads + head) * s.width, stride = s.heads * s.width;
    EK_LANES(c, s.width) {
      dk[job * s.width + c] = ek_weighted(dpattern, q + rest + c, count, stride);
      dv[job * s.width + c] = ek_weighted(pattern, dz + rest + c, count, stride);
    }
    __syncthreads();
  }
}
