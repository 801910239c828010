# [OVERQUOTA] for a header: what was not begun is not sent
[server]
caps IMAP4rev1 UIDPLUS
list * LIST () "/" INBOX
C SELECT "INBOX"
S TAG OK [READ-WRITE] selected
C APPEND "INBOX" * {m1}
S TAG OK [APPENDUID 7 1] stored
H APPEND "INBOX" * {73}
S TAG NO Over quota
[client]
folder INBOX inbox
put 1 m1
put 2 m2
put 3 m3
put 4 m4
last
fails MAILBOX LATER Over quota
expect 1 OK 7.1
none 2
none 3
none 4
