# Plain text behind the answer to STARTTLS (RFC 9051 11.1): nothing goes on
[server]
caps IMAP4rev1 STARTTLS
C STARTTLS
S TAG OK begin\r\n* PREAUTH [CAPABILITY IMAP4rev1] welcome
wait
[client]
option security starttls
fails RUN NEVER 
