# [OVERQUOTA] half-way: the mailbox fails, what was stored stays stored
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
C APPEND "INBOX" * {m1+} * {m2+}
S TAG OK [APPENDUID 7 1:2] stored
C APPEND "INBOX" * {m3+} * {m4+}
S TAG NO [OVERQUOTA] Quota exceeded (mailbox for user is full)
[client]
option batch-messages 2
folder INBOX inbox
put 1 m1
put 2 m2
put 3 m3
put 4 m4
last
fails MAILBOX LATER Quota exceeded
expect 1 OK 7.1
expect 2 OK 7.2
none 3
none 4
