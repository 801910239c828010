# [NOPERM] for a header: the next folder goes on (one message: whether a second
# goes out before the answer is a matter of timing)
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
end Shared
folder INBOX inbox
put 2 m3
last
expect 1 ITEM m1 look, do not touch
expect 2 OK 7.1
