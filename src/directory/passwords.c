#include "directory/passwords.h"

#include "base/csv.h"
#include "base/secret.h"
#include "directory/dn.h"
#include "directory/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANDOM_LETTERS 16 /* of 54: 92 bits */
#define RANDOM_GROUP   4  /* letters between two dashes: read out by phone */

static const char heading[] = "Recipient,Account,Password\r\n";

struct Passwords {
	char *rule; /* NULL: random */
	char *path;
	int fd;
	guint count;
	GHashTable *known; /* folded name of a recipient to its password */
};

static void
forget(void *data)
{
	secret_free(data);
}

static enum status
trouble(const char *path, int why, GError **error)
{
	return fail(ST_RUN, error, ERR_IO, RETRY_NEVER,
	    "list of passwords %s: %s", path, g_strerror(why));
}

static enum status
append(Passwords *p, const char *text, gsize len, GError **error)
{
	/* In one piece: two runs may share the list. */
	gssize n = write(p->fd, text, len);

	if (n == (gssize)len && fdatasync(p->fd) == 0)
		return ST_OK;
	return trouble(
	    p->path, n < 0 || n == (gssize)len ? errno : ENOSPC, error);
}

static enum status
load(Passwords *p, gint64 size, GError **error)
{
	g_autoptr(Csv) csv = NULL;
	char *const *fields;
	char last = '\n';
	guint n;
	enum status st = csv_open(&csv, p->path, error);

	while (st == ST_OK) {
		g_autoptr(GError) why = NULL;
		char *folded;

		st = csv_next(csv, &fields, &n, &why);
		if (st == ST_ITEM) /* a line that a crash cut */
			st = ST_OK;
		else if (st < 0)
			g_propagate_error(error, g_steal_pointer(&why));
		else if (st == ST_OK && n == 3 && dn_check(fields[0])) {
			folded = dn_fold(fields[0]);
			if (folded)
				g_hash_table_replace(
				    p->known, folded, g_strdup(fields[2]));
		}
	}
	if (st == ST_END && pread(p->fd, &last, 1, size - 1) != 1)
		return trouble(p->path, errno, error);
	return st == ST_END && last != '\n' ? append(p, "\r\n", 2, error)
	       : st < 0			    ? ST_RUN
					    : ST_OK;
}

enum status
passwords_open(
    Passwords **out, const char *how, const char *path, GError **error)
{
	g_autoptr(Passwords) p = g_new0(Passwords, 1);
	struct stat s;
	enum status st = ST_OK;

	*out = NULL;
	p->fd = -1;
	p->path = g_strdup(path);
	p->known =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, forget);
	if (g_str_has_prefix(how, "rule:") && how[5] != '\0') {
		p->rule = g_strdup(how + 5);
		st = policy_check(p->rule, error);
	} else if (strcmp(how, "random") != 0)
		st = fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "--initial-password is one of none, random, rule:PATTERN, "
		    "not %s",
		    how);
	if (st < 0)
		return st;
	p->fd = open(
	    path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (p->fd < 0 || fstat(p->fd, &s) < 0)
		return trouble(path, errno, error);
	if (!S_ISREG(s.st_mode) || (s.st_mode & 077) != 0)
		return fail(ST_RUN, error, ERR_CONFIG, RETRY_NEVER,
		    "list of passwords %s: others can read it; make it its "
		    "owner's alone (chmod 600)",
		    path);
	st = s.st_size > 0 ? load(p, s.st_size, error)
			   : append(p, heading, sizeof heading - 1, error);
	if (st == ST_OK)
		*out = g_steal_pointer(&p);
	return st;
}

void
passwords_close(Passwords *p)
{
	if (p == NULL)
		return;
	if (p->fd >= 0)
		close(p->fd);
	g_hash_table_unref(p->known);
	g_free(p->rule);
	g_free(p->path);
	g_free(p);
}

const char *
passwords_path(const Passwords *p)
{
	return p->path;
}

guint
passwords_count(const Passwords *p)
{
	return p->count;
}

/* Letters and digits without those that look alike, in groups; small and
 * capital letters, a digit and a dash, as most rules of servers ask for. */
static char *
random_password(void)
{
	static const char letters[] =
	    "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
	const guint n_letters = sizeof letters - 1;
	char text[RANDOM_LETTERS + RANDOM_LETTERS / RANDOM_GROUP];
	bool small, capital, digit;

	do {
		guint n = 0, at = 0;

		small = capital = digit = false;
		while (n < RANDOM_LETTERS) {
			guint8 octet;
			char c;

			/* All letters equally: the rest of 256 is no use. */
			if (getrandom(&octet, 1, 0) != 1 ||
			    octet >= 256 / n_letters * n_letters)
				continue;
			c = letters[octet % n_letters];
			if (n > 0 && n % RANDOM_GROUP == 0)
				text[at++] = '-';
			text[at++] = c;
			n++;
			small |= g_ascii_islower(c);
			capital |= g_ascii_isupper(c);
			digit |= g_ascii_isdigit(c);
		}
		text[at] = '\0';
	} while (!small || !capital || !digit);
	return g_strdup(text);
}

enum status
passwords_take(Passwords *p, const Entry *entry, char **out, GError **error)
{
	const char *account = entry_get(entry, "Assoc-NT-Account");
	g_autofree char *folded = dn_fold(entry->id);
	const char *known =
	    folded ? g_hash_table_lookup(p->known, folded) : NULL;
	GString *line;
	enum status st;

	*out = NULL;
	if (known) {
		*out = g_strdup(known);
		return ST_OK;
	}
	*out =
	    p->rule ? policy_expand(p->rule, entry, false) : random_password();
	if (**out == '\0') {
		g_clear_pointer(out, secret_free);
		return fail(ST_ITEM, error, ERR_CONFIG, RETRY_NEVER,
		    "the rule for passwords, %s, gives nothing: it lacks one "
		    "of the names",
		    p->rule);
	}
	if (account == NULL)
		account = entry_get(entry, "Mail-nickname");
	line = g_string_new(NULL);
	csv_put(line, entry->id, ',');
	g_string_append_c(line, ',');
	csv_put(line, account ? account : "", ',');
	g_string_append_c(line, ',');
	csv_put(line, *out, ',');
	g_string_append(line, "\r\n");
	st = append(p, line->str, line->len, error);
	secret_free(g_string_free(line, FALSE));
	if (st < 0) {
		g_clear_pointer(out, secret_free);
		return st;
	}
	p->count++;
	if (folded)
		g_hash_table_replace(
		    p->known, g_steal_pointer(&folded), g_strdup(*out));
	return ST_OK;
}
