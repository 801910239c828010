#include "iff_fuzz.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static const char pri[] =
    "MAILMESSAGE,A\r\nFolder,Sender,To,Cc,Bcc,Subject,Send-Date,"
    "Received-Date,Priority,Unread,Unsent,Body\r\n"
    ",,,,,a,,,,,,#S.SEC(0)\r\n,,,,,b,,,,,,#S.SEC(50)\r\n"
    ",,,,,c,,,,,,#S.SEC(51)\r\n,,#S.SEC(60),,,d,,,,,,#S.SEC(72)\r\n";

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	if (len > 0)
		fuzz_set(data[0], pri, sizeof pri - 1, data + 1, len - 1);
	return 0;
}
