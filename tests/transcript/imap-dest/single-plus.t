# Without MULTIAPPEND: into the selected folder, one command after another
[server]
caps IMAP4rev1 LITERAL+ UIDPLUS
list * LIST () "/" INBOX
C SELECT "INBOX"
S * 0 EXISTS
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C APPEND "INBOX" () "10-Jan-2026 10:00:00 +0000" {m1+}
S * 1 EXISTS
S TAG OK [APPENDUID 7 1] stored
C APPEND "INBOX" () "10-Jan-2026 10:00:00 +0000" {m2+}
S * 3 EXISTS
S * 2 FETCH (FLAGS (\Seen))
S TAG OK [APPENDUID 7 3] stored
[client]
folder INBOX inbox
put 1 m1
put 2 m2
last
expect 1 OK 7.1
expect 2 OK 7.3
