# One message of a batch is refused: halves, until it stands alone
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
C APPEND "INBOX" * {m1+} * {m2+} * {m3+} * {m4+} * {m5+}
S TAG NO Message contains invalid header
C APPEND "INBOX" * {m1+} * {m2+}
S TAG OK [APPENDUID 7 1:2] stored
C APPEND "INBOX" * {m3+} * {m4+} * {m5+}
S TAG NO Message contains invalid header
C APPEND "INBOX" * {m3+}
S TAG OK [APPENDUID 7 3] stored
C APPEND "INBOX" * {m4+} * {m5+}
S TAG NO Message contains invalid header
C APPEND "INBOX" * {m4+}
S TAG NO Message contains invalid header
C APPEND "INBOX" * {m5+}
S TAG OK [APPENDUID 7 4] stored
[client]
folder INBOX inbox
put 1 m1
put 2 m2
put 3 m3
put 4 m4
put 5 m5
last
expect 1 OK 7.1
expect 2 OK 7.2
expect 3 OK 7.3
expect 4 ITEM m4 Message contains invalid header
expect 5 OK 7.4
