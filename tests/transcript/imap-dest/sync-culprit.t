# A header refused inside a synchronising batch is the culprit at once
[server]
caps IMAP4rev1 MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
H APPEND "INBOX" * {m1} * {m2} * {9000}
S TAG NO [TOOBIG] too large
C APPEND "INBOX" * {m1} * {m2}
S TAG OK [APPENDUID 7 1:2] stored
H APPEND "INBOX" * {9000}
S TAG NO [TOOBIG] too large
C APPEND "INBOX" * {m4}
S TAG OK [APPENDUID 7 3] stored
[client]
folder INBOX inbox
put 1 m1
put 2 m2
put 3 m3x9000
put 4 m4
last
expect 1 OK 7.1
expect 2 OK 7.2
expect 3 ITEM m3x9000 too large
expect 4 OK 7.3
