/* One row for each diagnostic: a set that has exactly this wrong, what is said,
 * and that everything else of it still arrives. */
#include "iff_set.h"
#include "iff/directory.h"
#include "iff/pri.h"

#include <fcntl.h>
#include <unistd.h>

#define HEAD                                                                 \
	"Folder,Sender,To,Cc,Bcc,Subject,Send-Date,Received-Date,Priority," \
	"Unread,Unsent,Body\r\n"
#define MAIL "MAILMESSAGE,T:U\r\n" HEAD
#define GOOD ",S,,,,good,,,,,,#S.SEC(50)\r\n"
#define PAB                                                                 \
	"PAB,T:U\r\nObj-class,Display-Name,Email-Address,First,Last,"       \
	"Address,City,State,Zip,Country,Title,Company,Department,Office,"  \
	"Assistant,Bus-Num,Bus2-Num,Assist-Num,Fax-Num,Home-Num,Home2-Num," \
	"Mobile-Num,Pager-Num,Note\r\n"
#define DIR                                                                 \
	"DIRECTORY\r\nObj-Class,Mode,Common-Name,Display-Name,"             \
	"Secondary-Proxy-Addresses,Home-Server,Target-Address,Member\r\n"   \
	"mailbox,create,Ok,,,~Server,,\r\n"
#define SHEAD "Type,Length,Encoding,Islast,Name,Position,Format\r\n"
/* A good body at 50, 17+3+2 bytes; the next section begins at 73. */
#define SEC SHEAD "Body,3,,TRUE,,,\r\nabc\r\n"
#define PKL "1252\r\n\r\nFilename,Filetype\r\nP.PRI,Primary\r\nS.SEC,Secondary\r\n"
#define ROW(pointer) ",S,,,,bad,,,,,,#S.SEC(" pointer ")\r\n"

