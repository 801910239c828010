# A literal said to be huge: refused before a byte is stored
[server]
caps IMAP4rev1 LITERAL+ UIDPLUS LIST-EXTENDED LIST-STATUS
list * LIST () "/" INBOX
status * STATUS INBOX (MESSAGES 1 UIDNEXT 10 UIDVALIDITY 7)
C EXAMINE "INBOX"
S * 1 EXISTS
S TAG OK selected
C UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])
S * 1 FETCH (UID 3 BODY[] {=99999999999999999999 m1})
[client]
folder INBOX inbox
fails LINK NEVER literal beyond 4 GiB
