# NO before the rest of a streamed batch: the rest is a batch of its own
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
C APPEND "INBOX" * {m1+} * {m2+}
S TAG BAD what is this
C APPEND "INBOX" * {m1+}
S TAG OK [APPENDUID 7 1] stored
C APPEND "INBOX" * {m2+}
S TAG BAD what is this
[client]
folder INBOX inbox
put 1 m1
put 2 m2
last
expect 1 OK 7.1
expect 2 ITEM m2 what is this