static const struct {
	const char *name, *pkl, *pri, *sec, *want; /* NULL: the usual one */
	const char *options;
} rows[] = {
	/* packing list */
	{ "PKL_BAD_CODEPAGE", "99999\r\n\r\nFilename,Filetype\r\nP.PRI,Primary"
			      "\r\n",
	    NULL, NULL, "PKL:1: PKL_BAD_CODEPAGE" },
	{ "PKL_BAD_CODEPAGE/unicode", "1200\r\n\r\nFilename,Filetype\r\nP.PRI,"
				      "Primary\r\n",
	    NULL, NULL, "PKL:1: PKL_BAD_CODEPAGE" },
	{ "PKL_BAD_CODEPAGE/none", "! nothing\r\n", NULL, NULL,
	    "PKL:0: PKL_BAD_CODEPAGE" },
	{ "PKL_NO_PRIMARY", "1252\r\n\r\nFilename,Filetype\r\nS.SEC,Secondary"
			    "\r\n",
	    NULL, NULL, "PKL:0: PKL_NO_PRIMARY" },
	{ "PKL_BAD_PROFILE", "! iff-profile=ext9\r\n" PKL, NULL, NULL,
	    "PKL:1: PKL_BAD_PROFILE" },
	{ "PKL_UNICODE_CODEPAGE",
	    "65001\r\n\r\nFilename,Filetype\r\nP.PRI,Primary\r\nS.SEC,Secondary"
	    "\r\n",
	    MAIL GOOD, SEC, "W PKL_UNICODE_CODEPAGE T.PKL:1\n" },
	{ "PKL_NO_HEADING", "1252\r\n\r\nP.PRI,Primary\r\nS.SEC,Secondary\r\n",
	    MAIL GOOD, SEC, "W PKL_NO_HEADING T.PKL:3\n" },
	{ "PKL_BAD_TYPE", PKL "X.PST,Pst\r\n", MAIL GOOD, SEC,
	    "E PKL_BAD_TYPE T.PKL:6\n" },
	{ "PKL_BAD_NAME", PKL "../X.SEC,Secondary\r\n", MAIL GOOD, SEC,
	    "E PKL_BAD_NAME T.PKL:6\n" },
	{ "PKL_FILE_MISSING", PKL "X.PRI,Primary\r\n", MAIL GOOD, SEC,
	    "E PKL_FILE_MISSING T.PKL:6\n" },
	{ "PKL_DUPLICATE", PKL "p.pri,Primary\r\n", MAIL GOOD, SEC,
	    "W PKL_DUPLICATE T.PKL:6\n" },
	/* primary */
	{ "PRI_UNTERMINATED_QUOTE", PKL, MAIL ",\"S,,,,x,,,,,,\r\n" GOOD, SEC,
	    "E PRI_UNTERMINATED_QUOTE P.PRI:3 LOST\n" },
	{ "PRI_UNTERMINATED_QUOTE/continued", PKL,
	    MAIL ",\"S,,,,x,,,,,,\\\\\r\n" GOOD, SEC,
	    "E PRI_UNTERMINATED_QUOTE P.PRI:3 LOST\n" },
	{ "PRI_UNTERMINATED_QUOTE/section", PKL,
	    MAIL GOOD "\r\nMAILMESSAGE,\"T:V\r\n", SEC,
	    "E PRI_UNTERMINATED_QUOTE P.PRI:5\nE PRI_UNTERMINATED_QUOTE "
	    "P.PRI:5 LOST\n" },
	{ "PRI_TEXT_AFTER_QUOTE", PKL, MAIL ",\"S\"x,,,,y,,,,,,\r\n" GOOD, SEC,
	    "E PRI_TEXT_AFTER_QUOTE P.PRI:3 LOST\n" },
	{ "PRI_STRAY_QUOTE", PKL, MAIL ",S \"x\",,,,y,,,,,,#S.SEC(50)\r\n" GOOD,
	    SEC, "W PRI_STRAY_QUOTE P.PRI:3\n" },
	{ "PRI_FIELD_COUNT", PKL, MAIL ",S,,,,x,,,,,#S.SEC(50)\r\n" GOOD, SEC,
	    "E PRI_FIELD_COUNT P.PRI:3 LOST\n" },
	{ "PRI_BAD_SECTION_HEADER", PKL,
	    MAIL GOOD "\r\nMAILMESSAGE,T:V\r\nFolder,To\r\n" GOOD, SEC,
	    "E PRI_BAD_SECTION_HEADER P.PRI:6\n" },
	{ "PRI_BAD_SECTION_HEADER/none", PKL,
	    "MAILMESSAGE,T:V\r\n\r\n" MAIL GOOD, SEC,
	    "E PRI_BAD_SECTION_HEADER P.PRI:1\n" },
	{ "PRI_BAD_SECTION_HEADER/pab", PKL,
	    "PAB,T:V\r\nObj-class,Display-Name\r\nentry,x\r\n\r\n" MAIL GOOD,
	    SEC, "E PRI_BAD_SECTION_HEADER P.PRI:2\n" },
	{ "PRI_UNKNOWN_SECTION", PKL, MAIL GOOD "\r\nCALENDAR,T:U\r\nx,y\r\n",
	    SEC,
	    "E PRI_UNKNOWN_SECTION P.PRI:5\nE PRI_UNKNOWN_SECTION P.PRI:5 "
	    "LOST\nE PRI_UNKNOWN_SECTION P.PRI:6 LOST\n" },
	{ "PRI_DATA_OUTSIDE_SECTION", PKL, "a,b,c\r\n\r\n" MAIL GOOD, SEC,
	    "E PRI_DATA_OUTSIDE_SECTION P.PRI:1\n"
	    "E PRI_DATA_OUTSIDE_SECTION P.PRI:1 LOST\n" },
	{ "PRI_NO_BLANK_BEFORE_SECTION", PKL, DIR MAIL GOOD, SEC,
	    "W PRI_NO_BLANK_BEFORE_SECTION P.PRI:4\n" },
	{ "PRI_NO_FINAL_EOL", PKL, MAIL ",S,,,,good,,,,,,#S.SEC(50)", SEC,
	    "W PRI_NO_FINAL_EOL P.PRI:3\n" },
	{ "PRI_BARE_LF", PKL, MAIL ",S,,,,good,,,,,,#S.SEC(50)\n", SEC,
	    "W PRI_BARE_LF P.PRI:3\n" },
	{ "PRI_CONT_AT_EOF", PKL, MAIL ",S,,,,good,,,,,,#S.SEC(50)\\\\\r\n",
	    SEC, "W PRI_CONT_AT_EOF P.PRI:3\n" },
	{ "PRI_UNDECODABLE", PKL, MAIL ",S,,,,a\x81,,,,,,#S.SEC(50)\r\n" GOOD,
	    SEC, "W PRI_UNDECODABLE P.PRI:3\n" },
	/* directory */
	{ "DIR_BAD_HEADING", PKL,
	    "DIRECTORY\r\nMode,Obj-Class,Common-Name\r\ncreate,dl,x\r\n\r\n" MAIL
		GOOD,
	    SEC, "E DIR_BAD_HEADING P.PRI:2\nE DIR_BAD_HEADING P.PRI:3 LOST\n" },
	{ "DIR_UNKNOWN_ATTR", PKL,
	    "DIRECTORY\r\nObj-Class,Mode,Common-Name,Shoe-Size\r\n"
	    "dl,create,x,44\r\n\r\n" MAIL GOOD,
	    SEC, "W DIR_UNKNOWN_ATTR P.PRI:2\n" },
	{ "DIR_DUP_ATTR", PKL,
	    "DIRECTORY\r\nObj-Class,Mode,Common-Name,Directory Name\r\n"
	    "dl,create,x,y\r\n\r\n" MAIL GOOD,
	    SEC, "W DIR_DUP_ATTR P.PRI:2\n" },
	{ "DIR_NOT_IMPORTABLE", PKL,
	    "DIRECTORY\r\nObj-Class,Mode,Common-Name,Member Of\r\n"
	    "dl,create,x,y\r\n\r\n" MAIL GOOD,
	    SEC, "W DIR_NOT_IMPORTABLE P.PRI:2\n" },
	{ "DIR_FIELD_COUNT", PKL, DIR "dl,create,x\r\n\r\n" MAIL GOOD, SEC,
	    "E DIR_FIELD_COUNT P.PRI:4 LOST\n" },
	{ "DIR_BAD_CLASS", PKL, DIR "room,create,x,,,,,\r\n\r\n" MAIL GOOD, SEC,
	    "E DIR_BAD_CLASS P.PRI:4 LOST\n" },
	{ "DIR_MODE_NOT_CREATE", PKL, DIR "dl,update,x,,,,,\r\n\r\n" MAIL GOOD,
	    SEC, "E DIR_MODE_NOT_CREATE P.PRI:4 LOST\n" },
	{ "DIR_MISSING_REQUIRED", PKL,
	    DIR "mailbox,create,x,,,,,\r\n\r\n" MAIL GOOD, SEC,
	    "E DIR_MISSING_REQUIRED P.PRI:4 LOST\n" },
	{ "DIR_EXISTS", PKL, DIR "dl,create,oK,,,,,\r\n\r\n" MAIL GOOD, SEC,
	    "E DIR_EXISTS P.PRI:4 LOST\n" },
	{ "DIR_ADDR_NO_TYPE", PKL, DIR "dl,create,x,,addr,,,\r\n\r\n" MAIL GOOD,
	    SEC, "E DIR_ADDR_NO_TYPE P.PRI:4 LOST\n" },
	{ "DIR_ADDR_TYPE_LEN", PKL,
	    DIR "dl,create,x,,ABCDEFGHI:a,,,\r\n\r\n" MAIL GOOD, SEC,
	    "E DIR_ADDR_TYPE_LEN P.PRI:4 LOST\n" },
	{ "DIR_ADDR_NOT_UNIQUE", PKL,
	    DIR "dl,create,x,,SMTP:a@b%T:c,,,\r\ndl,create,y,,t:C,,,\r\n\r\n" MAIL
		GOOD,
	    SEC, "E DIR_ADDR_NOT_UNIQUE P.PRI:5 LOST\n" },
	{ "DIR_TARGET_NOT_UNIQUE", PKL,
	    DIR "dl,create,x,,SMTP:a@b,,,\r\nremote,create,y,,,,smtp:A@B,\r\n"
		"\r\n" MAIL GOOD,
	    SEC, "E DIR_TARGET_NOT_UNIQUE P.PRI:5 LOST\n" },
	{ "DIR_DEL_IN_CREATE", PKL, DIR "dl,create,x,~DEL,,,,\r\n\r\n" MAIL GOOD,
	    SEC, "E DIR_DEL_IN_CREATE P.PRI:4 LOST\n" },
	{ "DIR_POINTER", PKL, DIR "dl,create,x,#S.SEC(50),,,,\r\n\r\n" MAIL GOOD,
	    SEC, "E DIR_POINTER P.PRI:4 LOST\n" },
	{ "DIR_VALUE_FILE", PKL,
	    DIR "dl,create,x,=/etc/passwd,,,,\r\n\r\n" MAIL GOOD, SEC,
	    "E DIR_VALUE_FILE P.PRI:4 LOST\n" },
	/* RN50 5.2: a backslash is doubled, or dropped with a report */
	{ "DIR_BACKSLASH", PKL, DIR "dl,create,x,a\\b,,,,\r\n\r\n" MAIL GOOD,
	    SEC, "W DIR_BACKSLASH P.PRI:4\n" },
	{ "DIR_TRUNCATED", PKL,
	    DIR "dl,create,"
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij"
		"klmnopqrst,,,,,\r\n\r\n" MAIL GOOD,
	    SEC, "W DIR_TRUNCATED P.PRI:4\n" },
	{ "DIR_CHAR_MAPPED", PKL, DIR "dl,create,\xc5\xa3,,,,,\r\n\r\n" MAIL GOOD,
	    SEC, "W DIR_CHAR_MAPPED P.PRI:4\n" },
	{ "DIR_MEMBER_UNRESOLVED", PKL,
	    DIR "dl,create,x,,,,,Ok%Recipients/cn=Nobody%Later\r\n"
		"dl,create,Later,,,,,\r\n\r\n" MAIL GOOD,
	    SEC, "W DIR_MEMBER_UNRESOLVED P.PRI:4\n" },
	/* address book */
	{ "PAB_SHORT_ROW", PKL, PAB "entry,x,SMTP:x@y\r\n\r\n" MAIL GOOD, SEC,
	    "W PAB_SHORT_ROW P.PRI:3\n" },
	{ "PAB_DL_EXTRA_FIELDS", PKL,
	    PAB "dl,x,SMTP:x@y,First,,,,,,,,,,,,,,,,,,,,\r\n\r\n" MAIL GOOD, SEC,
	    "W PAB_DL_EXTRA_FIELDS P.PRI:3\n" },
	{ "PAB_MEMBER_UNRESOLVED", PKL,
	    PAB "dl,x,Nobody,,,,,,,,,,,,,,,,,,,,,\r\n\r\n" MAIL GOOD, SEC,
	    "W PAB_MEMBER_UNRESOLVED P.PRI:3\n" },
	/* messages */
	{ "MSG_EXTRA_COLUMNS", PKL,
	    "MAILMESSAGE,T:U\r\nFolder,Sender,To,Cc,Bcc,Subject,Send-Date,"
	    "Received-Date,Priority,Unread,Unsent,Body,A,B\r\n"
	    ",S,,,,good,,,,,,#S.SEC(50),0,0\r\n",
	    SEC, "I MSG_EXTRA_COLUMNS P.PRI:2\n" },
	{ "MSG_BAD_DATE", PKL,
	    MAIL ",S,,,,x,19960231000000,,,,,#S.SEC(50)\r\n" GOOD, SEC,
	    "W MSG_BAD_DATE P.PRI:3\n" },
	{ "MSG_BAD_PRIORITY", PKL, MAIL ",S,,,,x,,,2,,,#S.SEC(50)\r\n" GOOD, SEC,
	    "W MSG_BAD_PRIORITY P.PRI:3\n" },
	{ "MSG_BAD_BOOL", PKL, MAIL ",S,,,,x,,,,YES,,#S.SEC(50)\r\n" GOOD, SEC,
	    "W MSG_BAD_BOOL P.PRI:3\n" },
	{ "MSG_NO_BODY_POINTER", PKL, MAIL ",S,,,,x,,,,,,\r\n" GOOD, SEC,
	    "W MSG_NO_BODY_POINTER P.PRI:3\n" },
	{ "MSG_BAD_POINTER", PKL, MAIL ",S,,,,x,,,,,,#S.SEC(5\r\n" GOOD, SEC,
	    "E MSG_BAD_POINTER P.PRI:3 LOST\n" },
	{ "MSG_BAD_POINTER/path", PKL,
	    MAIL ",S,,,,x,,,,,,#../S.SEC(50)\r\n" GOOD, SEC,
	    "E MSG_BAD_POINTER P.PRI:3 LOST\n" },
	{ "MSG_SEC_NOT_LISTED", PKL, MAIL ",S,,,,x,,,,,,#Z.SEC(50)\r\n" GOOD,
	    SEC, "E MSG_SEC_NOT_LISTED P.PRI:3 LOST\n" },
	{ "MSG_SEC_MISSING", PKL "Z.SEC,Secondary\r\n",
	    MAIL ",S,,,,x,,,,,,#Z.SEC(50)\r\n" GOOD, SEC,
	    "E PKL_FILE_MISSING T.PKL:6\nE MSG_SEC_MISSING P.PRI:3 LOST\n" },
	{ "MSG_OFFSET_RANGE", PKL, MAIL ROW("72") GOOD, SEC,
	    "E MSG_OFFSET_RANGE P.PRI:3 S.SEC(72) LOST\n" },
	/* secondary */
	{ "SEC_BAD_SECTION_HEADER", PKL, MAIL ROW("51") GOOD, SEC,
	    "E SEC_BAD_SECTION_HEADER P.PRI:3 S.SEC(51) LOST\n" },
	{ "SEC_BAD_SECTION_HEADER/lf", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,0,,TRUE,,,\nx",
	    "E SEC_BAD_SECTION_HEADER P.PRI:3 S.SEC(72) LOST\n" },
	{ "SEC_BAD_LENGTH", PKL, MAIL ROW("72") GOOD, SEC "Body,x,,TRUE,,,\r\n",
	    "E SEC_BAD_LENGTH P.PRI:3 S.SEC(72) LOST\n" },
	{ "SEC_TRUNCATED", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,9,,TRUE,,,\r\nabc",
	    "E SEC_TRUNCATED P.PRI:3 S.SEC(72) LOST\n" },
	{ "SEC_TRUNCATED/lenient", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,9,,TRUE,,,\r\nabc",
	    "E SEC_TRUNCATED P.PRI:3 S.SEC(72)\n", "policy=lenient" },
	{ "SEC_NAME_MISSING", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,0,,FALSE,,,\r\n\r\nAttachment,1,,TRUE,,,\r\nx\r\n",
	    "E SEC_NAME_MISSING P.PRI:3 S.SEC(92) LOST\n" },
	{ "SEC_CHAIN_BROKEN/first", PKL, MAIL ROW("72") GOOD,
	    SEC "Other,0,,TRUE,,,\r\n\r\n",
	    "E SEC_CHAIN_BROKEN P.PRI:3 S.SEC(72) LOST\n" },
	{ "SEC_CHAIN_BROKEN/other", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,0,,FALSE,,,\r\n\r\nOther,0,,TRUE,,,\r\n\r\n",
	    "E SEC_CHAIN_BROKEN P.PRI:3 S.SEC(92) LOST\n" },
	{ "SEC_CHAIN_BROKEN/field", PKL,
	    MAIL ",S,,,,#S.SEC(50),,,,,,#S.SEC(50)\r\n" GOOD, SEC,
	    "E SEC_CHAIN_BROKEN P.PRI:3 S.SEC(50) LOST\n" },
	{ "SEC_OFFSET_AT_BLANK", PKL, MAIL ROW("72") GOOD,
	    SEC "\r\nBody,0,,TRUE,,,\r\n",
	    "W SEC_OFFSET_AT_BLANK P.PRI:3 S.SEC(72)\n" },
	{ "SEC_OFFSET_AT_FILE_HEADER", PKL, MAIL ROW("0") GOOD, SEC,
	    "W SEC_OFFSET_AT_FILE_HEADER P.PRI:3 S.SEC(0)\n" },
	{ "SEC_NO_SEPARATOR", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,1,,FALSE,,,\r\nxAttachment,1,,TRUE,n.x,,\r\nx\r\n",
	    "W SEC_NO_SEPARATOR P.PRI:3 S.SEC(91)\n" },
	{ "SEC_BAD_POSITION", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,0,,FALSE,,,\r\n\r\nAttachment,1,,TRUE,n.x,9,\r\nx\r\n",
	    "W SEC_BAD_POSITION P.PRI:3 S.SEC(92)\n" },
	{ "SEC_BAD_FORMAT", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,0,,FALSE,,,\r\n\r\nAttachment,1,,TRUE,n.x,,Zip\r\nx\r\n",
	    "W SEC_BAD_FORMAT P.PRI:3 S.SEC(92)\n" },
	{ "SEC_NAME_NO_EXT", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,0,,FALSE,,,\r\n\r\nDocument,1,,TRUE,n,,\r\nx\r\n",
	    "W SEC_NAME_NO_EXT P.PRI:3 S.SEC(92)\n" },
	{ "SEC_DOC_BODY", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,1,,FALSE,,,\r\nx\r\nDocument,1,,TRUE,n.x,,\r\nx\r\n",
	    "W SEC_DOC_BODY P.PRI:3 S.SEC(93)\n" },
	{ "SEC_UNKNOWN_ENCODING", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,1,MIME,TRUE,,,\r\nx\r\n",
	    "W SEC_UNKNOWN_ENCODING P.PRI:3 S.SEC(72)\n" },
	{ "SEC_UNDECODABLE", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,1,,TRUE,,,\r\n\x81\r\n", "W SEC_UNDECODABLE P.PRI:3\n" },
	{ "SEC_TRANSFER", PKL,
	    MAIL ROW("51") ROW("52") GOOD "x,S,,,#S.SEC(999),b,,,,,,\r\n" GOOD,
	    SEC,
	    "E SEC_BAD_SECTION_HEADER P.PRI:3 S.SEC(51) LOST\n"
	    "E SEC_BAD_SECTION_HEADER P.PRI:4 S.SEC(52) LOST\n"
	    "E MSG_OFFSET_RANGE P.PRI:6 S.SEC(999) LOST\n"
	    "W SEC_TRANSFER T.PKL:5\n" },
	/* two of three, and three of six, are not enough */
	{ "few-misses", PKL, MAIL ROW("51") ROW("52") GOOD, SEC,
	    "E SEC_BAD_SECTION_HEADER P.PRI:3 S.SEC(51) LOST\n"
	    "E SEC_BAD_SECTION_HEADER P.PRI:4 S.SEC(52) LOST\n" },
	{ "half-misses", PKL, MAIL ROW("51") ROW("52") ROW("53") GOOD GOOD GOOD,
	    SEC,
	    "E SEC_BAD_SECTION_HEADER P.PRI:3 S.SEC(51) LOST\n"
	    "E SEC_BAD_SECTION_HEADER P.PRI:4 S.SEC(52) LOST\n"
	    "E SEC_BAD_SECTION_HEADER P.PRI:5 S.SEC(53) LOST\n" },
	{ "SC2_SYNTAX", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,1,,FALSE,,,\r\nx\r\nSchedule,35,,TRUE,U.SC2,-1,\r\n"
		"SCHEDULE+2 EXPORT VERSION 103\r\nxyz\n\r\n",
	    "W SC2_SYNTAX P.PRI:3 S.SEC(153)\n" },
	{ "SC2_BAD_DATE", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,1,,FALSE,,,\r\nx\r\nSchedule,63,,TRUE,U.SC2,-1,\r\n"
		"SCHEDULE+2 EXPORT VERSION 103\r\nSingleTasks:\n{\n"
		"EndDate:2-30-99\n}\r\n",
	    "W SC2_BAD_DATE P.PRI:3 S.SEC(168)\n" },
	/* KB */
	/* Q166543: NULs and damaged headers crashed the original */
	{ "kb/Q166612/chain", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,4,,FALSE,,,\r\ntext\r\n\x01\x05garbage OLE\r\n",
	    "E SEC_BAD_SECTION_HEADER P.PRI:3 S.SEC(96) LOST\n" },
	{ "kb/Q154099/text-after-quote", PKL,
	    MAIL ",\"A \"B\" C\",,,,y,,,,,,\r\n" GOOD, SEC,
	    "E PRI_TEXT_AFTER_QUOTE P.PRI:3 LOST\n" },
	{ "kb/Q214822/pab-heading", PKL,
	    "PAB,T:U\r\nObj-class,Display-Name,Email-Address\r\n"
	    "entry,a,b\r\n\r\n" MAIL GOOD,
	    SEC,
	    "E PRI_BAD_SECTION_HEADER P.PRI:2\n"
	    "E PRI_BAD_SECTION_HEADER P.PRI:3 LOST\n" },
	/* Q237993: a name alone is kept for the client to resolve */
	{ "kb/Q237993/name-alone", PKL, MAIL GOOD, SEC, "" },
};

static char *
make(guint i)
{
	char *dir = set_dir_new();

	set_write(dir, "T.PKL", rows[i].pkl, -1);
	if (rows[i].pri)
		set_write(dir, "P.PRI", rows[i].pri, -1);
	if (rows[i].sec)
		set_write(dir, "S.SEC", rows[i].sec, -1);
	return dir;
}

static void
test_row(const void *data)
{
	guint i = GPOINTER_TO_UINT(data);
	struct set_run run = { .options = rows[i].options };
	char *dir = make(i), *got = set_read(dir, &run), **lines;
	GString *said = g_string_new(NULL);

	if (rows[i].pri == NULL) { /* fatal */
		g_assert_true(g_str_has_prefix(got, "F /T."));
		g_assert_true(g_str_has_prefix(got + 5, rows[i].want));
		goto done;
	}
	lines = g_strsplit(got, "\n", -1);
	for (guint j = 0; lines[j]; j++)
		if (lines[j][0] && lines[j][1] == ' '
		    && strchr("IWE", lines[j][0]))
			g_string_append_printf(said, "%s\n", lines[j]);
	g_strfreev(lines);
	if (strstr(rows[i].want, "PRI_BAD_SECTION_HEADER")
	    && !strstr(rows[i].want, "LOST"))
		g_assert_true(g_str_has_prefix(said->str, rows[i].want));
	else
		g_assert_cmpstr(said->str, ==, rows[i].want);
	/* Nothing else is lost. */
	g_assert_nonnull(strstr(got, "subject=good sent= received= flags=S "
				     "[text:abc]"));
done:
	g_string_free(said, TRUE);
	g_free(got);
	set_dir_remove(dir);
	g_free(dir);
}

/* Codes that only a directory or a destination can give are asked for. */
static bool
no_server(void *ctx, const char *name)
{
	return false;
}
static bool
always(void *ctx, const char *container, const char *name)
{
	return true;
}

static void
first_code(void *ctx, const struct diag *diag)
{
	*(int *)ctx = (int)diag->code;
}

static int
lookup_code(const char *row, const struct directory_lookup *lookup)
{
	static const char head[]
	    = "DIRECTORY\r\nObj-Class,Mode,Common-Name,Home-Server\r\n";
	char *text = g_strconcat(head, row, "\r\n", NULL);
	char *dir = set_dir_new(), *path;
	g_autoptr(Codepage) page = NULL;
	int code = -1, fd;
	g_autoptr(Diags) diags = diags_new(first_code, &code);
	g_autoptr(Directory) directory = directory_new(false, lookup);
	g_autoptr(Pri) pri = NULL;
	struct pri_item item;

	codepage_open(&page, 1252, NULL);
	set_write(dir, "P.PRI", text, -1);
	path = g_build_filename(dir, "P.PRI", NULL);
	fd = open(path, O_RDONLY);
	pri = pri_new(fd, page, false, diags, 0, 1);
	while (pri_next(pri, &item, NULL) == ST_OK) {
		struct recipient recipient;
		const char *key;

		if (item.what == PRI_SECTION)
			directory_section(directory, item.section);
		if (item.what != PRI_ROW)
			continue;
		directory_row(directory, &item, "P.PRI", diags, &recipient,
		    &key);
		diags_row_end(diags);
	}
	close(fd);
	set_dir_remove(dir);
	g_free(path);
	g_free(dir);
	g_free(text);
	return code;
}

static void
test_lookup(void)
{
	struct directory_lookup none = { .server_known = no_server };
	struct directory_lookup all = { .exists = always };

	g_assert_cmpint(lookup_code("mailbox,create,x,SRV", &none), ==,
	    DIAG_DIR_SERVER_UNKNOWN);
	g_assert_cmpint(lookup_code("mailbox,create,x,~server", &none), ==, -1);
	g_assert_cmpint(lookup_code("mailbox,create,x,SRV", &all), ==,
	    DIAG_DIR_EXISTS);
}

/* Every code of the table is tested above, but those others give. */
static void
test_complete(void)
{
	static const char *const elsewhere[] = { "DIR_SERVER_UNKNOWN",
		"PAB_NO_MAILBOX", "MSG_NO_MAILBOX", "MSG_FOLDER_REFUSED",
		"PRI_LINE_TOO_LONG" };

	for (guint c = 0; c < DIAG_COUNT; c++) {
		bool found = false;

		for (guint i = 0; i < G_N_ELEMENTS(rows) && !found; i++)
			found = strstr(rows[i].want, diag_table[c].name);
		for (guint i = 0; i < G_N_ELEMENTS(elsewhere) && !found; i++)
			found = strcmp(elsewhere[i], diag_table[c].name) == 0;
		if (!found)
			g_error("%s has no row", diag_table[c].name);
	}
}

/* What a body and its folder become: KB articles on text. */
static const struct {
	const char *name, *pkl, *pri, *sec, *options, *want;
} texts[] = {
	/* bare CR and bare LF are line ends of text (3.6) */
	{ "/kb/Q192526/bare-cr", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,9,,TRUE,,,\r\na\rb\nc\r\nd\r\r\n", NULL,
	    "[text:a\\r\\nb\\r\\nc\\r\\nd\\r\\n]" },
	/* a wrong number in the packing list, mended by an option */
	{ "/kb/Q177418/override", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,2,,TRUE,,,\r\n\xe1\xa2\r\n", "codepage=866",
	    "[text:\xd1\x81\xd0\xb2]" },
	/* a line that only looks like a header is data */
	{ "/kb/Q166543/looks-like-header", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,17,,TRUE,,,\r\nBody,x,,FALSE,,,\r\n\r\n", NULL,
	    "[text:Body,x,,FALSE,,,\\r\\n]" },
	/* 5C as the second byte of a character is no separator of folders */
	{ "/kb/Q198861/folder",
	    "932\r\n\r\nFilename,Filetype\r\nP.PRI,Primary\r\n"
	    "S.SEC,Secondary\r\n",
	    MAIL "\x95\x5c\\\x83\x5c,S,,,,x,,,,,,#S.SEC(50)\r\n" GOOD, SEC,
	    NULL, "message \xe8\xa1\xa8/\xe3\x82\xbd from" },
	/* nor do two of them at a line's end continue it */
	{ "/kb/Q198861/continuation",
	    "932\r\n\r\nFilename,Filetype\r\nP.PRI,Primary\r\n"
	    "S.SEC,Secondary\r\n",
	    PAB "entry,n,SMTP:n@x,,,,,,,,,,,,,,,,,,,,,\x83\x5c\x83\x5c\r\n"
		"\r\n" MAIL GOOD,
	    SEC, NULL, "Note=\xe3\x82\xbd\xe3\x82\xbd\n" },
	{ "/iff/macbinary", PKL, MAIL ROW("72") GOOD,
	    SEC "Body,0,,FALSE,,,\r\n\r\nAttachment,2,,TRUE,C:\\d\\n.x,,"
		"macbinary\r\nxy\r\n",
	    NULL, "[macbinary n.x:xy]" },
	{ "/iff/inbox-below", PKL,
	    MAIL "Work\\A,S,,,,x,,,,,,#S.SEC(50)\r\n" GOOD, SEC,
	    "inbox-below=yes", "message INBOX/Work/A from" },
};

static void
test_text(const void *data)
{
	guint i = GPOINTER_TO_UINT(data);
	struct set_run run = { .options = texts[i].options };
	char *dir = set_dir_new(), *got;

	set_write(dir, "T.PKL", texts[i].pkl, -1);
	set_write(dir, "P.PRI", texts[i].pri, -1);
	set_write(dir, "S.SEC", texts[i].sec, -1);
	got = set_read(dir, &run);
	if (strstr(got, texts[i].want) == NULL)
		g_assert_cmpstr(got, ==, texts[i].want);
	g_free(got);
	set_dir_remove(dir);
	g_free(dir);
}

/* 12.7: the failed rows, byte for byte, importable where they are. */
static void
test_recovery(void)
{
	char *from = g_test_build_filename(G_TEST_DIST, "golden", "iff",
	    "damage", NULL);
	char *top = set_dir_new(), *dir = g_build_filename(top, "log", NULL);
	struct set_run run = { .recovery = dir };
	struct set_run here = { .options = "zone=0;policy=lenient" };
	char *path = g_build_filename(dir, "SKAGEN.RECOVERY.PRI", NULL);
	char *text = NULL, *got;

	g_free(set_read(from, &run));
	g_free(set_read(from, &run)); /* a second run replaces */
	g_file_get_contents(path, &text, NULL, NULL);
	g_assert_cmpstr(text, ==,
	    "! mailmig job 2\r\n\r\nMAILMESSAGE,HOSTMAIL:SKAGEN(BO)\r\n" HEAD
	    "! SKAGEN.PRI:5 SEC_BAD_SECTION_HEADER\r\n"
	    "Inbox,Ane,Bo,,,inside a header,19960101000000,,,,,#SKAGEN.SEC(51)"
	    "\r\n! SKAGEN.PRI:6 PRI_UNTERMINATED_QUOTE\r\n"
	    "Inbox,Ane,Bo,,,\"no end,19960101000000,,,,,#SKAGEN.SEC(50)\r\n"
	    "! SKAGEN.PRI:7 SEC_CHAIN_BROKEN\r\n"
	    "Inbox,Ane,Bo,,,broken chain,19960101000000,,,,,#SKAGEN.SEC(103)"
	    "\r\n");
	got = set_read(dir, &here);
	g_assert_nonnull(strstr(got, "subject=broken chain"));
	g_assert_nonnull(strstr(got, "[text:More follows\\r\\n"));
	g_assert_nonnull(strstr(got, "SEC_CHAIN_BROKEN"));
	g_free(got);
	g_free(text);
	g_free(path);
	g_free(dir);
	set_dir_remove(top);
	g_free(top);
	g_free(from);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		char *name = g_str_has_prefix(rows[i].name, "kb/")
		    ? g_strconcat("/", rows[i].name, NULL)
		    : g_strconcat("/iff/diag/", rows[i].name, NULL);

		g_test_add_data_func(name, GUINT_TO_POINTER(i), test_row);
		g_free(name);
	}
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_test_add_data_func(texts[i].name, GUINT_TO_POINTER(i),
		    test_text);
	g_test_add_func("/iff/diag/lookup", test_lookup);
	g_test_add_func("/iff/diag/complete", test_complete);
	g_test_add_func("/iff/recovery", test_recovery);
	return g_test_run();
}
