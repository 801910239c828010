# Without UIDPLUS, with somebody else's mail between ours
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND
list * LIST () "/" INBOX
status * STATUS INBOX (MESSAGES 1 UIDNEXT 5 UIDVALIDITY 7)
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C APPEND "INBOX" * {m1x400+} * {m2x300+}
S TAG OK stored
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C UID FETCH 5:* (UID RFC822.SIZE)
S * 2 FETCH (UID 5 RFC822.SIZE 400)
S * 3 FETCH (UID 6 RFC822.SIZE 12345)
S * 4 FETCH (UID 7 RFC822.SIZE 300)
S TAG OK done
[client]
folder INBOX inbox
put 1 m1x400
put 2 m2x300
last
expect 1 OK 7.5
expect 2 OK 7.7
