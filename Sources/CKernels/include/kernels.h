// Element-wise and row-wise kernels over dense Float32 data, row-major.
//
// Every kernel splits its work into disjoint ranges whose results do not depend on how they are
// split, so results are the same bytes on any number of threads. Pointers must not overlap unless
// a kernel says that it works in place. `Tensors` is the only module that calls these.
#ifndef EDGEWISE_KERNELS_H
#define EDGEWISE_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

// Threads and memory ---------------------------------------------------------------------------

/// Runs body(context, index) for every index in 0..<count, on several threads; in any order.
/// Inside another parallel loop it runs on the calling thread alone.
void ek_parallel(int64_t count, void (*body)(void *context, int64_t index), void *context);
/// The most threads a loop may use; 0 means one for each processor. A setting of the process.
void ek_set_thread_limit(int32_t limit);
/// How many threads a loop uses now.
int32_t ek_thread_count(void);
/// Makes the C allocator keep freed blocks instead of giving them back to the system after each use.
void ek_keep_freed_memory(void);
/// The most bytes of memory that the process has held.
int64_t ek_peak_memory(void);

// How many columns the terminal of stdout has; 0 when stdout goes elsewhere.
int32_t ek_terminal_width(void);
/// The calling thread's own memory on one of two sides (0, 1) for `count` floats: valid until it asks for more on
/// that side. Null when there is none to be had.
float *ek_scratch(int32_t side, int64_t count);

// Number formats -------------------------------------------------------------------------------

typedef enum {
  ek_f64, ek_f32, ek_f16, ek_bf16, ek_q8_0, ek_q4_0, ek_q4_1, ek_q5_0, ek_q5_1, ek_iq4_nl, ek_q2_k, ek_q3_k, ek_q4_k,
  ek_q5_k, ek_q6_k, ek_iq4_xs,
} ek_format;
/// Stored rows of `columns` elements (whole blocks), `row_bytes` apart and at any address, as Float32 rows that are
/// `out_stride` apart.
void ek_decode(float *out, const void *bytes, ek_format format, int64_t rows, int64_t row_bytes, int64_t columns,
               int64_t out_stride);
/// out[r] = table[indices[r]], decoded
void ek_gather_rows(float *out, const void *table, ek_format format, const int32_t *indices, int64_t rows,
                    int64_t row_bytes, int64_t columns);
/// out[r] = table[indices[r]], rows as they are stored
void ek_move_rows(void *out, const void *table, const int32_t *indices, int64_t rows, int64_t row_bytes);

// Elements -------------------------------------------------------------------------------------

/// y[i] += scale * x[i]
void ek_add_scaled(float *y, const float *x, float scale, int64_t count);
/// out[i] = x[i] - y[i]
void ek_subtract(float *out, const float *x, const float *y, int64_t count);
/// x[i] *= scale
void ek_scale(float *x, float scale, int64_t count);
/// x[r, c] += row[c]
void ek_add_row(float *x, const float *row, int64_t rows, int64_t columns);
/// sums[c] += Σ_r x[r, c], accumulated in Float64
void ek_sum_rows(float *sums, const float *x, int64_t rows, int64_t columns);
/// total[i] += x[i], Float64 += Float32
void ek_accumulate(double *total, const float *x, int64_t count);
/// Whether every element is finite.
bool ek_all_finite(const float *x, int64_t count);
/// table[indices[r]] += x[r]; indices may repeat
void ek_scatter_add_rows(float *table, const float *x, const int32_t *indices, int64_t rows, int64_t columns);
/// table[indices[r]] = x[r]; indices do not repeat
void ek_replace_rows(float *table, const float *x, const int32_t *indices, int64_t rows, int64_t columns);
/// x[places[i]] += values[i], in order; places may repeat
void ek_add_entries(float *x, const int64_t *places, const float *values, int64_t count);
/// products[r] = Σ_c x[r, c] * y[r, c] in Float64, in order, passing over zeros of y
void ek_row_products(double *products, const float *x, const float *y, int64_t rows, int64_t columns);
/// distances[r] = Σ_c |x[r, c] - y[r mod places, c]| in Float64
void ek_row_distances(
    double *distances, const float *x, const float *y, int64_t rows, int64_t places, int64_t columns);
/// x[r, c] *= factors[r]
void ek_scale_rows(float *x, const float *factors, int64_t rows, int64_t columns);
/// x[r, c] *= row[c]
void ek_scale_columns(float *x, const float *row, int64_t rows, int64_t columns);
/// x[r, c] /= deviation of row r, out of a norm's statistics
void ek_scale_by_deviations(float *x, const float *statistics, int64_t rows, int64_t columns);
/// out[r, c] += scale * Σ_i x[r, i] * y[r, i] * direction[r, c], where x and y have `inner` columns
void ek_add_projections(float *out, const float *direction, const float *x, const float *y, float scale, int64_t rows,
                        int64_t columns, int64_t inner);
/// out[c, r] = x[r, c]
void ek_transpose(float *out, const float *x, int64_t rows, int64_t columns);
/// out[t, g] = Σ_i x[t, g * group + i], blocks of width floats
void ek_sum_groups(float *out, const float *x, int64_t rows, int64_t groups, int64_t group, int64_t width);

// Norms ----------------------------------------------------------------------------------------

/// y = (x - mean) / sqrt(variance + epsilon) * scale + bias; statistics[r] = (mean, 1 / deviation).
/// RMSNorm when `centred` is false: the mean is taken as 0. bias may be null.
void ek_norm_forward(float *y, float *statistics, const float *x, const float *scale,
                     const float *bias, float epsilon, bool centred, int64_t rows, int64_t columns);
