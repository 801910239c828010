/*
 * The control file: a keyword, a comma and its value on each line; lines that
 * begin with '!' are comments. The first keyword is Mode, because the others
 * are good for some modes only.
 */
#include "cli/cmd_batch.h"

#include "base/codepage.h"
#include "base/nearest.h"

#include <stdarg.h>
#include <string.h>

#define CONTROL_MAX	(1 << 20) /* bytes; a control file has forty lines */
#define WINDOWS_DEFAULT 1252	  /* of Western Europe and America */

#define USERS                                                                  \
	(BATCH_MSMAILPC | BATCH_CCMAIL | BATCH_NOTES | BATCH_GRPWISE |         \
	    BATCH_GRPWISE5 | BATCH_EXCHANGE)
#define GROUPWISE (BATCH_GRPWISE | BATCH_GRPWISE5)
#define FOLDERS	  (BATCH_MSMAILPC | BATCH_CCMAIL | BATCH_COLLABRA | BATCH_FILE)
#define BOOLEAN	  "TRUE|FALSE"

/* wizard.md 7.2; the modes are those of Q198957. FILE takes what its sample
 * there has. */
const struct cmd_batch_keyword cmd_batch_keywords[BATCH_KEYS] = {
    [KEY_MODE] = {"Mode", NULL, BATCH_CHOICE,
	"FILE|MSMAILPC|CCMAIL|COLLABRA|NOTES|GRPWISE|GRPWISE5|ADSI|IMAP|"
	"EXCHANGE",
	NULL, BATCH_ALL},
    [KEY_FUNCTION] = {"Function", NULL, BATCH_CHOICE, "FULL|EXTRACT|IMPORT",
	"FULL", BATCH_ALL & ~BATCH_FILE},
    [KEY_FILE] = {"File", NULL, BATCH_PATH, NULL, NULL, BATCH_ALL},
    [KEY_ACCOUNTS] = {"Accounts", NULL, BATCH_PATH, NULL, NULL,
	USERS | BATCH_ADSI | BATCH_IMAP},
    [KEY_MAILBOX] = {"Mailbox", NULL, BATCH_CHOICE, BOOLEAN, "TRUE", BATCH_ALL},
    [KEY_POSTOFFICE] = {"Postoffice", NULL, BATCH_PATH, NULL, NULL,
	BATCH_MSMAILPC | BATCH_CCMAIL | BATCH_NOTES | BATCH_COLLABRA |
	    BATCH_GRPWISE | BATCH_ADSI},
    [KEY_PONAME] = {"POName", NULL, BATCH_TEXT, NULL, NULL,
	BATCH_CCMAIL | BATCH_GRPWISE5 | BATCH_NOTES},
    [KEY_GWDOMAIN] = {"GWDomain", NULL, BATCH_PATH, NULL, NULL, BATCH_GRPWISE5},
    [KEY_GWUSERGRPNAME] = {"GWUserGRPName", NULL, BATCH_TEXT, NULL, NULL,
	BATCH_GRPWISE},
    [KEY_GWRTF] = {"GWRTF", NULL, BATCH_CHOICE, BOOLEAN, "TRUE", BATCH_GRPWISE},
    [KEY_NOTESINI] = {"Notesini", "INIFile", BATCH_PATH, NULL, NULL,
	BATCH_NOTES},
    [KEY_DOCLINK] = {"DocLinkConversion", NULL, BATCH_CHOICE, "URL|OLE|RTF",
	"RTF", BATCH_NOTES},
    [KEY_SECURE] = {"Secure", NULL, BATCH_CHOICE, BOOLEAN, "FALSE",
	BATCH_ADSI | BATCH_IMAP},
    [KEY_ENCRYPTED] = {"Encrypted", NULL, BATCH_CHOICE, BOOLEAN, "FALSE",
	BATCH_ADSI | BATCH_IMAP},
    [KEY_PORT] = {"Port", NULL, BATCH_NUMBER, NULL, "389", BATCH_ADSI},
    [KEY_EMAIL] = {"Email", NULL, BATCH_CHOICE, BOOLEAN, "TRUE",
	USERS | BATCH_IMAP},
    [KEY_PUBLIC] = {"Public", NULL, BATCH_CHOICE, BOOLEAN, "TRUE", FOLDERS},
    [KEY_PAB] = {"PAB", NULL, BATCH_CHOICE, BOOLEAN, "TRUE", BATCH_MSMAILPC},
    [KEY_SCHEDULE] = {"Schedule", NULL, BATCH_CHOICE, BOOLEAN, "TRUE",
	BATCH_MSMAILPC | BATCH_NOTES | GROUPWISE},
    [KEY_PHONE] = {"Phone", NULL, BATCH_CHOICE, BOOLEAN, "TRUE", GROUPWISE},
    [KEY_APPOINTMENTS] = {"Appointments", NULL, BATCH_CHOICE, BOOLEAN, "TRUE",
	GROUPWISE},
    [KEY_NOTES] = {"Notes", NULL, BATCH_CHOICE, BOOLEAN, "TRUE", GROUPWISE},
    [KEY_TASKS] = {"Tasks", NULL, BATCH_CHOICE, BOOLEAN, "TRUE",
	GROUPWISE | BATCH_NOTES},
    [KEY_EMAILSTART] = {"EmailStart", NULL, BATCH_DATE, NULL, NULL,
	USERS | BATCH_IMAP},
    [KEY_EMAILEND] = {"EmailEnd", NULL, BATCH_DATE, NULL, NULL,
	USERS | BATCH_IMAP},
    [KEY_SCHDSTART] = {"SchdStart", NULL, BATCH_DATE, NULL, NULL,
	BATCH_NOTES | GROUPWISE},
    [KEY_SCHDEND] = {"SchdEnd", NULL, BATCH_DATE, NULL, NULL,
	BATCH_NOTES | GROUPWISE},
    [KEY_HOME_SERVER] = {"Home-Server", NULL, BATCH_TEXT, NULL, NULL,
	BATCH_ALL},
    [KEY_CONTAINER] = {"Container", NULL, BATCH_CONTAINER, NULL, "Recipients",
	BATCH_ALL},
    [KEY_TEMPLATE] = {"Template", NULL, BATCH_TEXT, NULL, NULL, BATCH_ALL},
    [KEY_NTACCOUNTS] = {"NTAccounts", NULL, BATCH_CHOICE, "RANDOM|ALIAS|NO",
	"NO", BATCH_ALL},
    [KEY_NTDOMAIN] = {"NTDomain", NULL, BATCH_TEXT, NULL, NULL, BATCH_ALL},
    [KEY_DEFFLDPERMS] = {"DefFldPerms", NULL, BATCH_CHOICE,
	"None|Author|PubEditor", "None", FOLDERS},
    [KEY_FLDOWNER] = {"FldOwner", NULL, BATCH_TEXT, NULL, NULL, FOLDERS},
    [KEY_IMPORTDESTINATION] = {"ImportDestination", NULL, BATCH_CHOICE,
	"SERVER|PST", "SERVER", USERS | BATCH_IMAP | BATCH_FILE},
    [KEY_PSTPATH] = {"PSTPath", NULL, BATCH_PATH, NULL, NULL,
	USERS | BATCH_IMAP | BATCH_FILE},
    [KEY_EXCHSTORE] = {"ExchStore", NULL, BATCH_TEXT, NULL, NULL, BATCH_ALL},
    [KEY_EXCHSTOREDN] = {"ExchStoreDN", NULL, BATCH_TEXT, NULL, NULL,
	BATCH_ALL},
    [KEY_EXCH55] = {"Exch55", NULL, BATCH_CHOICE, BOOLEAN, "TRUE",
	BATCH_EXCHANGE},
    [KEY_RESTRICT] = {"RestrictSearchToSid", NULL, BATCH_CHOICE, BOOLEAN,
	"FALSE", BATCH_EXCHANGE},
    [KEY_SUBJECTFILE] = {"SubjectFile", NULL, BATCH_PATH, NULL, NULL,
	BATCH_EXCHANGE},
    [KEY_FORCEPWD] = {"ForcePwdChange", NULL, BATCH_CHOICE, BOOLEAN, "FALSE",
	BATCH_ALL},
};

