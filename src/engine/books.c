#include "engine/run.h"

bool
books_balance(const struct books *b)
{
	return b->found == b->moved + b->filtered + b->there + b->failed;
}

void
books_apply(struct books *b, const Event *event)
{
	gint64 n = event_get_number(event, "n");

	switch (event_level_of(event)) {
	case EVENT_DEBUG:
	case EVENT_INFO:
		break;
	case EVENT_WARNING:
		b->warnings++;
		break;
	case EVENT_ERROR:
		b->errors++;
		break;
	}
	switch (event_id_of(event)) {
	case EVENT_MESSAGES_MOVED:
		b->moved += n;
		b->bytes += event_get_number(event, "bytes");
		break;
	case EVENT_MESSAGES_THERE:
		b->there += n;
		break;
	case EVENT_MESSAGE_FILTERED:
		b->filtered++;
		break;
	case EVENT_FOLDER_FILTERED:
		b->found += n;
		b->filtered += n;
		break;
	case EVENT_FOLDER_DONE:
		b->found += n;
		break;
	case EVENT_FOLDER_UNCHANGED:
		b->found += n;
		b->there += n;
		break;
	case EVENT_FLAGS_UPDATED:
		b->updated += n;
		break;
	case EVENT_FOLDER_MADE:
		b->folders++;
		break;
	case EVENT_OTHERS_MOVED:
		b->others += n;
		break;
	/* A message that failed, by whatever number (report.c). */
	case EVENT_TEXT_AFTER_QUOTE:
	case EVENT_SECONDARY_DAMAGED:
	case EVENT_PAB_HEADING:
	case EVENT_ATTACHMENT_NAME_MISSING:
	case EVENT_SECONDARY_HEADING:
	case EVENT_BAD_SECTION:
	case EVENT_MESSAGE_FAILED:
		b->failed += event_get_number(event, "failed");
		break;
	case EVENT_JOB_ENDED:
		b->mailboxes++;
		b->mailboxes_failed += event_get_number(event, "failed");
		break;
	case EVENT_ACCOUNT_WITHOUT_MAILBOX:
		b->mailboxes++;
		b->mailboxes_failed++;
		break;
	case EVENT_VERIFY_FOLDER_DONE:
		b->found += event_get_number(event, "found");
		b->there += n;
		b->filtered += event_get_number(event, "filtered");
		break;
	case EVENT_VERIFY_MISSING:
	case EVENT_VERIFY_DIFFERENT:
		b->failed++;
		break;
	}
}

int
run_exit_status(const struct books *b)
{
	if (b->failed > 0 || b->mailboxes_failed > 0 || b->errors > 0 ||
	    !books_balance(b))
		return 2;
	return b->warnings > 0 ? 1 : 0;
}
