# BYE and a cut in the middle of a literal; nothing had arrived
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS LIST-EXTENDED LIST-STATUS
list * LIST () "/" INBOX
status * STATUS INBOX (MESSAGES 1 UIDNEXT 5 UIDVALIDITY 7)
H APPEND "INBOX" * {9000+}
read 4000
S * BYE shutting down
drop
connection
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C UID FETCH 5:* (UID)
S * 1 FETCH (UID 4)
S TAG OK done
C APPEND "INBOX" * {m1x9000+}
S TAG OK [APPENDUID 7 5] stored
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C UID FETCH 5:* (UID)
S * 2 FETCH (UID 5)
S TAG OK done
[client]
folder INBOX inbox
put 1 m1x9000
last
fails LINK LATER ended the connection
none 1
reopen
again 1 m1x9000
last
expect 1 OK 7.5
