# Neither MULTIAPPEND nor LITERAL+; the server declines one before it has it
[server]
caps IMAP4rev1 UIDPLUS
list * LIST () "/" INBOX
C SELECT "INBOX"
S * OK [UIDVALIDITY 7] there
S TAG OK [READ-WRITE] selected
C APPEND "INBOX" () "10-Jan-2026 10:00:00 +0000" {m1}
S TAG OK [APPENDUID 7 1] stored
H APPEND "INBOX" () "10-Jan-2026 10:00:00 +0000" {9000}
S TAG NO [TOOBIG] at most 8192 octets
C APPEND "INBOX" () "10-Jan-2026 10:00:00 +0000" {m3}
S TAG OK [APPENDUID 7 2] stored
[client]
folder INBOX inbox
put 1 m1
put 2 m2x9000
put 3 m3
last
expect 1 OK 7.1
expect 2 ITEM m2x9000 [TOOBIG] at most 8192
expect 3 OK 7.2
