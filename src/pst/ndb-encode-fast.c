#include "pst/ndb-encode-private.h"

#ifdef __x86_64__
#include <immintrin.h>

#define FOLD_LEAST 128 /* bytes: below, a table is as fast */

/* 64 table look-ups at a time: VPERMI2B takes seven bits of each byte, the
 * eighth one chooses between the halves. */
__attribute__((target("avx512f,avx512bw,avx512vbmi"))) static gsize
encode_vbmi(guint8 *to, const guint8 *from, gsize len, const guint8 *table)
{
	const __m512i t0 = _mm512_loadu_si512(table);
	const __m512i t1 = _mm512_loadu_si512(table + 64);
	const __m512i t2 = _mm512_loadu_si512(table + 128);
	const __m512i t3 = _mm512_loadu_si512(table + 192);

	for (gsize i = 0; i < len; i += 64) {
		__mmask64 m = len - i < 64 ? (1ull << (len - i)) - 1 : ~0ull;
		__m512i x = _mm512_maskz_loadu_epi8(m, from + i);
		__m512i low = _mm512_permutex2var_epi8(t0, x, t1);
		__m512i high = _mm512_permutex2var_epi8(t2, x, t3);

		_mm512_mask_storeu_epi8(to + i, m,
		    _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high));
	}
	return len;
}

gsize
pst_encode_fast(guint8 *to, const guint8 *from, gsize len, const guint8 *table)
{
	if (__builtin_cpu_supports("avx512vbmi") &&
	    __builtin_cpu_supports("avx512bw"))
		return encode_vbmi(to, from, len, table);
	return 0;
}

/* The polynomial of x moved on by some bits and brought back under 0xEDB88320:
 * V. Gopal et al., Fast CRC Computation for Generic Polynomials Using
 * PCLMULQDQ, Intel 2009. */
#define FOLD_512_LOW  0x154442bd4 /* x^(512+32) */
#define FOLD_512_HIGH 0x1c6e41596 /* x^(512-32) */
#define FOLD_128_LOW  0x1751997d0 /* x^(128+32) */
#define FOLD_128_HIGH 0x0ccaa009e /* x^(128-32) */

__attribute__((target("pclmul,sse4.1"))) static inline __m128i
fold(__m128i x, __m128i k, __m128i next)
{
	return _mm_xor_si128(
	    next, _mm_xor_si128(_mm_clmulepi64_si128(x, k, 0x00),
		      _mm_clmulepi64_si128(x, k, 0x11)));
}

__attribute__((target("pclmul,sse4.1"))) static gsize
crc_pclmul(guint8 rest[16], const guint8 *data, gsize len)
{
	const __m128i k4 = _mm_set_epi64x(FOLD_512_HIGH, FOLD_512_LOW);
	const __m128i k1 = _mm_set_epi64x(FOLD_128_HIGH, FOLD_128_LOW);
	const __m128i *p = (const __m128i *)(const void *)data;
	__m128i x[4];
	gsize n = len / 64;

	for (guint i = 0; i < 4; i++)
		x[i] = _mm_loadu_si128(p++);
	while (--n > 0)
		for (guint i = 0; i < 4; i++)
			x[i] = fold(x[i], k4, _mm_loadu_si128(p++));
	for (guint i = 1; i < 4; i++)
		x[i] = fold(x[i - 1], k1, x[i]);
	_mm_storeu_si128((__m128i *)(void *)rest, x[3]);
	return len / 64 * 64;
}

gsize
pst_encode_crc_fast(guint8 rest[16], const guint8 *data, gsize len)
{
	if (len < FOLD_LEAST || !__builtin_cpu_supports("pclmul") ||
	    !__builtin_cpu_supports("sse4.1"))
		return 0;
	return crc_pclmul(rest, data, len);
}

#else

gsize
pst_encode_fast(guint8 *to, const guint8 *from, gsize len, const guint8 *table)
{
	return 0;
}

gsize
pst_encode_crc_fast(guint8 rest[16], const guint8 *data, gsize len)
{
	return 0;
}

#endif
