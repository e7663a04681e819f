// Number formats of checkpoints: IEEE half, bfloat16 and the block formats of GGUF.
#include "internal.h"

/// Half precision to Float32, subnormals and infinities included.
EK_INLINE float ek_half(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = (half >> 10) & 31u, mantissa = half & 1023u;
  union { uint32_t bits; float value; } out;
  if (exponent == 31) out.bits = sign | 0x7f800000u | mantissa << 13;
  else if (exponent) out.bits = sign | (exponent + 112) << 23 | mantissa << 13;
  else {
    out.value = (float)mantissa * 0x1p-24f;
    out.bits |= sign;
  }
  return out.value;
}
EK_INLINE float read_half(const uint8_t *bytes) {
  uint16_t half;
  memcpy(&half, bytes, sizeof half);
  return ek_half(half);
}

typedef struct { float *out; const uint8_t *bytes; ek_format format; int64_t count; } decoding;

enum { block = 32, q8_bytes = 34, q4_0_bytes = 18, q4_1_bytes = 20 };

// Ranges are multiples of `block`, so that no block is split.
EK_CLONES static void decode_range(const void *c, int64_t begin, int64_t end) {
  const decoding *o = c;
  float *out = o->out;
  switch (o->format) {
    case ek_f32: memcpy(out + begin, o->bytes + 4 * begin, 4 * (size_t)(end - begin)); break;
    case ek_f16: for (int64_t i = begin; i < end; i++) out[i] = read_half(o->bytes + 2 * i); break;
    case ek_bf16:
      for (int64_t i = begin; i < end; i++) {
        union { uint32_t bits; float value; } word;
        word.bits = (uint32_t)o->bytes[2 * i] << 16 | (uint32_t)o->bytes[2 * i + 1] << 24;
        out[i] = word.value;
      }
      break;
    case ek_q8_0:  // scale, 32 signed bytes
      for (int64_t b = begin / block; b < end / block; b++) {
        const uint8_t *in = o->bytes + b * q8_bytes;
        const float scale = read_half(in);
        for (int i = 0; i < block; i++) out[b * block + i] = scale * (int8_t)in[2 + i];
      }
      break;
    case ek_q4_0:  // scale, 16 bytes: low halves are elements 0…15, high halves 16…31; 8 is zero
      for (int64_t b = begin / block; b < end / block; b++) {
        const uint8_t *in = o->bytes + b * q4_0_bytes;
        const float scale = read_half(in);
        for (int i = 0; i < 16; i++) {
          out[b * block + i] = scale * (float)((in[2 + i] & 15) - 8);
          out[b * block + 16 + i] = scale * (float)((in[2 + i] >> 4) - 8);
        }
      }
      break;
    case ek_q4_1:  // scale, minimum, 16 bytes
      for (int64_t b = begin / block; b < end / block; b++) {
        const uint8_t *in = o->bytes + b * q4_1_bytes;
        const float scale = read_half(in), minimum = read_half(in + 2);
        for (int i = 0; i < 16; i++) {
          out[b * block + i] = scale * (float)(in[4 + i] & 15) + minimum;
          out[b * block + 16 + i] = scale * (float)(in[4 + i] >> 4) + minimum;
        }
      }
      break;
  }
}
void ek_decode(float *out, const void *bytes, ek_format format, int64_t count) {
  decoding work = {out, bytes, format, count};
  ek_for_ranges(count, EK_ELEMENT_GRAIN, decode_range, &work);
}
