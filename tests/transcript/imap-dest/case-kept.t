# The same on a server that tells them apart
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
list * LIST () "/" Foo
C CREATE "foo"
S TAG OK created
C SUBSCRIBE "foo"
S TAG OK subscribed
[client]
folder Foo
folder foo
last
map foo = foo
silent
