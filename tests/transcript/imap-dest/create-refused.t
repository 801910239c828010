# A name the server refuses gets a plainer one; one it always refuses fails
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
C CREATE "~a!b"
S TAG NO [CANNOT] invalid name
C SUBSCRIBE "~a!b"
S TAG NO no such mailbox
C APPEND "~a!b" * {m1+}
S TAG NO [TRYCREATE] no such mailbox
C CREATE "_a_b"
S TAG OK created
C SUBSCRIBE "_a_b"
S TAG OK subscribed
C APPEND "_a_b" * {m1+}
S TAG OK [APPENDUID 9 1] stored
C CREATE "plain"
S TAG NO [NOPERM] not for you
C SUBSCRIBE "plain"
S TAG NO no such mailbox
C APPEND "plain" * {m2+}
S TAG NO [TRYCREATE] no such mailbox
[client]
folder ~a!b
put 1 m1
last
expect 1 OK 9.1
remark FOLDER_RENAMED
map ~a!b = _a_b
folder plain
put 2 m2
last
expect 2 ITEM m2 [NOPERM] not for you
expect 9002 ITEM - refused to create it
put 3 m3
fails ITEM NEVER not for you
