# BYE for too many connections after log-on
[server]
caps IMAP4rev1
C LOGIN *
S * BYE [UNAVAILABLE] Maximum number of connections
drop
[client]
fails LINK LATER Maximum number of connections
