# The folder was made anew between two runs: all of it is compared, and said so
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS LIST-EXTENDED LIST-STATUS
list * LIST () "/" INBOX
status * STATUS INBOX (MESSAGES 1 UIDNEXT 50 UIDVALIDITY 7)
C APPEND "INBOX" * {m1+}
drop
connection
C SELECT "INBOX"
S * OK [UIDVALIDITY 8] there
S TAG OK [READ-WRITE] selected
C UID FETCH 1:* (UID)
S * 1 FETCH (UID 1)
S TAG OK done
C UID FETCH 1 (UID BODY.PEEK[])
S * 1 FETCH (BODY[] {+m1} UID 1)
S TAG OK done
[client]
folder INBOX inbox
put 1 m1
last
fails LINK NOW 
reopen interrupted
again 1 m1
last
expect 1 THERE 8.1
remark DEST_UIDVALIDITY
