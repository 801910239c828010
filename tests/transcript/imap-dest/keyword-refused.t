# A message refused for its keyword is stored without
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
C APPEND "INBOX" (\Seen odd) * {m1+}
S TAG NO [LIMIT] too many keywords
C APPEND "INBOX" (\Seen) "10-Jan-2026 10:00:00 +0000" {m1+}
S TAG OK [APPENDUID 7 1] stored
[client]
folder INBOX inbox
put 1 m1 \Seen odd
last
expect 1 OK 7.1
remark KEYWORDS_REFUSED
