# APPENDUID with too many UIDs, then with one of long ago: neither is believed
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS LIST-EXTENDED LIST-STATUS
list * LIST () "/" INBOX
status * STATUS INBOX (MESSAGES 1 UIDNEXT 5 UIDVALIDITY 7)
C APPEND "INBOX" * {m1+}
S TAG OK [APPENDUID 7 5:4000000000] stored
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C UID FETCH 5:* (UID RFC822.SIZE)
S * 2 FETCH (RFC822.SIZE 73 UID 5)
S TAG OK done
C APPEND "INBOX" * {m2+}
S TAG OK [APPENDUID 7 2] stored
C UID FETCH 6:* (UID RFC822.SIZE)
S * 3 FETCH (UID 6 RFC822.SIZE 73)
S TAG OK done
[client]
folder INBOX inbox
put 1 m1
last
put 2 m2
last
expect 1 OK 7.5
expect 2 OK 7.6
