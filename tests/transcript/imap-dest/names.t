# Odd separator, namespace prefix, special use, names that are not legal
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS NAMESPACE SPECIAL-USE CREATE-SPECIAL-USE
namespace * NAMESPACE (("INBOX." ".")) NIL NIL
list * LIST (\HasChildren) "." INBOX
list * LIST (\HasNoChildren \Sent) "." "INBOX.Gesendete Elemente"
list * LIST () "." "INBOX.Taken"
C CREATE "INBOX.v1_0"
S TAG OK created
C SUBSCRIBE "INBOX.v1_0"
S TAG OK subscribed
C CREATE "INBOX.Junk" (USE (\Junk))
S TAG NO [USEATTR] not here
C SUBSCRIBE "INBOX.Junk"
S TAG NO not there
C CREATE "INBOX.Junk"
S TAG OK created
C SUBSCRIBE "INBOX.Junk"
S TAG OK subscribed
C CREATE "INBOX.Gesendete Elemente.2020"
S TAG OK created
C SUBSCRIBE "INBOX.Gesendete Elemente.2020"
S TAG OK subscribed
C CREATE "INBOX.v1_0 (2)"
S TAG OK created
C SUBSCRIBE "INBOX.v1_0 (2)"
S TAG OK subscribed
C CREATE "INBOX.&AOQ-"
S TAG NO [ALREADYEXISTS] there
C SUBSCRIBE "INBOX.&AOQ-"
S TAG OK subscribed
C CREATE "INBOX.sub"
S TAG OK created
C SUBSCRIBE "INBOX.sub"
S TAG OK subscribed
[client]
folder v1.0
folder Junk junk
last
folder Sent sent
folder Sent/2020
folder v1*0
folder Taken
folder ä
folder INBOX/sub
last
map v1.0 = v1_0
map v1*0 = v1_0 (2)
map Sent = Gesendete Elemente
map Sent/2020 = Gesendete Elemente/2020
map Taken = Taken
map INBOX/sub = sub
remark FOLDER_RENAMED