static void
say(const struct cmd_batch *batch, int line, const char *level,
    const char *format, va_list ap)
{
	g_autofree char *text = g_strdup_vprintf(format, ap);

	if (line > 0)
		cli_say("%s: %s line %d: %s", level, batch->path, line, text);
	else
		cli_say("%s: %s", level, text);
}

void
cmd_batch_warn(struct cmd_batch *batch, int line, const char *format, ...)
{
	va_list ap;

	batch->warnings++;
	va_start(ap, format);
	say(batch, line, "warning", format, ap);
	va_end(ap);
}

bool
cmd_batch_error(struct cmd_batch *batch, int line, const char *format, ...)
{
	va_list ap;

	batch->errors++;
	va_start(ap, format);
	say(batch, line, "error", format, ap);
	va_end(ap);
	return false;
}

const char *
cmd_batch_value(const struct cmd_batch *batch, enum cmd_batch_key key)
{
	return batch->values[key] ? batch->values[key]
				  : cmd_batch_keywords[key].fallback;
}

bool
cmd_batch_is(
    const struct cmd_batch *batch, enum cmd_batch_key key, const char *value)
{
	const char *have = cmd_batch_value(batch, key);

	return have != NULL && g_ascii_strcasecmp(have, value) == 0;
}

static int
find_keyword(const char *name)
{
	for (int i = 0; i < BATCH_KEYS; i++) {
		const struct cmd_batch_keyword *k = &cmd_batch_keywords[i];

		if (g_ascii_strcasecmp(k->name, name) == 0 ||
		    (k->alias && g_ascii_strcasecmp(k->alias, name) == 0))
			return i;
	}
	return -1;
}

