# LIST with odd separators, a literal, \Noselect, unsolicited data
[server]
caps IMAP4rev1 LIST-EXTENDED LIST-STATUS SPECIAL-USE
list * LIST (\HasChildren) "\\" INBOX
list * 3 EXISTS
list * LIST (\Noselect) "\\" Top
list * LIST (\Sent) "\\" {8}\r\nTop\Sent
list * BYTES of the future (1 "two" {3}\r\nxyz)
status * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)
status * STATUS {8}\r\nTop\Sent (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)
[client]
folder INBOX inbox
folder Top/Sent sent
end INBOX 0 0
end Top/Sent 0 0
done
