/*
 * pst: winmail.dat is unpacked, or kept as it is; rich text is packed. Read
 * back by the reader, held to every rule by the checker.
 */
#include "pst_item.h"

#include "pst/bytes.h"
#include "pst/rtf-read.h"
#include "pst/rtf-write.h"
#include "pst/tnef.h"

static const guint8 set_common[16] = {
    0x08, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
/* TNEF: a stream of attributes in the making. */
static void
add32(GByteArray *out, guint32 n)
{
	guint8 p[4];

	put_le32(p, n);
	g_byte_array_append(out, p, 4);
}

static void
add_bytes(GByteArray *out, const void *p, gsize len)
{
	g_byte_array_append(out, p, (guint)len);
}

static void
pad(GByteArray *out)
{
	while (out->len % 4)
		add_bytes(out, "", 1);
}

static void
add_attribute(
    GByteArray *out, guint8 level, guint32 id, const void *data, gsize len)
{
	guint sum = 0;
	guint8 p[2];

	g_byte_array_append(out, &level, 1);
	add32(out, id);
	add32(out, (guint32)len);
	add_bytes(out, data, len);
	for (gsize i = 0; i < len; i++)
		sum += ((const guint8 *)data)[i];
	put_le16(p, sum & 0xffff);
	g_byte_array_append(out, p, 2);
}

static void
add_string(GByteArray *out, guint32 tag, const char *text)
{
	add32(out, tag);
	add32(out, 1);
	add32(out, (guint32)strlen(text) + 1);
	add_bytes(out, text, strlen(text) + 1);
	pad(out);
}

static void
add_binary(GByteArray *out, guint32 tag, const void *p, gsize len)
{
	add32(out, tag);
	add32(out, 1);
	add32(out, (guint32)len);
	add_bytes(out, p, len);
	pad(out);
}

static void
tnef_begin(GByteArray *out)
{
	add32(out, 0x223e9f78);
	add_bytes(out, "\1\0", 2);
	add_attribute(out, 1, 0x00069007, "\xe2\4\0\0\0\0\0\0", 8); /* 1250 */
}

/* A message with rich text, a named property, a file, a message in it. */
static GByteArray *
make_tnef(void)
{
	static const char rtf[] = "{\\rtf1 hello hello hello}";
	static const guint8 iid[16] = {
	    7, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
	GByteArray *out = g_byte_array_new();
	g_autoptr(GByteArray) props = g_byte_array_new();
	g_autoptr(GByteArray) packed = g_byte_array_new();
	g_autoptr(GByteArray) inner = g_byte_array_new();
	g_autoptr(GByteArray) object = g_byte_array_new();

	tnef_begin(out);
	add_attribute(out, 1, 0x00078008, "IPM.Note.Special", 17);
	pst_rtf_compress(packed, (const guint8 *)rtf, strlen(rtf));
	add32(props, 5);
	add_binary(props, 0x10090102, packed->data, packed->len);
	/* PidLidSmartNoAttach, with its set and number */
	add32(props, 0x8514000b);
	add_bytes(props, set_common, 16);
	add32(props, 0);
	add32(props, 0x8514);
	add32(props, 1);
	/* A name in words, a text of the code page */
	add32(props, 0x8515001e);
	add_bytes(props, set_common, 16);
	add32(props, 1);
	add32(props, 6);
	add_bytes(props, "A\0b\0\0\0", 6);
	pad(props);
	add32(props, 1);
	add32(props, 3);
	add_bytes(props, "\xb9s\0", 3); /* "š" in 1250 */
	pad(props);
	/* Several texts */
	add32(props, 0x1234101f);
	add32(props, 2);
	add32(props, 4);
	add_bytes(props, "o\0\0\0", 4);
	add32(props, 4);
	add_bytes(props, "t\0\0\0", 4);
	/* What the header says better */
	add_string(props, 0x0042001e, "Wrong Sender");
	add_attribute(out, 1, 0x00069003, props->data, props->len);
	/* A file */
	add_attribute(
	    out, 2, 0x00069002, "\1\0\xff\xff\xff\xff\0\0\0\0\0\0\0", 14);
	add_attribute(out, 2, 0x00018010, "FILE~1.BIN", 11);
	add_attribute(out, 2, 0x0006800f, "\0\1\2data", 7);
	g_byte_array_set_size(props, 0);
	add32(props, 1);
	add_string(props, 0x3707001e, "long \xb9 name.bin");
	add_attribute(out, 2, 0x00069005, props->data, props->len);
	/* A message */
	tnef_begin(inner);
	add_attribute(inner, 1, 0x00078008, "IPM.Microsoft Mail.Note", 24);
	g_byte_array_set_size(props, 0);
	add32(props, 3);
	add_string(props, 0x0037001e, "inner subject");
	add_string(props, 0x1000001e, "inner text");
	add_string(props, 0x0042001e, "Inner Sender");
	add_attribute(inner, 1, 0x00069003, props->data, props->len);
	g_byte_array_set_size(props, 0);
	add32(props, 1);
	add32(props, 3);
	add_string(props, 0x3001001e, "Carl");
	add_string(props, 0x3003001e, "carl@example.org");
	add32(props, 0x0c150003);
	add32(props, 2);
	add_attribute(inner, 1, 0x00069004, props->data, props->len);
	add_bytes(object, iid, 16);
	add_bytes(object, inner->data, inner->len);
	add_attribute(
	    out, 2, 0x00069002, "\1\0\xff\xff\xff\xff\0\0\0\0\0\0\0", 14);
	g_byte_array_set_size(props, 0);
	add32(props, 1);
	add_binary(props, 0x3701000d, object->data, object->len);
	add_attribute(out, 2, 0x00069005, props->data, props->len);
	return out;
}

static char *
with_tnef(const GByteArray *tnef)
{
	g_autofree char *base64 = g_base64_encode(tnef->data, tnef->len);

	return g_strconcat("From: Bob <bob@example.org>" CRLF
			   "To: Anna <anna@example.org>" CRLF
			   "Subject: outer" CRLF
			   "Content-Type: multipart/mixed; boundary=b" CRLF CRLF
			   "--b" CRLF CRLF "plain" CRLF "--b" CRLF
			   "Content-Type: application/ms-tnef; "
			   "name=winmail.dat" CRLF
			   "Content-Transfer-Encoding: base64" CRLF CRLF,
	    base64, CRLF "--b--" CRLF, NULL);
}

static void
test_tnef(void)
{
	struct fixture f;
	g_autoptr(GByteArray) tnef = make_tnef();
	g_autofree char *raw = with_tnef(tnef);
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	PstMessage *inner;
	PstAttachment *a;
	const PstProps *p;
	g_autoptr(GBytes) rtf = NULL;
	g_autoptr(GBytes) data = NULL;
	g_autoptr(GByteArray) text = NULL;
	guint32 nid, flag, size;
	guint id;

	set_up(&f);
	nid = put(&f, raw, strlen(raw), PST_PLACE_MAIL);
	g_assert_cmpstr(f.remarks->str, ==, "PST_NO_DATE ");
	pst = finish(&f);
	g_assert_cmpint(pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
	p = pst_message_props(m);
	expect_text(p, PST_P_MESSAGE_CLASS, "IPM.Note.Special");
	expect_text(p, PST_P_BODY, "plain");
	expect_text(p, PST_P_REPRESENTING_NAME, "Bob");
	rtf = pst_props_bytes(p, PST_P_RTF);
	g_assert_nonnull(rtf);
	g_assert_cmpint(pst_rtf_decompress(g_bytes_get_data(rtf, NULL),
			    g_bytes_get_size(rtf), &text, NULL),
	    ==, ST_OK);
	g_assert_cmpmem(
	    text->data, text->len, "{\\rtf1 hello hello hello}", 25);
	g_assert_true(pst_props_int(p, named(pst, set_common, 0x8514), &flag));
	g_assert_cmpuint(flag, ==, 1);
	id = pst_name_id(pst, set_common, 0, "Ab");
	g_assert_cmpuint(id, !=, 0);
	expect_text(p, id, "\xc4\x85s");
	g_assert_nonnull(pst_props_find(p, 0x1234));
	/* The file */
	g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==, ST_OK);
	expect_text(pst_attachment_props(a), PST_P_ATTACH_LONG_FILENAME,
	    "long \xc4\x85 name.bin");
	data = pst_props_bytes(pst_attachment_props(a), PST_P_ATTACH_DATA);
	size = (guint32)g_bytes_get_size(data);
	g_assert_cmpmem(g_bytes_get_data(data, NULL), size, "\0\1\2data", 7);
	pst_attachment_close(a);
	/* The message */
	g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==, ST_OK);
	g_assert_cmpint(pst_attachment_message(a, &inner, NULL), ==, ST_OK);
	p = pst_message_props(inner);
	expect_text(p, PST_P_BODY, "inner text");
	expect_text(p, PST_P_MESSAGE_CLASS, "IPM.Note");
	expect_text(p, PST_P_REPRESENTING_NAME, "Inner Sender");
	expect_text(p, PST_P_DISPLAY_CC, "Carl");
	pst_message_close(inner);
	pst_attachment_close(a);
	g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==, ST_END);
	tear_down(&f);
}

