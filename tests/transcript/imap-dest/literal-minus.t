# LITERAL-: 4096 octets go without waiting, 4097 do not (RFC 7888 5)
[server]
caps IMAP4rev1 LITERAL- MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
C APPEND "INBOX" () "10-Jan-2026 10:00:00 +0000" {m1x4096+} () "10-Jan-2026 10:00:00 +0000" {m2x4097} () "10-Jan-2026 10:00:00 +0000" {m3+}
S TAG OK [APPENDUID 7 3:5] stored
[client]
folder INBOX inbox
put 1 m1x4096
put 2 m2x4097
put 3 m3
last
expect 1 OK 7.3
expect 3 OK 7.5
