# A cut after the server stored a batch: digests decide, equal ones stay equal
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS LIST-EXTENDED LIST-STATUS
list * LIST () "/" INBOX
status * STATUS INBOX (MESSAGES 1 UIDNEXT 5 UIDVALIDITY 7)
C APPEND "INBOX" * {m1+} * {m2+}
S TAG OK [APPENDUID 7 5:6] stored
C APPEND "INBOX" * {m2+} * {m3+}
drop
connection
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C UID FETCH 5:* (UID)
S * 2 FETCH (UID 5)
S * 3 FETCH (UID 6)
S * 4 FETCH (UID 7)
S * 5 FETCH (UID 8)
S TAG OK done
C UID FETCH 7:8 (UID BODY.PEEK[])
S * 4 FETCH (UID 7 BODY[] {+m2})
S * 5 FETCH (UID 8 BODY[] {+m3})
S TAG OK done
C APPEND "INBOX" * {m2+} * {m3+}
S TAG OK [APPENDUID 7 9:10] stored
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C UID FETCH 9:* (UID)
S * 6 FETCH (UID 9)
S * 7 FETCH (UID 10)
S TAG OK done
[client]
option batch-messages 2
folder INBOX inbox
put 1 m1
put 2 m2
commit
put 3 m2
put 4 m3
last
fails LINK NOW 
expect 1 OK 7.5
expect 2 OK 7.6
none 3
reopen interrupted
again 3 m2
again 4 m3
again 5 m2
put 6 m3
last
expect 3 THERE 7.7
expect 4 THERE 7.8
expect 5 OK 7.9
expect 6 OK 7.10
