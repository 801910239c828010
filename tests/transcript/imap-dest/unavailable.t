# NO [UNAVAILABLE] for a batch: try later with a new connection
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
C APPEND "INBOX" * {m1+} * {m2+}
S TAG NO [UNAVAILABLE] database is locked
wait
[client]
folder INBOX inbox
put 1 m1
put 2 m2
last
fails LINK LATER database is locked
none 1
none 2
