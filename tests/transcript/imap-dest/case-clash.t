# Two folders that differ in case only, on a server that does not see it
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
C CREATE "Foo"
S TAG OK created
C SUBSCRIBE "Foo"
S TAG OK subscribed
C CREATE "foo"
S TAG NO [ALREADYEXISTS] Mailbox exists
C CREATE "foo (2)"
S TAG OK created
C SUBSCRIBE "foo (2)"
S TAG OK subscribed
C APPEND "foo (2)" * {m1+}
S TAG OK [APPENDUID 9 1] stored
[client]
folder Foo
folder foo
put 1 m1
last
expect 1 OK 9.1
map Foo = Foo
map foo = foo (2)
remark FOLDER_RENAMED
