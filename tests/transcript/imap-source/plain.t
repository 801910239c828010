# All in one FETCH; unsolicited data, items in any order, CR LF at the end
[server]
caps IMAP4rev1 LITERAL+ UIDPLUS LIST-EXTENDED LIST-STATUS
list * LIST () "/" INBOX
status * STATUS INBOX (MESSAGES 3 UIDNEXT 10 UIDVALIDITY 7)
C EXAMINE "INBOX"
S * 3 EXISTS
S * OK [UIDVALIDITY 7] there
S * OK [UIDNEXT 10] next
S TAG OK [READ-ONLY] selected
C UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])
S * 1 FETCH (UID 3 FLAGS (\Seen \Recent $Forwarded) INTERNALDATE "10-Jan-2026 10:00:00 +0000" RFC822.SIZE 73 BODY[] {+m1})
S * 4 EXISTS
S * OK [ALERT] going down tonight
S * 2 FETCH (BODY[] {+m2x5000} RFC822.SIZE 5000 INTERNALDATE " 1-Jan-2026 10:00:00 +0000" FLAGS () UID 5)
S * 1 FETCH (FLAGS (\Seen \Flagged) UID 3)
S * 3 FETCH (UID 9 FLAGS (\Deleted) INTERNALDATE "10-Jan-2026 10:00:00 +0000" RFC822.SIZE 999999 BODY[] {+m3})
S TAG OK done
[client]
folder INBOX inbox
message 3 m1 \Seen $Forwarded
message 5 m2x5000
message 9 m3 \Deleted
end INBOX 3 0
done