static const char *
nearest(const char *name)
{
	const char *names[BATCH_KEYS + 1] = {NULL};

	for (int i = 0; i < BATCH_KEYS; i++)
		names[i] = cmd_batch_keywords[i].name;
	return nearest_word(name, names);
}

static bool
is_date(const char *value)
{
	g_autoptr(GDateTime) t = NULL;
	int n[6];

	if (strlen(value) != 14 || strspn(value, "0123456789") != 14)
		return false;
	for (int i = 0; i < 6; i++) {
		int from = i == 0 ? 0 : 2 + 2 * i, len = i == 0 ? 4 : 2;

		n[i] = 0;
		for (int j = 0; j < len; j++)
			n[i] = n[i] * 10 + value[from + j] - '0';
	}
	t = g_date_time_new_utc(n[0], n[1], n[2], n[3], n[4], n[5]);
	return t != NULL;
}

/* "Recipients/cn=a/cn=b", "/o=x/ou=y/cn=Recipients", "OU=a,DC=b", "none"
 * (Q198957 against Q274393: all forms); one without any of them is event
 * 10023 of the original. */
static bool
is_container(const char *value)
{
	return strchr(value, '=') != NULL || strchr(value, '/') == NULL;
}

/* Without a value that does not fit, the file is not used. column: of the
 * value, from 1. */
static bool
check_value(
    struct cmd_batch *batch, int key, const char *value, int line, int column)
{
	const struct cmd_batch_keyword *k = &cmd_batch_keywords[key];
	g_auto(GStrv) choices =
	    k->choices ? g_strsplit(k->choices, "|", -1) : NULL;

	switch (k->type) {
	case BATCH_TEXT:
	case BATCH_PATH:
		return true;
	case BATCH_CHOICE:
		for (guint i = 0; choices[i] != NULL; i++)
			if (g_ascii_strcasecmp(choices[i], value) == 0)
				return true;
		return cmd_batch_error(batch, line,
		    "column %d: %s is one of %s, not '%s'", column, k->name,
		    k->choices, value);
	case BATCH_DATE:
		if (is_date(value))
			return true;
		return cmd_batch_error(batch, line,
		    "column %d: %s is YYYYMMDDHHMMSS, such as 20020131235959, "
		    "not '%s'",
		    column, k->name, value);
	case BATCH_NUMBER:
		if (g_ascii_string_to_unsigned(value, 10, 1, 65535, NULL, NULL))
			return true;
		return cmd_batch_error(batch, line,
		    "column %d: %s is a number from 1 to 65535, not '%s'",
		    column, k->name, value);
	case BATCH_CONTAINER:
		if (is_container(value))
			return true;
		return cmd_batch_error(batch, line,
		    "column %d: Container '%s' is none of "
		    "Recipients/cn=NAME, a distinguished name, a plain name "
		    "(event 10023 of the original)",
		    column, value);
	}
	g_assert_not_reached();
}

static void
take_mode(struct cmd_batch *batch, const char *value)
{
	g_auto(GStrv) names =
	    g_strsplit(cmd_batch_keywords[KEY_MODE].choices, "|", -1);

	for (guint i = 0; names[i] != NULL; i++)
		if (g_ascii_strcasecmp(names[i], value) == 0)
			batch->mode = 1u << i;
}

/* What a spreadsheet or a web page left: quotation marks, "<BR/>". */
static char *
clean(char *value)
{
	gsize len;

	g_strstrip(value);
	len = strlen(value);
	if (len >= 5 && g_ascii_strcasecmp(value + len - 5, "<br/>") == 0)
		value[len -= 5] = '\0';
	g_strchomp(value);
	len = strlen(value);
	if (len >= 2 && *value == '"' && value[len - 1] == '"') {
		value[len - 1] = '\0';
		return value + 1;
	}
	return value;
}

