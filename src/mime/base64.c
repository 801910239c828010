#include "mime/base64.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define NO 0x80 /* not of the alphabet */

/* clang-format off */
static const guint8 values[256] = {
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO,
	NO, NO, NO, NO, NO, 0, 1, 2, 3, 4, 5, 6,
	7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
	NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36,
	37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
	49, 50, 51, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
	NO, NO, NO, NO,
};
/* clang-format on */

#ifdef __x86_64__
#define STEP 32 /* characters at a time, in one register */
/* Characters that must be there: 32 bytes are stored, of which 24 count, and
 * there is room for 3 in every 4. */
#define LEAST 44

/*
 * W. Mula and D. Lemire, Faster Base64 Encoding and Decoding Using AVX2
 * Instructions, 2018. The two halves of a character choose a set of bits each;
 * they have one in common when it is none of the alphabet. Its upper half also
 * says what to add for its value, but for the slash, which is no neighbour of
 * the plus.
 */
__attribute__((target("avx2"))) static gsize
groups_avx2(guint8 *to, const guint8 *from, gsize len, gsize *used)
{
	const __m256i low_bits = _mm256_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11,
	    0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a,
	    0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13,
	    0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
	const __m256i high_bits = _mm256_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04,
	    0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10,
	    0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10,
	    0x10, 0x10, 0x10, 0x10, 0x10);
	const __m256i add =
	    _mm256_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
	const __m256i order =
	    _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1,
		-1, 2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
	const __m256i halves = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7);
	const __m256i slash = _mm256_set1_epi8('/');
	const __m256i half = _mm256_set1_epi8(15);
	gsize n = 0, i;

	for (i = 0; i + LEAST <= len; i += STEP, n += STEP / 4 * 3) {
		__m256i x = _mm256_loadu_si256(
		    (const __m256i *)(const void *)(from + i));
		__m256i high = _mm256_and_si256(_mm256_srli_epi32(x, 4), half);
		__m256i low = _mm256_and_si256(x, half);
		__m256i value;

		if (!_mm256_testz_si256(_mm256_shuffle_epi8(low_bits, low),
			_mm256_shuffle_epi8(high_bits, high)))
			break;
		value = _mm256_add_epi8(
		    x, _mm256_shuffle_epi8(add,
			   _mm256_add_epi8(_mm256_cmpeq_epi8(x, slash), high)));
		/* 6 and 6 bits to 12, 12 and 12 to 24 */
		value = _mm256_madd_epi16(
		    _mm256_maddubs_epi16(value, _mm256_set1_epi32(0x01400140)),
		    _mm256_set1_epi32(0x00011000));
		value = _mm256_permutevar8x32_epi32(
		    _mm256_shuffle_epi8(value, order), halves);
		_mm256_storeu_si256((__m256i *)(void *)(to + n), value);
	}
	*used = i;
	return n;
}
#endif

gsize
mime_base64_groups(guint8 *to, const guint8 *from, gsize len, gsize *used)
{
	gsize n = 0, i = 0;

#ifdef __x86_64__
	if (len >= LEAST && __builtin_cpu_supports("avx2"))
		n = groups_avx2(to, from, len, &i);
#endif
	for (; i + 4 <= len; i += 4) {
		guint a = values[from[i]], b = values[from[i + 1]];
		guint c = values[from[i + 2]], d = values[from[i + 3]];

		if ((a | b | c | d) & NO)
			break;
		to[n++] = (guint8)(a << 2 | b >> 4);
		to[n++] = (guint8)(b << 4 | c >> 2);
		to[n++] = (guint8)(c << 6 | d);
	}
	*used = i;
	return n;
}

void
mime_base64_watch(struct base64_watch *watch, const guint8 *from, gsize len)
{
	for (gsize i = 0; i < len; i++) {
		if (from[i] == ' ' || (from[i] >= '\t' && from[i] <= '\r'))
			continue;
		if (from[i] == '=') {
			/* one or two, after two or three: RFC 4648 4 */
			if (watch->n < 2)
				watch->strange |= !watch->padded || watch->n;
			else
				watch->n = (watch->n + 1) % 4;
			watch->padded = true;
		} else if (values[from[i]] & NO || watch->padded) {
			watch->strange = true;
		} else {
			watch->n = (watch->n + 1) % 4;
		}
	}
}

const char *
mime_base64_end(const struct base64_watch *watch)
{
	static const char *const ends[] = {"", NULL, "==", "="};

	return watch->padded && watch->strange ? "" : ends[watch->n];
}
