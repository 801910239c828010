# MULTIAPPEND without LITERAL+: every literal waits for its "+"
[server]
caps IMAP4rev1 MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
C APPEND "INBOX" () "10-Jan-2026 10:00:00 +0000" {m1} () "10-Jan-2026 10:00:00 +0000" {m2}
S TAG OK [APPENDUID 7 11,15] stored
[client]
folder INBOX inbox
put 1 m1
put 2 m2
last
expect 1 OK 7.11
expect 2 OK 7.15
