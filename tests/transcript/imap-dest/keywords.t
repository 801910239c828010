# Keywords the server takes not (PERMANENTFLAGS), and one that is no atom
[server]
caps IMAP4rev1 LITERAL+ UIDPLUS
list * LIST () "/" INBOX
C SELECT "INBOX"
S * OK [PERMANENTFLAGS (\Seen $Forwarded)] no \*
S TAG OK [READ-WRITE] selected
C APPEND "INBOX" (\Seen $Forwarded mine) * {m1+}
S TAG OK [APPENDUID 7 1] stored
C APPEND "INBOX" (\Seen $Forwarded) * {m2+}
S TAG OK [APPENDUID 7 2] stored
[client]
folder INBOX inbox
put 1 m1 \Seen $Forwarded mine
last
put 2 m2 \Seen $Forwarded mine bl%nk
last
expect 2 OK 7.2
remark KEYWORDS_REFUSED
remark KEYWORD_ILLEGAL
