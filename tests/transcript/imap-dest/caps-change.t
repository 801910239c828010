# Capabilities change after log-on: only the later ones count
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
caps-after IMAP4rev1 UIDPLUS
list * LIST () "/" INBOX
C SELECT "INBOX"
S TAG OK [READ-WRITE] selected
C APPEND "INBOX" * {m1}
S TAG OK [APPENDUID 7 1] stored
[client]
folder INBOX inbox
put 1 m1
last
expect 1 OK 7.1
