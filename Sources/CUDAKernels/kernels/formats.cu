// Numbers as checkpoints store them.

enum { EK_F64, EK_F32, EK_F16, EK_BF16, EK_Q8_0, EK_Q4_0, EK_Q4_1 };

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
    default: {  // scale, maybe minimum, 16 bytes whose low halves are the first 16 elements
      const i64 size = format == EK_Q4_0 ? 18 : 20, place = i % 32;
      const u8 *block = row + i / 32 * size, *packed = block + size - 16;
      const int number = place < 16 ? packed[place] & 15 : packed[place - 16] >> 4;
      if (format == EK_Q4_0) return ek_half(block) * (float)(number - 8);
      return ek_half(block) * (float)number + ek_half(block + 2);
    }
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