static bool
take_line(struct cmd_batch *batch, char *text, int line)
{
	char *comma = strchr(text, ','), *value;
	int key, column;

	if (*text == '!' || *g_strchug(text) == '\0' || *text == '!')
		return true;
	if (comma == NULL)
		return cmd_batch_error(batch, line,
		    "column %d: 'Keyword,Value' has a comma, and '%s' has none",
		    (int)strlen(text) + 1, text);
	*comma = '\0';
	g_strchomp(text);
	column = (int)(comma - text) + 2;
	value = clean(comma + 1);
	key = find_keyword(text);
	if (batch->mode == 0 && key != KEY_MODE)
		return cmd_batch_error(batch, line,
		    "Mode comes first, such as Mode,IMAP; '%s' before it means "
		    "nothing (Q234057)",
		    text);
	if (key < 0) {
		const char *near = nearest(text);

		cmd_batch_warn(batch, line,
		    "unnecessary keyword '%s' found in control file; it is "
		    "ignored (10008)%s%s%s",
		    text, near ? "; did you mean '" : "", near ? near : "",
		    near ? "'?" : "");
		return true;
	}
	if (!batch->silent)
		printf("Keyword found: %s = %s\n", cmd_batch_keywords[key].name,
		    value);
	if (!check_value(batch, key, value, line, column))
		return false;
	if (key == KEY_MODE && batch->mode == 0)
		take_mode(batch, value);
	if ((cmd_batch_keywords[key].modes & batch->mode) == 0) {
		cmd_batch_warn(batch, line,
		    "unnecessary keyword '%s' found in control file; Mode,%s "
		    "does not need it, and it is ignored (10008)",
		    cmd_batch_keywords[key].name, batch->values[KEY_MODE]);
		return true;
	}
	if (batch->lines[key] > 0)
		return cmd_batch_error(batch, line,
		    "%s was given in line %d; remove one of them",
		    cmd_batch_keywords[key].name, batch->lines[key]);
	batch->values[key] = g_strdup(value);
	batch->lines[key] = line;
	return true;
}

/* UTF-8, or else the code page that Windows has in Western Europe. */
static char *
decode(char *bytes, gsize len)
{
	g_autoptr(Codepage) page = NULL;
	GString *out;

	if (g_str_has_prefix(bytes, "\xef\xbb\xbf"))
		memmove(bytes, bytes + 3, len - 2);
	if (g_utf8_validate(bytes, -1, NULL) ||
	    codepage_open(&page, WINDOWS_DEFAULT, NULL) < 0)
		return g_strdup(bytes);
	out = g_string_new(NULL);
	codepage_decode(page, bytes, len, true, false, NULL, out);
	return g_string_free(out, FALSE);
}

bool
cmd_batch_read(struct cmd_batch *batch)
{
	g_autofree char *bytes = NULL;
	g_autofree char *text = NULL;
	g_autoptr(GError) cause = NULL;
	g_auto(GStrv) lines = NULL;
	bool good = true;
	gsize len;

	if (!batch->silent)
		printf("Opening control file: %s\n", batch->path);
	if (!g_file_get_contents(batch->path, &bytes, &len, &cause))
		return cmd_batch_error(batch, 0,
		    "control file cannot be read: %s", cause->message);
	if (len > CONTROL_MAX || memchr(bytes, '\0', len) != NULL)
		return cmd_batch_error(batch, 0,
		    "%s is no control file, which is a text of Keyword,Value "
		    "lines",
		    batch->path);
	text = decode(bytes, len);
	lines = g_strsplit(text, "\n", -1);
	/* All mistakes at once, but those that follow from a missing Mode. */
	for (int i = 0; lines[i] != NULL; i++) {
		g_strchomp(lines[i]);
		good &= take_line(batch, lines[i], i + 1);
		if (batch->mode == 0 && !good)
			return false;
	}
	if (batch->mode == 0)
		return cmd_batch_error(batch, 0,
		    "required keyword 'Mode' is missing in the control file "
		    "%s; it comes first, such as Mode,IMAP (Q234057)",
		    batch->path);
	if (!batch->silent && good)
		printf("Import mode: %s %s\n", cmd_batch_value(batch, KEY_MODE),
		    batch->mode == BATCH_FILE
			? "IMPORT"
			: cmd_batch_value(batch, KEY_FUNCTION));
	return good;
}
