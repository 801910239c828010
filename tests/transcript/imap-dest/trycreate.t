# The folder vanished under us: create it, send the batch again
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
list * LIST () "/" Work
C APPEND "Work" * {m1+} * {m2+}
S TAG NO [TRYCREATE] no such mailbox
C CREATE "Work"
S TAG OK created
C SUBSCRIBE "Work"
S TAG OK subscribed
C APPEND "Work" * {m1+} * {m2+}
S TAG OK [APPENDUID 9 1:2] stored
[client]
folder Work
put 1 m1
put 2 m2
last
expect 1 OK 9.1
expect 2 OK 9.2
