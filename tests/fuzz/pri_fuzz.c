#include "iff_fuzz.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static const char sec[] =
    "Type,Length,Encoding,Islast,Name,Position,Format\r\n"
    "Body,3,,TRUE,,,\r\nabc\r\nOther,3,,TRUE,,,\r\na;b\r\n"
    "Body,0,,FALSE,,,\r\n\r\nAttachment,1,,TRUE,x.y,0,\r\nx\r\n";

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	if (len > 0)
		fuzz_set(data[0], data + 1, len - 1, sec, sizeof sec - 1);
	return 0;
}
