#include "model/job.h"

#include <string.h>

static void
wipe(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	g_clear_pointer(secret, g_free);
}

void
login_clear(struct login *login)
{
	g_clear_pointer(&login->user, g_free);
	g_clear_pointer(&login->authuser, g_free);
	wipe(&login->password);
	g_clear_pointer(&login->token_command, g_free);
}

struct mailbox *
mailbox_new(const char *name, const char *ref)
{
	struct mailbox *mailbox = g_new0(struct mailbox, 1);

	mailbox->name = g_strdup(name);
	mailbox->ref = g_strdup(ref);
	mailbox->messages = -1;
	mailbox->bytes = -1;
	return mailbox;
}

void
mailbox_free(struct mailbox *mailbox)
{
	if (mailbox == NULL)
		return;
	g_free(mailbox->name);
	g_free(mailbox->ref);
	g_free(mailbox);
}
