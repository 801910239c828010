/*
 * nsf_gen FILE MESSAGES [BYTES]: a Notes mail file of so many memos, as
 * nsf_make.c writes them, with attachments that make it at least BYTES long;
 * nsf_gen --names FILE: a directory of three persons, two groups, a mail-in
 * database and a server (spec/notes.md 9);
 * for end-to-end tests and measurements.
 */
#include "nsf_make.h"

#include <string.h>

#define PIECE (1 << 20) /* bytes of an attachment */

static void
put_person(NsfMake *m, const char *const *names, const char *first,
    const char *last, const char *short_name, const char *smtp,
    const char *file)
{
	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", "Person");
	nsf_make_text(m, "Type", "Person");
	nsf_make_texts(m, "FullName", names);
	nsf_make_text(m, "FirstName", first);
	nsf_make_text(m, "LastName", last);
	nsf_make_text(m, "ShortName", short_name);
	if (smtp)
		nsf_make_text(m, "InternetAddress", smtp);
	if (file) {
		nsf_make_text(m, "MailServer", "CN=Hub/O=Fjord");
		nsf_make_text(m, "MailFile", file);
	}
	nsf_make_text(m, "OfficePhoneNumber", "+47 55 00 00 01");
	nsf_make_text(m, "Department", "Ferries");
	nsf_make_end(m, FALSE, 0);
}

static void
put_group(NsfMake *m, const char *name, const char *type,
    const char *const *members, const char *smtp)
{
	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", "Group");
	nsf_make_text(m, "Type", "Group");
	nsf_make_text(m, "GroupType", type);
	nsf_make_text(m, "ListName", name);
	nsf_make_texts(m, "Members", members);
	if (smtp)
		nsf_make_text(m, "InternetAddress", smtp);
	nsf_make_end(m, FALSE, 0);
}

static void
make_names(const char *path)
{
	static const char *const mia[] = {
	    "CN=Mia Holm/OU=Bergen/O=Fjord", "Mia Holm", "Mia Berg", NULL};
	static const char *const ole[] = {
	    "CN=Ole Dahl/O=Fjord", "Ole Dahl", NULL};
	static const char *const ann[] = {"Ann Outside", NULL};
	static const char *const crew[] = {"CN=Mia Holm/OU=Bergen/O=Fjord",
	    "Ole Dahl", "ann@example.org", "Deck Hands", NULL};
	static const char *const hands[] = {
	    "odahl", "Mia Berg@Fjord", "CN=Nobody/O=Fjord", NULL};
	NsfMake *m =
	    nsf_make_new(path, 43, "Directory\n#2StdR4PublicAddressBook");

	put_person(
	    m, mia, "Mia", "Holm", "mholm", "mia@fjord.example", "mail\\mholm");
	put_person(m, ole, "Ole", "Dahl", "odahl", NULL, "mail\\odahl.nsf");
	put_person(m, ann, "Ann", "Outside", "ann", "ann@example.org", NULL);
	put_group(m, "Crew", "0", crew, "crew@fjord.example");
	put_group(m, "Deck Hands", "1", hands, NULL);
	put_group(m, "Terminated", "3", hands, NULL);
	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", "Database");
	nsf_make_text(m, "Type", "Database");
	nsf_make_text(m, "FullName", "Lost and Found");
	nsf_make_text(m, "MailServer", "CN=Hub/O=Fjord");
	nsf_make_text(m, "MailFile", "lost.nsf");
	nsf_make_text(m, "InternetAddress", "lost@fjord.example");
	nsf_make_end(m, FALSE, 0);
	nsf_make_begin(m, NSF_CLASS_DOCUMENT, 0, 0);
	nsf_make_text(m, "Form", "Server");
	nsf_make_text(m, "Type", "Server");
	nsf_make_text(m, "ServerName", "CN=Hub/O=Fjord");
	nsf_make_end(m, FALSE, 0);
	nsf_make_close(m);
}

int
main(int argc, char **argv)
{
	g_autofree guint8 *content = g_malloc(PIECE);
	guint n = argc > 2 ? (guint)g_ascii_strtoull(argv[2], NULL, 10) : 0;
	guint64 bytes = argc > 3 ? g_ascii_strtoull(argv[3], NULL, 10) : 0;
	guint files = (guint)(bytes / PIECE);
	NsfMake *m;

	if (argc == 3 && strcmp(argv[1], "--names") == 0) {
		make_names(argv[2]);
		return 0;
	}
	if (argc < 3) {
		g_printerr("usage: nsf_gen FILE MESSAGES [BYTES]\n"
			   "       nsf_gen --names FILE\n");
		return 64;
	}
	for (guint i = 0; i < PIECE; i++)
		content[i] = (guint8)(i * 31 + i / 251);
	m = nsf_make_new(argv[1], 43, "Generated\n#2StdR50Mail");
	for (guint i = 0; i < n; i++) {
		g_autofree char *subject = g_strdup_printf("message %u", i);
		g_autoptr(GByteArray) cd = g_byte_array_new();
		/* As many as are due by now. */
		guint here = (guint)((guint64)files * (i + 1) / n -
				     (guint64)files * i / n);
		g_autofree guint32 *ids = g_new(guint32, here + 1);

		for (guint k = 0; k < here; k++)
			ids[k] = nsf_make_object(m, content, PIECE);
		for (guint k = 0; k < 20; k++) {
			nsf_make_cd_text(cd, k % 3, "A line of the message ");
			nsf_make_cd_text(cd, 0, subject);
			nsf_make_cd(cd, 0x81, 'b', NULL, 0);
		}
		nsf_make_begin(m, NSF_CLASS_DOCUMENT, here ? 4 : 0, 0);
		nsf_make_text(m, "Form", "Memo");
		nsf_make_text(m, "From", "CN=Mia Holm/O=Fjord");
		nsf_make_text(m, "SendTo", "ann@example.org");
		nsf_make_text(m, "Subject", subject);
		nsf_make_time(m, "PostedDate", 1000000000 + i, 1, FALSE);
		if (i % 4)
			nsf_make_time(
			    m, "DeliveredDate", 1000000060 + i, 1, FALSE);
		for (guint k = 0; k < here; k++)
			nsf_make_file(m, "file.bin", ids[k], 0, PIECE);
		nsf_make_rich(m, "Body", cd);
		nsf_make_end(m, FALSE, 0);
	}
	nsf_make_close(m);
	return 0;
}
