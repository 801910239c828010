# Larger than a slab: alone, with a literal that waits; one is declined
[server]
caps IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS
list * LIST () "/" INBOX
C APPEND "INBOX" * {m1+}
S TAG OK [APPENDUID 7 1] stored
C APPEND "INBOX" (\Seen) "10-Jan-2026 10:00:00 +0000" {m2x300000}
S TAG OK [APPENDUID 7 2] stored
H APPEND "INBOX" * {400000}
S TAG NO [TOOBIG] no
C APPEND "INBOX" * {m4+}
S TAG OK [APPENDUID 7 3] stored
[client]
option batch-bytes 64KiB
folder INBOX inbox
put 1 m1
put 2 m2x300000 \Seen
put 3 m3x400000
fails ITEM NEVER [TOOBIG] no
put 4 m4
last
expect 1 OK 7.1
expect 2 OK 7.2
none 3
expect 4 OK 7.3
