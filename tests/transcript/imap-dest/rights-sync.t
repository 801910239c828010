# [NOPERM] for a header: the next folder goes on
[server]
caps IMAP4rev1 MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
list * LIST () "/" Shared
H APPEND "Shared" * {73}
S TAG NO [NOPERM] look, do not touch
C APPEND "INBOX" * {m3}
S TAG OK [APPENDUID 7 1] stored
[client]
folder Shared
put 1 m1
put 2 m2
end Shared
folder INBOX inbox
put 3 m3
last
expect 1 ITEM m1 look, do not touch
expect 2 ITEM m2 look, do not touch
expect 3 OK 7.1
