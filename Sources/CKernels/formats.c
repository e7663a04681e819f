// Numbers of checkpoints to Float32.
#include "blocks.h"

/// A row of blocks of `count` numbers in `size` bytes.
#define DECODE_BLOCKS(decode, block, size) \
  for (int64_t b = 0; b < count / (block); b++) decode(out + b * (block), bytes + b * (size))

/// One row of whole blocks.
EK_INLINE void decode_row(float *restrict out, const uint8_t *restrict bytes, ek_format format, int64_t count) {
  switch (format) {
    case ek_f64:
      for (int64_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, bytes + 8 * i, sizeof value);
        out[i] = (float)value;
      }
      break;
    case ek_f32: memcpy(out, bytes, 4 * (size_t)count); break;
    case ek_f16: for (int64_t i = 0; i < count; i++) out[i] = read_half(bytes + 2 * i); break;
    case ek_bf16:
      for (int64_t i = 0; i < count; i++) {
        union { uint32_t bits; float value; } word;
        word.bits = (uint32_t)bytes[2 * i] << 16 | (uint32_t)bytes[2 * i + 1] << 24;
        out[i] = word.value;
      }
      break;
    case ek_q8_0: DECODE_BLOCKS(decode_q8_0, 32, 34); break;
    case ek_q4_0: DECODE_BLOCKS(decode_q4_0, 32, 18); break;
    case ek_q4_1: DECODE_BLOCKS(decode_q4_1, 32, 20); break;
    case ek_q5_0: DECODE_BLOCKS(decode_q5_0, 32, 22); break;
    case ek_q5_1: DECODE_BLOCKS(decode_q5_1, 32, 24); break;
    case ek_iq4_nl: DECODE_BLOCKS(decode_iq4_nl, 32, 18); break;
    case ek_q2_k: DECODE_BLOCKS(decode_q2_k, 256, 84); break;
    case ek_q3_k: DECODE_BLOCKS(decode_q3_k, 256, 110); break;
    case ek_q4_k: DECODE_BLOCKS(decode_q4_k, 256, 144); break;
    case ek_q5_k: DECODE_BLOCKS(decode_q5_k, 256, 176); break;
    case ek_q6_k: DECODE_BLOCKS(decode_q6_k, 256, 210); break;
    case ek_iq4_xs: DECODE_BLOCKS(decode_iq4_xs, 256, 136); break;
  }
}

typedef struct {
  float *out;
  const uint8_t *bytes;
  ek_format format;
  const int32_t *indices;
  int64_t row_bytes, columns, out_stride;
} decoding;

EK_CLONES static void decode_rows(const void *c, int64_t begin, int64_t end) {
  const decoding *o = c;
  for (int64_t r = begin; r < end; r++) {
    const int64_t source = o->indices ? o->indices[r] : r;
    decode_row(o->out + r * o->out_stride, o->bytes + source * o->row_bytes, o->format, o->columns);
  }
}
void ek_decode(float *out, const void *bytes, ek_format format, int64_t rows, int64_t row_bytes, int64_t columns,
               int64_t out_stride) {
  decoding work = {out, bytes, format, 0, row_bytes, columns, out_stride};
  ek_for_ranges(rows, ek_row_grain(columns), decode_rows, &work);
}
void ek_gather_rows(float *out, const void *table, ek_format format, const int32_t *indices, int64_t rows,
                    int64_t row_bytes, int64_t columns) {
  decoding work = {out, table, format, indices, row_bytes, columns, columns};
  ek_for_ranges(rows, ek_row_grain(columns), decode_rows, &work);
}

static void move_rows(const void *c, int64_t begin, int64_t end) {
  const decoding *o = c;
  for (int64_t r = begin; r < end; r++)
    memcpy((uint8_t *)o->out + r * o->row_bytes, o->bytes + o->indices[r] * o->row_bytes, (size_t)o->row_bytes);
}
void ek_move_rows(void *out, const void *table, const int32_t *indices, int64_t rows, int64_t row_bytes) {
  decoding work = {out, table, ek_f32, indices, row_bytes, 0, 0};
  ek_for_ranges(rows, ek_row_grain(row_bytes), move_rows, &work);
}
