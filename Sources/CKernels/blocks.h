// Blocks of quantised numbers to Float32, as llama.cpp's GGUF files store them: a whole number times a scale, less a
// minimum. Formats ending in K have blocks of 256, in which each 16 or 32 numbers have a small scale of their own.
#ifndef EDGEWISE_BLOCKS_H
#define EDGEWISE_BLOCKS_H

#include "internal.h"

// The numbers of a file are the same on every machine: nothing is rounded less often where a CPU could.
#pragma STDC FP_CONTRACT OFF

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

// Blocks of 32: scale, maybe minimum, maybe 32 fifth bits, 16 bytes whose low halves are elements 0…15 and whose high
// halves are elements 16…31.

EK_INLINE void decode_q8_0(float *restrict out, const uint8_t *restrict in) {  // scale, 32 signed bytes
  const float scale = read_half(in);
  for (int i = 0; i < 32; i++) out[i] = scale * (int8_t)in[2 + i];
}
EK_INLINE void decode_q4_0(float *restrict out, const uint8_t *restrict in) {  // 8 is zero
  const float scale = read_half(in);
  for (int i = 0; i < 16; i++) out[i] = scale * (float)((in[2 + i] & 15) - 8);
  for (int i = 0; i < 16; i++) out[16 + i] = scale * (float)((in[2 + i] >> 4) - 8);
}
EK_INLINE void decode_q4_1(float *restrict out, const uint8_t *restrict in) {
  const float scale = read_half(in), minimum = read_half(in + 2);
  for (int i = 0; i < 16; i++) out[i] = scale * (float)(in[4 + i] & 15) + minimum;
  for (int i = 0; i < 16; i++) out[16 + i] = scale * (float)(in[4 + i] >> 4) + minimum;
}
EK_INLINE void decode_q5_0(float *restrict out, const uint8_t *restrict in) {  // 16 is zero
  const float scale = read_half(in);
  uint32_t fifth;
  memcpy(&fifth, in + 2, sizeof fifth);
  for (int i = 0; i < 16; i++) out[i] = scale * (float)((int)((in[6 + i] & 15) | (fifth >> i & 1) << 4) - 16);
  for (int i = 0; i < 16; i++) out[16 + i] = scale * (float)((int)(in[6 + i] >> 4 | (fifth >> (16 + i) & 1) << 4) - 16);
}
EK_INLINE void decode_q5_1(float *restrict out, const uint8_t *restrict in) {
  const float scale = read_half(in), minimum = read_half(in + 2);
  uint32_t fifth;
  memcpy(&fifth, in + 4, sizeof fifth);
  for (int i = 0; i < 16; i++) out[i] = scale * (float)((in[8 + i] & 15) | (fifth >> i & 1) << 4) + minimum;
  for (int i = 0; i < 16; i++) out[16 + i] = scale * (float)(in[8 + i] >> 4 | (fifth >> (16 + i) & 1) << 4) + minimum;
}
/// What the 4 bits of IQ4_NL and IQ4_XS stand for.
static const int8_t ek_uneven[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
EK_INLINE void decode_iq4_nl(float *restrict out, const uint8_t *restrict in) {
  const float scale = read_half(in);
  for (int i = 0; i < 16; i++) out[i] = scale * (float)ek_uneven[in[2 + i] & 15];
  for (int i = 0; i < 16; i++) out[16 + i] = scale * (float)ek_uneven[in[2 + i] >> 4];
}

// Blocks of 256.

EK_INLINE void decode_q2_k(float *restrict out, const uint8_t *restrict in) {  // 16 scales and minima, 64 bytes, halves
  const float scale = read_half(in + 80), minimum = read_half(in + 82);
  for (int g = 0; g < 16; g++) {
    const float own = scale * (float)(in[g] & 15), least = minimum * (float)(in[g] >> 4);
    const uint8_t *packed = in + 16 + g / 8 * 32 + g % 2 * 16;
    const int shift = g % 8 / 2 * 2;
    for (int i = 0; i < 16; i++) out[16 * g + i] = own * (float)(packed[i] >> shift & 3) - least;
  }
}
EK_INLINE void decode_q3_k(float *restrict out, const uint8_t *restrict in) {  // 32 bytes of third bits, 64, 12, half
  const float scale = read_half(in + 108);
  for (int g = 0; g < 16; g++) {
    // 16 scales of 6 bits: four in the halves of 8 bytes, two in the last four.
    const uint8_t *small = in + 96;
    const int low = g < 8 ? small[g] & 15 : small[g - 8] >> 4, high = small[8 + g % 4] >> g / 4 * 2 & 3;
    const float own = scale * (float)((low | high << 4) - 32);
    const uint8_t *packed = in + 32 + g / 8 * 32 + g % 2 * 16, *third = in + g % 2 * 16;
    const int shift = g % 8 / 2 * 2, bit = g / 2;
    for (int i = 0; i < 16; i++)
      out[16 * g + i] = own * (float)((packed[i] >> shift & 3) - (third[i] >> bit & 1 ? 0 : 4));
  }
}
/// Scale and minimum g of 8, of 6 bits each, in 12 bytes.
EK_INLINE int small_scale(const uint8_t *small, int g) {
  return g < 4 ? small[g] & 63 : (small[g + 4] & 15) | (small[g - 4] >> 6) << 4;
}
EK_INLINE int small_minimum(const uint8_t *small, int g) {
  return g < 4 ? small[g + 4] & 63 : small[g + 4] >> 4 | (small[g] >> 6) << 4;
}
EK_INLINE void decode_q4_k(float *restrict out, const uint8_t *restrict in) {  // halves, 12 bytes, 128
  const float scale = read_half(in), minimum = read_half(in + 2);
  for (int g = 0; g < 8; g++) {
    const float own = scale * (float)small_scale(in + 4, g), least = minimum * (float)small_minimum(in + 4, g);
    const uint8_t *packed = in + 16 + g / 2 * 32;
    const int shift = g % 2 * 4;
    for (int i = 0; i < 32; i++) out[32 * g + i] = own * (float)(packed[i] >> shift & 15) - least;
  }
}
EK_INLINE void decode_q5_k(float *restrict out, const uint8_t *restrict in) {  // halves, 12 bytes, 32 of fifth bits, 128
  const float scale = read_half(in), minimum = read_half(in + 2);
  for (int g = 0; g < 8; g++) {
    const float own = scale * (float)small_scale(in + 4, g), least = minimum * (float)small_minimum(in + 4, g);
    const uint8_t *packed = in + 48 + g / 2 * 32, *fifth = in + 16;
    const int shift = g % 2 * 4;
    for (int i = 0; i < 32; i++)
      out[32 * g + i] = own * (float)((packed[i] >> shift & 15) | (fifth[i] >> g & 1) << 4) - least;
  }
}
EK_INLINE void decode_q6_k(float *restrict out, const uint8_t *restrict in) {  // 128 bytes, 64 of high bits, 16 scales, half
  const float scale = read_half(in + 208);
  for (int g = 0; g < 16; g++) {
    const float own = scale * (float)(int8_t)in[192 + g];
    // A half of the block has 64 bytes of low bits, for 64 numbers and the next 64, and 32 of high ones.
    const uint8_t *low = in + g / 8 * 64 + g % 4 * 16, *high = in + 128 + g / 8 * 32 + g % 2 * 16;
    const int shift = g % 8 / 4 * 4, turn = g % 8 / 2 * 2;
    for (int i = 0; i < 16; i++)
      out[16 * g + i] = own * (float)(((low[i] >> shift & 15) | (high[i] >> turn & 3) << 4) - 32);
  }
}
EK_INLINE void decode_iq4_xs(float *restrict out, const uint8_t *restrict in) {  // half, 8 scales of 6 bits in 2 + 4, 128
  const float scale = read_half(in);
  for (int g = 0; g < 8; g++) {
    const int high = in[2 + g / 4] >> g % 4 * 2 & 3, low = in[4 + g / 2] >> g % 2 * 4 & 15;
    const float own = scale * (float)((low | high << 4) - 32);
    const uint8_t *packed = in + 8 + 16 * g;
    for (int i = 0; i < 16; i++) out[32 * g + i] = own * (float)ek_uneven[packed[i] & 15];
    for (int i = 0; i < 16; i++) out[32 * g + 16 + i] = own * (float)ek_uneven[packed[i] >> 4];
  }
}

#endif