/* Cut, or with any byte changed: kept as a file, with a remark. */
static void
test_tnef_damaged(void)
{
	g_autoptr(GByteArray) tnef = make_tnef();
	struct fixture f;
	g_autofree char *raw = NULL;
	g_autoptr(Pst) pst = NULL;
	g_autoptr(PstMessage) m = NULL;
	g_autoptr(GBytes) data = NULL;
	PstAttachment *a;
	guint32 nid;

	for (guint n = 0; n < tnef->len; n++) {
		Tnef *out;
		enum status st = tnef_read(&out, tnef->data, n, NULL);

		/* Between two attributes nothing is missing. */
		g_assert_true(st == ST_ITEM || (st == ST_OK && n >= 6));
		if (st == ST_OK)
			tnef_free(out);
	}
	tnef->data[tnef->len - 40] ^= 0x20;
	raw = with_tnef(tnef);
	set_up(&f);
	nid = put(&f, raw, strlen(raw), PST_PLACE_MAIL);
	g_assert_cmpstr(f.remarks->str, ==, "PST_NO_DATE PST_TNEF_KEPT ");
	pst = finish(&f);
	g_assert_cmpint(pst_message_open(&m, pst, nid, NULL), ==, ST_OK);
	expect_text(pst_message_props(m), PST_P_MESSAGE_CLASS, "IPM.Note");
	g_assert_cmpint(pst_message_next_attachment(m, &a, NULL), ==, ST_OK);
	expect_text(
	    pst_attachment_props(a), PST_P_ATTACH_LONG_FILENAME, "winmail.dat");
	data = pst_props_bytes(pst_attachment_props(a), PST_P_ATTACH_DATA);
	g_assert_cmpmem(g_bytes_get_data(data, NULL), g_bytes_get_size(data),
	    tnef->data, tnef->len);
	pst_attachment_close(a);
	tear_down(&f);
}

static void
test_rtf(void)
{
	/* Repetitions over all of the window, and none at all. */
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);

	for (guint n = 0; n < 20000; n = n * 2 + 1) {
		for (guint kind = 0; kind < 3; kind++) {
			g_autofree guint8 *p = g_malloc(n + 1);
			g_autoptr(GByteArray) packed = g_byte_array_new();
			g_autoptr(GByteArray) out = NULL;

			for (guint i = 0; i < n; i++)
				p[i] = kind == 0   ? 'x'
				       : kind == 1 ? (guint8)g_rand_int(rand)
						   : (guint8) "\\par a "[i % 7];
			pst_rtf_compress(packed, p, n);
			g_assert_cmpint(pst_rtf_decompress(packed->data,
					    packed->len, &out, NULL),
			    ==, ST_OK);
			g_assert_cmpmem(out->data, out->len, p, n);
			if (kind != 1 && n > 100)
				g_assert_cmpuint(packed->len, <, n / 2);
		}
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pst/tnef/tnef", test_tnef);
	g_test_add_func("/pst/tnef/tnef-damaged", test_tnef_damaged);
	g_test_add_func("/pst/tnef/rich-text", test_rtf);
	return g_test_run();
}
