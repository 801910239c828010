# MULTIAPPEND and LITERAL+: one command for a batch, nothing waited for
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS LIST-EXTENDED LIST-STATUS
list * LIST (\HasNoChildren) "/" INBOX
status * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)
C APPEND "INBOX" (\Seen $Label1) "10-Jan-2026 10:00:00 +0000" {m1+} () "10-Jan-2026 10:00:00 +0000" {m2x3000+}
S TAG OK [APPENDUID 7 1:2] stored
C APPEND "INBOX" (\Seen \Answered \Flagged \Deleted \Draft) {m3+}
S * 3 EXISTS
S TAG OK [APPENDUID 7 3] stored
[client]
option batch-messages 2
folder INBOX inbox
put 1 m1 \Seen $Label1
put 2 m2x3000
quiet 3 m3 \Seen \Answered \Flagged \Deleted \Draft
last
expect 1 OK 7.1
expect 2 OK 7.2
expect 3 OK 7.3
silent
