# Flags and keywords that went away; a message without a key
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS LIST-EXTENDED LIST-STATUS
list * LIST () "/" INBOX
status * STATUS INBOX (MESSAGES 9 UIDNEXT 50 UIDVALIDITY 7)
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C UID STORE 5 -FLAGS.SILENT (\Flagged mine)
S TAG NO not now
[client]
folder INBOX inbox
update 7.5 \Flagged mine \Seen : \Seen
update - : \Seen
fails ITEM NEVER changed flags
last
remark FLAGS_REFUSED
