# "Suggested Backoff Time": the link waits, the message is not blamed
[server]
caps IMAP4rev1 LITERAL+ UIDPLUS
list * LIST () "/" INBOX
C SELECT "INBOX"
S TAG OK [READ-WRITE] selected
C APPEND "INBOX" * {m1+}
S TAG NO Server Busy. Suggested Backoff Time: 299923 milliseconds
wait
[client]
folder INBOX inbox
put 1 m1
last
fails LINK LATER Suggested Backoff Time: 299923
none 1
