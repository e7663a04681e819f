// Numbers as checkpoints store them.

enum {
  EK_F64, EK_F32, EK_F16, EK_BF16, EK_Q8_0, EK_Q4_0, EK_Q4_1, EK_Q5_0, EK_Q5_1, EK_IQ4_NL, EK_Q2_K, EK_Q3_K, EK_Q4_K,
  EK_Q5_K, EK_Q6_K, EK_IQ4_XS
};

/// Half precision, at any address.
static __device__ float ek_half(const u8 *bytes) {
  const u32 half = bytes[0] | (u32)bytes[1] << 8, magnitude = half & 0x7fffu;
  union { u32 bits; float value; } out;
  out.bits = magnitude << 13;
  if (magnitude >= 0x7c00u) out.bits |= 0x7f800000u;  // Infinity and NaN.
  else out.value *= 5.192296858534828e33f;            // 2^112, from the exponent's bias of 15 to that of 127.
  out.bits |= (half & 0x8000u) << 16;
  return out.value;
}

/// What the 4 bits of IQ4_NL and IQ4_XS stand for.
static __device__ float ek_uneven(int place) {
  const signed char steps[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  return (float)steps[place];
}

/// Element i of block b of 32: scale, maybe minimum, maybe fifth bits, 16 bytes whose low halves are the first 16 elements.
static __device__ float ek_small_block(const u8 *row, int format, i64 b, int i) {
  const bool has_minimum = format == EK_Q4_1 || format == EK_Q5_1, is_five = format == EK_Q5_0 || format == EK_Q5_1;
  const int head = has_minimum ? 4 : 2, size = head + (is_five ? 4 : 0) + 16;
  const u8 *block = row + b * size, *packed = block + size - 16;
  int number = i < 16 ? packed[i] & 15 : packed[i - 16] >> 4;
  if (is_five) number |= (block[head + i / 8] >> i % 8 & 1) << 4;
  if (format == EK_IQ4_NL) return ek_half(block) * ek_uneven(number);
  if (has_minimum) return ek_half(block) * (float)number + ek_half(block + 2);
  return ek_half(block) * (float)(number - (is_five ? 16 : 8));
}

/// Element i of block b of 256, in which each 16 or 32 numbers have a small scale, and maybe a minimum, of their own.
static __device__ float ek_large_block(const u8 *row, int format, i64 b, int i) {
  const int sizes[] = {84, 110, 144, 176, 210, 136};
  const u8 *block = row + b * sizes[format - EK_Q2_K];
  // In halves of 128, each byte of 32 holds two bits of four numbers.
  const int half = i / 128, place = i % 32, shift = i % 128 / 32 * 2, g = i / 16;
  switch (format) {
    case EK_Q2_K: {  // 16 scales and minima, 64 bytes, halves
      const int number = block[16 + 32 * half + place] >> shift & 3;
      return ek_half(block + 80) * (float)(block[g] & 15) * (float)number - ek_half(block + 82) * (float)(block[g] >> 4);
    }
    case EK_Q3_K: {  // 32 bytes of third bits, 64, 16 scales of 6 bits in 12, half
      const u8 *small = block + 96;
      const int low = g < 8 ? small[g] & 15 : small[g - 8] >> 4, high = small[8 + g % 4] >> g / 4 * 2 & 3;
      const int number = (block[32 + 32 * half + place] >> shift & 3) - (block[place] >> i / 32 & 1 ? 0 : 4);
      return ek_half(block + 108) * (float)((low | high << 4) - 32) * (float)number;
    }
    case EK_Q6_K: {  // 128 bytes, 64 of high bits, 16 scales, half
      const int low = block[64 * half + i % 64] >> i % 128 / 64 * 4 & 15, high = block[128 + 32 * half + place] >> shift & 3;
      return ek_half(block + 208) * (float)(signed char)block[192 + g] * (float)((low | high << 4) - 32);
    }
    case EK_IQ4_XS: {  // half, 8 scales of 6 bits in 2 + 4, 128
      const int s = i / 32, high = block[2 + s / 4] >> s % 4 * 2 & 3, low = block[4 + s / 2] >> s % 2 * 4 & 15;
      const int number = block[8 + 16 * s + i % 16] >> i % 32 / 16 * 4 & 15;
      return ek_half(block) * (float)((low | high << 4) - 32) * ek_uneven(number);
    }
    default: {  // halves, 8 scales and minima of 6 bits in 12 bytes, maybe 32 bytes of fifth bits, 128
      const u8 *small = block + 4, *packed = block + (format == EK_Q4_K ? 16 : 48);
      const int s = i / 32;
      const int scale = s < 4 ? small[s] & 63 : (small[s + 4] & 15) | (small[s - 4] >> 6) << 4;
      const int minimum = s < 4 ? small[s + 4] & 63 : small[s + 4] >> 4 | (small[s] >> 6) << 4;
      int number = packed[s / 2 * 32 + place] >> s % 2 * 4 & 15;
      if (format == EK_Q5_K) number |= (block[16 + place] >> s & 1) << 4;
      return ek_half(block) * (float)scale * (float)number - ek_half(block + 2) * (float)minimum;
    }
  }
}

/// Element i of a row of whole blocks.
static __device__ float ek_element(const u8 *row, int format, i64 i) {
  switch (format) {
    case EK_F64: return (float)((const double *)row)[i];
    case EK_F32: return ((const float *)row)[i];
    case EK_F16: return ek_half(row + 2 * i);
    case EK_BF16: {
      union { u32 bits; float value; } word;
      word.bits = (u32)row[2 * i] << 16 | (u32)row[2 * i + 1] << 24;
      return word.value;
    }
    case EK_Q8_0: {  // scale, 32 signed bytes
      const u8 *block = row + i / 32 * 34;
      return ek_half(block) * (float)(signed char)block[2 + i % 32];
    }
    case EK_Q2_K: case EK_Q3_K: case EK_Q4_K: case EK_Q5_K: case EK_Q6_K: case EK_IQ4_XS:
      return ek_large_block(row, format, i / 256, (int)(i % 256));
    default: return ek_small_block(row, format, i / 32, (int)(i % 32));
  }
}

EK_KERNEL ek_decode(float *out, const u8 *bytes, i64 format, i64 rows, i64 row_bytes, i64 columns) {
  EK_EACH(i, rows * columns) out[i] = ek_element(bytes + i / columns * row_bytes, (int)format, i % columns);
}

EK_KERNEL ek_gather_rows(float *out, const u8 *table, i64 format, const int *indices, i64 rows, i64 row_bytes, i64 columns) {
  EK_EACH(i, rows * columns)
    out[i] = ek_element(table + indices[i / columns] * row_bytes, (int)format, i % columns);
}

/// Rows that are `stride` apart as BF16 without gaps, rounded to nearest, ties to even.
EK_KERNEL ek_to_bf16(u16 *out, const float *x, i64 rows, i64 stride, i64 columns) {
  EK_EACH(i, rows * columns) {
    union { float value; u32 bits; } word;
    word.value = x[i / columns * stride + i % columns];
    const bool is_nan = (word.bits & 0x7fffffffu) > 0x7f800000u;
    out[i] = is_nan ? (u16)(word.bits >> 16 | 64) : (u16)((word.bits + 0x7fffu + (word.bits >> 16 & 1)) >> 16);
  }
}
