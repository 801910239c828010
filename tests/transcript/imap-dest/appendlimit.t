# APPENDLIMIT is known: nothing is sent; NUL and nothing cannot be sent at all
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS APPENDLIMIT=5000
list * LIST () "/" INBOX
C APPEND "INBOX" * {m2x5000+}
S TAG OK [APPENDUID 7 1] stored
[client]
folder INBOX inbox
put 1 m1x5001
fails ITEM NEVER APPENDLIMIT
put 2 m2x5000
put 3 nul
fails ITEM NEVER NUL
put 4 empty
fails ITEM NEVER empty
last
expect 2 OK 7.1
none 1
none 3
none 4
