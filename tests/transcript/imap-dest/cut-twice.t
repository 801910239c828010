# Two cuts, the second in a new pass: the oldest place that is in doubt stays
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS LIST-EXTENDED LIST-STATUS
list * LIST () "/" INBOX
status * STATUS INBOX (MESSAGES 1 UIDNEXT 5 UIDVALIDITY 7)
C APPEND "INBOX" * {m1+}
drop
connection
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C UID FETCH 5:* (UID)
drop
connection
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C UID FETCH 5:* (UID)
S * 2 FETCH (UID 5)
S TAG OK done
C UID FETCH 5 (UID BODY.PEEK[])
S * 2 FETCH (UID 5 BODY[] {+m1})
S TAG OK done
[client]
folder INBOX inbox
put 1 m1
last
fails LINK NOW 
pass 2
reopen interrupted
again 1 m1
fails LINK NOW 
pass 3
reopen interrupted
again 1 m1
last
expect 1 THERE 7.5