/// dx from dy; row r of dy belongs to row r % cycle of x and statistics. 1 / deviation is a constant when `held`.
void ek_norm_backward(float *dx, const float *dy, const float *x, const float *statistics,
                      const float *scale, bool centred, bool held, int64_t rows, int64_t cycle,
                      int64_t columns);
/// dscale[c] += Σ_r dy * normalised x; dbias[c] += Σ_r dy (may be null)
void ek_norm_backward_parameters(float *dscale, float *dbias, const float *dy, const float *x,
                                 const float *statistics, int64_t rows, int64_t columns);

// Activations ----------------------------------------------------------------------------------

typedef enum {
  ek_gelu_tanh = 0, ek_gelu_erf = 1, ek_silu = 2, ek_relu = 3, ek_plain_tanh = 4, ek_hard_tanh = 5
} ek_activation;
/// y = f(x)
void ek_activate(float *y, const float *x, ek_activation kind, int64_t count);
/// dx = dy * f'(x), or dy * f(x) / x when `secant`, with 1 for the quotient where |x| < 1e-6.
void ek_activate_backward(float *dx, const float *dy, const float *x, ek_activation kind, bool secant, int64_t count);
/// y = f(gate) * up
void ek_gated(float *y, const float *gate, const float *up, ek_activation kind, int64_t count);
void ek_gated_backward(float *dgate, float *dup, const float *dy, const float *gate, const float *up,
                       ek_activation kind, bool secant, int64_t count);

// Softmax and losses ---------------------------------------------------------------------------

/// Softmax of the first valid[r] elements of each row; the rest become 0. In place when y == x.
void ek_softmax(float *y, const float *x, const int32_t *valid, int64_t rows, int64_t columns);
/// dx = y * (dy - Σ y * dy), row by row
void ek_softmax_backward(float *dx, const float *dy, const float *y, int64_t rows, int64_t columns);
/// y = x - log Σ exp x
void ek_log_softmax(float *y, const float *x, int64_t rows, int64_t columns);
/// losses[r] = -log softmax(x)[targets[r]]; dx = softmax(x) - onehot (may be null)
void ek_cross_entropy(double *losses, float *dx, const float *x, const int32_t *targets, int64_t rows, int64_t columns);
/// How far q = softmax(x) is from p = exp(reference), with m = (p + q) / 2.
typedef enum {
  EK_KL,          // Σ p (log p - log q), gradient q - p
  EK_REVERSE_KL,  // Σ q (log q - log p), gradient q * (log q - log p - loss)
  EK_JS,          // ½ Σ p log(p / m) + ½ Σ q log(q / m), gradient ½ q * (log(q / m) - Σ q log(q / m))
} ek_divergence_kind;
/// Losses of each row and dx, which may be null; row r is compared with row r % references of the reference.
void ek_divergence(ek_divergence_kind kind, double *losses, float *dx, const float *x, const float *reference,
                   int64_t rows, int64_t references, int64_t columns);

// Attention ------------------------------------------------------------------------------------

/// Rotates the first `rotated` elements of every head of x[t, head, width] by the angles of row
/// positions[t] of cosines and sines [position, rotated / 2]; backwards when `inverse`.
/// Pairs are (i, i + rotated / 2). In place.
void ek_rotary(float *x, const float *cosines, const float *sines, const int32_t *positions,
               int64_t tokens, int64_t heads, int64_t width, int64_t rotated, bool inverse);
/// Where the tokens of each prompt start in tensors of queries, of keys and values, and of the gradients of these;
/// one more number for the end of the last. Queries are those of a prompt's last tokens, and so are the own keys,
/// those that have gradients: the others are known from elsewhere.
typedef struct { const int32_t *queries, *keys, *own; int64_t count; } ek_prompts;
/// How queries meet keys: scores are scale * <q, k>, or cap * tanh(scale * <q, k> / cap) unless the cap is 0. When causal,
/// a query sees itself and what comes before it; the last `window` of these, itself included, unless that is 0.
typedef struct { float scale, cap; bool causal; int64_t window; } ek_scoring;
/// Attention inside each prompt. q, z [query, head, width]; k, v [key, keyValueHead, width]; head h reads key/value
/// head h / (heads / keyValueHeads).
void ek_attention(float *z, const float *q, const float *k, const float *v, ek_prompts prompts,
                  int64_t heads, int64_t keyValueHeads, int64_t width, ek_scoring scoring);
/// How gradients g at a pattern p become gradients at the scores s that it is the softmax of.
typedef enum {
  EK_PATTERN_EXACT,      // p (g - Σ g p)
  EK_PATTERN_CONSTANT,   // 0
  EK_PATTERN_SOFTENED,   // p' (g - Σ g p') with p' = softmax(s / temperature)
  EK_PATTERN_RELEVANCE,  // p / s * Σ g p, 0 where s is
} ek_pattern_rule;
/// dq [query, head, width]; dk, dv [own, head, width]: gradients of each query head's own copy of k and v. Through a cap
/// they pass by its slope, or by cap * tanh(s / cap) / s when `secant`.
void ek_attention_backward(float *dq, float *dk, float *dv, const float *dz, const float *q,
                           const float *k, const float *v, ek_prompts prompts,
                           int64_t heads, int64_t keyValueHeads, int64_t width, ek_scoring scoring,
                           ek_pattern_rule rule, float temperature, bool secant);

#endif
