// Numbers of checkpoints to Float32.
#include "internal.h"

/// Half precision to Float32, subnormals, infinities and NaN included: no branch, so that loops of it are vectors.
EK_INLINE float ek_half(uint16_t half) {
  union { uint32_t bits; float value; } out = {.bits = (uint32_t)(half & 0x7fffu) << 13};
  const uint32_t special = out.bits >= 0x0f800000u ? out.bits | 0x7f800000u : 0;
  out.value *= 0x1p112f;  // From the exponent's bias of 15 to that of 127.
  out.bits = (special ? special : out.bits) | (uint32_t)(half & 0x8000u) << 16;
  return out.value;
}
EK_INLINE float read_half(const uint8_t *bytes) {
  uint16_t half;
  memcpy(&half, bytes, sizeof half);
  return ek_half(half);
}

enum { block = 32, q8_bytes = 34, q4_0_bytes = 18, q4_1_bytes = 20 };

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
    case ek_q8_0:  // scale, 32 signed bytes
      for (int64_t b = 0; b < count / block; b++) {
        const uint8_t *in = bytes + b * q8_bytes;
        const float scale = read_half(in);
        for (int i = 0; i < block; i++) out[b * block + i] = scale * (int8_t)in[2 + i];
      }
      break;
    case ek_q4_0:  // scale, 16 bytes: low halves are elements 0…15, high halves 16…31; 8 is zero
      for (int64_t b = 0; b < count / block; b++) {
        const uint8_t *in = bytes + b * q4_0_bytes;
        const float scale = read_half(in);
        for (int i = 0; i < 16; i++) out[b * block + i] = scale * (float)((in[2 + i] & 15) - 8);
        for (int i = 0; i < 16; i++) out[b * block + 16 + i] = scale * (float)((in[2 + i] >> 4) - 8);
      }
      break;
    case ek_q4_1:  // scale, minimum, 16 bytes
      for (int64_t b = 0; b < count / block; b++) {
        const uint8_t *in = bytes + b * q4_1_bytes;
        const float scale = read_half(in), minimum = read_half(in + 2);
        for (int i = 0; i < 16; i++) out[b * block + i] = scale * (float)(in[4 + i] & 15) + minimum;
        for (int i = 0; i < 16; i++) out[b * block + 16 + i] = scale * (float)(in[4 + i] >> 4) + minimum;
      }
      break;
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
