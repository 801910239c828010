# A prefix that was asked for; parents by CREATE of the child alone
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS NAMESPACE
list * LIST () "/" INBOX
list * LIST () "/" "Old Mail/Work"
C CREATE "Old Mail/Sent/2020"
S TAG OK created
C APPEND "Old Mail/Sent/2020" * {m1+}
S TAG OK [APPENDUID 9 1] stored
C APPEND "Old Mail/Work" * {m2+}
S TAG OK [APPENDUID 8 7] stored
C APPEND "INBOX" * {m3+}
S TAG OK [APPENDUID 7 1] stored
[client]
option prefix Old Mail
option subscribe no
folder Sent/2020
put 1 m1
folder Work
put 2 m2
folder inbox
put 3 m3
last
expect 1 OK 9.1
expect 2 OK 8.7
expect 3 OK 7.1
map Sent/2020 = Sent/2020
map Work = Work
silent
