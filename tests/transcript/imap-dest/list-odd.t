# LIST with a literal, NIL separator and unsolicited data in between
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
list * LIST () NIL INBOX
list * 3 EXISTS
list * OK [ALERT] the disk is nearly full
list * LIST () NIL {4}\r\nWork
list * LIST () NIL "x" ("OLDNAME" ({3}\r\nold))
C CREATE "a-b"
S TAG OK created
C SUBSCRIBE "a-b"
S TAG OK subscribed
[client]
folder a/b
last
map a/b = a-b
remark FOLDER_RENAMED
