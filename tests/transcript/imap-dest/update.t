# Changed flags: exactly the difference, by UID, grouped
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS LIST-EXTENDED LIST-STATUS
list * LIST () "/" INBOX
list * LIST () "/" Old
status * STATUS INBOX (MESSAGES 9 UIDNEXT 50 UIDVALIDITY 7)
status * STATUS Old (MESSAGES 9 UIDNEXT 50 UIDVALIDITY 9)
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C UID STORE 3:5,9 +FLAGS.SILENT (\Seen)
S TAG OK done
C SELECT "Old"
S * OK [UIDVALIDITY 9] there
S TAG OK [READ-WRITE] selected
[client]
folder INBOX inbox
update 7.5 \Flagged mine : \Flagged \Seen mine
update 7.3 : \Seen
update 7.9 : \Seen
update 7.4 : \Seen
update 7.8 \Seen : \Seen
folder Old
update 8.4 : \Seen
last
remark DEST_UIDVALIDITY
