# A refused log-on is the mailbox's, in the server's words
[server]
caps IMAP4rev1
C LOGIN *
S TAG NO [AUTHENTICATIONFAILED] Invalid credentials
[client]
fails MAILBOX NEVER Invalid credentials
