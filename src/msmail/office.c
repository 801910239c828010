#include "msmail/office.h"

#include <string.h>

const struct msmail_size msmail_sizes[] = {
    {"GLB/ACCESS.GLB", 0, 586, "users: settings"},
    {"GLB/ACCESS2.GLB", 0, 69, "users: mailbox names"},
    {"GLB/ACCESS3.GLB", 0, 512, "users: remote data"},
    {"GLB/CONTROL.GLB", 8, 0, "next numbers"},
    {"GLB/FLAG.GLB", 2, 0, "flags"},
    {"GLB/TID.GLB", 4, 0, "transactions"},
    {"GLB/MASTER.GLB", 176, 0, "the post office"},
    {"GLB/MODEM.GLB", 64, 0, "modem"},
    {"GLB/GROUP.GLB", 4, 51, "groups"},
    {"GLB/GRPMEM.GLB", 4, 128, "memberships"},
    {"GLB/NETPO.GLB", 4, 43, "external addresses"},
    {"GLB/NETWORK.GLB", 0, 122, "networks"},
    {"NME/ADMIN.NME", 0, MSMAIL_NME_RECORD, "names"},
    {NULL, 0, 0, NULL},
};

static guint16
get_le16(const guint8 *p)
{
	return (guint16)(p[0] | p[1] << 8);
}

guint32
msmail_le32(const guint8 *p)
{
	return (guint32)p[0] | (guint32)p[1] << 8 | (guint32)p[2] << 16 |
	       (guint32)p[3] << 24;
}

static void
take(char *out, const guint8 *from, gsize len)
{
	memcpy(out, from, len);
	out[len] = '\0';
}

bool
msmail_mbg_parse(const guint8 *p, struct msmail_mbg *out)
{
	*out = (struct msmail_mbg){0};
	take(out->sender, p + 0x02, 11);
	take(out->subject, p + 0x0d, 43);
	take(out->file, p + 0x43, 8);
	out->minute = get_le16(p + 0x38);
	out->hour = get_le16(p + 0x3a);
	out->day = get_le16(p + 0x3c);
	out->month = get_le16(p + 0x3e);
	out->year = get_le16(p + 0x40);
	out->size = msmail_le32(p + 0x4e);
	for (guint i = 0; i < 8; i++)
		if (!g_ascii_isxdigit(out->file[i]))
			return false;
	return p[0x4b] == 0;
}

bool
msmail_nme_parse(const guint8 *p, struct msmail_nme *out)
{
	*out = (struct msmail_nme){.id = msmail_le32(p + 0x29)};
	take(out->name, p + 2, 30);
	return out->name[0] != '\0';
}
