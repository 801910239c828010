/*
 * cc:Mail exports. Only one message of a real one has ever been printed
 * (Q184052); every other fixture is made here after the fact of
 * doc/spec/ccmail.md that its comment names.
 */
#include "ccmail/macbinary.h"
#include "ccmail/value.h"
#include "mac_file.h"
#include "old_mail.h"
#include "source/ccmail.h"

#define NL  "\r\n"
#define UTC "ccmail:%s?zone=0"
/* 3.2: keyword, count, header lines, contents. */
#define TOP(who)   "Message:" NL "From: " who NL "Date: 3/19/97 14:05" NL
#define TEXT(n, s) "Text item:" NL #n NL s

static const struct old_row rows[] = {
    /* The message as the article prints it; its counts are of another one (the
     * totals are the same for two different To: lines), the text's is right
     * without the line's end... and wrong with it. */
    {"/kb/Q184052/as-printed", UTC,
	{{"A.CCM",
	    "Message:" NL "179" NL "From: Grewal, Jeff at Hub" NL
	    "Date: 6/2/98 8:39" NL "To: Admin at HUBPO2" NL
	    "Subject: Another message" NL "Contents:" NL "58" NL "Text item:" NL
	    "32" NL "This is the message body" NL,
	    -1}},
	{"from=Grewal, Jeff<CCMAIL:Grewal, Jeff at Hub>",
	    "to=Admin<CCMAIL:Admin at HUBPO2>", "subject=Another message",
	    "sent=1998-06-02T08:39", "[text:This is the message body\\r\\n]",
	    "end INBOX 1 0"}},
    {"/kb/Q184052/no-post-office", UTC,
	{{"A.CCM",
	    "Message:" NL "179" NL "From: Grewal, Jeff at Hub" NL
	    "Date: 6/2/98 8:39" NL "To: Admin" NL "Subject: Another message" NL
	    "Contents:" NL "58" NL "Text item:" NL "32" NL
	    "This is the message body" NL,
	    -1}},
	/* Q241553: the sender's */
	{"to=Admin<CCMAIL:Admin at Hub>"}},
    /* 3.8: the example of the description, counts as padded there */
    {"/ccmail/example", UTC,
	{{"A.CCM",
	    "Message:" NL "        260" NL "From: Okafor, Ada at NORTHPO" NL
	    "Date: 3/9/97 14:05" NL "To: Brandt, Uwe at NORTHPO" NL
	    "To: Facilities" NL "Subject: Keys for the west door" NL
	    "Contents:" NL "        109" NL "Text item:" NL "         30" NL
	    "Please pick them up by noon." NL
	    "File item: keys.txt 3/9/97 2:01PM" NL "          6" NL "ABCD" NL,
	    -1}},
	{"to=Facilities<CCMAIL:Facilities at NORTHPO>",
	    "[text:Please pick them up by noon.\\r\\n]",
	    "[file keys.txt:ABCD\\r\\n]", "!W CC_BAD"}},
    /* 3.7: no counts; said once */
    {"/ccmail/uncounted", UTC,
	{{"A.CCM",
	    TOP("A at P") "Subject: one" NL "Contents:" NL "Text item:" NL
			  "42" NL "next item: milk" NL TOP(
			      "B at P") "Contents:" NL "Text item: title" NL
					"second" NL,
	    -1}},
	{"[text:42\\r\\nnext item: milk\\r\\n]", "[text:second\\r\\n]",
	    "W CC_UNCOUNTED", "end INBOX 2 0"}},
    /* LF and CR alone */
    {"/ccmail/line-ends/lf", UTC,
	{{"A.CCM",
	    "Message:\n 40\nFrom: A at P\nDate: 1/20/97 9:00\nSubject: s\n"
	    "Contents:\n 18\nText item:\n 3\nabc",
	    -1}},
	{"subject=s", "[text:abc]"}},
    {"/ccmail/line-ends/cr", UTC,
	{{"A.CCM",
	    "Message:\r 40\rFrom: A at P\rDate: 1/20/97 9:00\rSubject: s\r"
	    "Contents:\r 18\rText item:\r 6\rab\rcd\r",
	    -1}},
	{"subject=s", "[text:ab\\r\\ncd\\r\\n]"}},
    {"/kb/Q184391/no-line-end-between-items", UTC,
	{{"A.CCM",
	    "Message:" NL " 99" NL "From: A at P" NL "Contents:" NL
	    " 50" NL TEXT(3, "abc") "File item: x.bin" NL "2" NL "yz"
				    "Message:" NL " 9" NL "From: B at P" NL
				    "Contents:" NL " 9" NL TEXT(1, "q"),
	    -1}},
	{"[text:abc]", "[file x.bin:yz]", "[text:q]", "end INBOX 2 0"}},
    {"/kb/Q233054/keywords-inside-an-attachment", UTC,
	{{"A.CCM",
	    "Message:" NL " 99" NL "From: A at P" NL "Contents:" NL
	    " 50" NL TEXT(3, "abc") NL
	    "File item: x.bin" NL "58" NL "Message:" NL "12" NL "From: no" NL
	    "Contents:" NL "9" NL "Text item:" NL "1" NL "q" NL "zz" NL
	    "Message:" NL " 9" NL "From: B at P" NL "Contents:" NL
	    " 9" NL TEXT(1, "q"),
	    -1}},
	{"from=A<CCMAIL:A at P>", "from=B<CCMAIL:B at P>", "!from=no",
	    "[file x.bin:Message:", "end INBOX 2 0"}},
    {"/kb/Q287056/blank-counts", UTC,
	{{"A.CCM",
	    "Message:" NL "           " NL "From: A at P" NL "Contents:" NL
	    "           " NL "Text item:" NL "           " NL "abc" NL
	    "File item: x.bin" NL "           " NL "yz" NL "Message:" NL
	    "           " NL "From: B at P" NL "Contents:" NL
	    "     " NL TEXT(1, "q"),
	    -1}},
	{"W CC_BLANK_COUNT", "[text:abc\\r\\n]", "[file x.bin:yz\\r\\n]",
	    "[text:q]", "end INBOX 2 0"}},
    {"/ccmail/count-lies/too-large", UTC,
	{{"A.CCM",
	    "Message:" NL "1" NL "From: A at P" NL "Contents:" NL
	    "1" NL TEXT(999999999999, "abc") NL
	    "File item: x.bin" NL "2" NL "yz" NL "Message:" NL "1" NL
	    "From: B at P" NL "Contents:" NL
	    "1" NL TEXT(77777777777777777777777, "q") NL,
	    -1}},
	{"W CC_TRUNCATED", "[text:abc\\r\\n]", "[file x.bin:yz]",
	    "end INBOX 2 0"}},
    {"/ccmail/count-lies/too-small", UTC,
	{{"A.CCM",
	    "Message:" NL "1" NL "From: A at P" NL "Contents:" NL
	    "1" NL TEXT(1, "abc") NL "File item: x.bin" NL "1" NL "yz" NL,
	    -1}},
	{"W CC_BAD_COUNT", "[text:abc\\r\\n]", "[file x.bin:yz\\r\\n]"}},
    {"/ccmail/truncated", UTC,
	{{"A.CCM",
	    "Message:" NL "99" NL "From: A at P" NL "Contents:" NL
	    "90" NL TEXT(80, "abc"),
	    -1}},
	{"W CC_TRUNCATED", "[text:abc]", "end INBOX 1 0"}},
    {"/kb/Q234745/no-contents", UTC,
	{{"A.CCM",
	    "Message:" NL "20" NL "From: A at P" NL "Subject: corrupt" NL
	    "Message:" NL "9" NL "From: B at P" NL "Contents:" NL
	    "9" NL TEXT(1, "q"),
	    -1}},
	{"W CC_NO_CONTENTS", "subject=corrupt", "[text:q]", "end INBOX 2 0"}},
    {"/kb/Q262989/unknown-keyword", UTC,
	{{"A.CCM",
	    TOP("A at P") "RRT: 17" NL "Subject: s" NL "Contents:" NL
			  "Text item:" NL "x" NL,
	    -1}},
	{"subject=s", "headers=18"}},
    /* an item nobody knows, and octets of no item, are kept */
    {"/kb/Q167024/unknown-item", UTC,
	{{"A.CCM",
	    "Message:" NL " 9" NL "From: A at P" NL "Contents:" NL
	    " 9" NL TEXT(1, "q") NL "Snapshot item:" NL "2" NL "\001\002" NL
				    "OLE item: picture" NL "2" NL "ab" NL
				    "stray" NL "File item: x.y" NL "1" NL "z",
	    -1}},
	{"[file Snapshot2.bin:\\x01\\x02]", "[file picture:ab", "stray",
	    "[file x.y:z]"}},
    {"/kb/Q238784/attachment-that-cannot-be-read", UTC,
	{{"A.CCM",
	    "Message:" NL " 9" NL "From: A at P" NL "Contents:" NL
	    " 9" NL TEXT(1, "q") NL "File item: gone.doc" NL "0" NL NL
				    "Message:" NL " 9" NL "From: B at P" NL
				    "Contents:" NL "9" NL TEXT(1, "r"),
	    -1}},
	{"[file gone.doc:]", "[text:r]", "end INBOX 2 0"}},
    {"/kb/Q249133/recipient-without-a-name", UTC,
	{{"A.CCM",
	    TOP("A at P") "To:  at NORTHPO" NL "Contents:" NL "Text item:" NL
			  "x" NL,
	    -1}},
	{"W CC_NO_NAME", "to=at NORTHPO "}},
    {"/kb/Q197114/attmail", UTC,
	{{"A.CCM",
	    TOP("A at P") "To: ATTMAIL!internet!host.example!user"
			  "(c=US;a=ATTMAIL;p=X;o=Y;s=Z;g=Q) at GATE" NL
			  "Contents:" NL "Text item:" NL "x" NL,
	    -1}},
	{"to=ATTMAIL!internet!host.example!user(c=US;a=ATTMAIL;p=X;o=Y;s=Z;"
	 "g=Q)<CCMAIL:ATTMAIL"}},
    {"/kb/Q184054/internet", UTC,
	{{"A.CCM",
	    TOP("A at P") "To: Ann Ro <ann@example.org> at INTERNET" NL
			  "To: bo@example.org at GATE" NL "Contents:" NL
			  "Text item:" NL "x" NL,
	    -1}},
	{"to=Ann Ro<SMTP:ann@example.org>",
	    "to=bo@example.org<SMTP:bo@example.org>"}},
    {"/kb/Q154053/last-first-is-one-person", UTC,
	{{"A.CCM",
	    TOP("Smith, John at P") "To: Jones, Ann at P" NL "Contents:" NL
				    "Text item:" NL "x" NL,
	    -1}},
	{"to=Jones, Ann<CCMAIL:Jones, Ann at P>",
	    "from=Smith, John<CCMAIL:Smith, John at P>"}},
    {"/kb/Q154099/odd-post-office", UTC,
	{{"A.CCM",
	    TOP("A at PO, \"one\"") "Contents:" NL "Text item:" NL "x" NL, -1}},
	{"from=A<CCMAIL:A at PO, \"one\">"}},
    {"/kb/Q241553/post-office-of-the-sender", UTC "&post-office=OURS",
	{{"A.CCM",
	    TOP("A at THEIRS") "To: Bo" NL "Contents:" NL "Text item:" NL
			       "x" NL TOP("C") "Cc: Bo" NL "Contents:" NL
					       "Text item:" NL "x" NL,
	    -1}},
	{"== CCMAIL:A AT OURS", "to=Bo<CCMAIL:Bo at THEIRS>",
	    "cc=Bo<CCMAIL:Bo at OURS>"}},
    {"/kb/Q181125/bcc", UTC,
	{{"Ann.CCM",
	    TOP("Bo at P") "Bcc: Secret at P" NL "Subject: got" NL
			   "Contents:" NL "Text item:" NL "x" NL TOP(
			       "ann at P") "Bcc: Mine at P" NL
					   "Subject: sent" NL "Contents:" NL
					   "Text item:" NL "x" NL,
	    -1}},
	{"!Secret", "bcc=Mine<CCMAIL:Mine at P>", "I CC_BCC_HIDDEN"}},
    {"/kb/Q233325/impossible-date", UTC,
	{{"A.CCM",
	    "Message:" NL "From: A at P" NL "Date: 2/31/99 25:00" NL
	    "Contents:" NL "Text item:" NL "x" NL "Message:" NL
	    "From: B at P" NL "Date: soon" NL "Contents:" NL "Text item:" NL
	    "y" NL "Message:" NL "From: C at P" NL "Date: 1/31/99 9:00" NL
	    "Contents:" NL "Text item:" NL "z" NL,
	    -1}},
	{"W CC_BAD_DATE: the date is impossible", "sent=1999-02-28T00:00",
	    "W CC_BAD_DATE: no date", "from=B<CCMAIL:B at P> subject=- sent= ",
	    "sent=1999-01-31T09:00", "end INBOX 3 0"}},
    {"/kb/Q223383/no-date", UTC,
	{{"A.CCM",
	    "Message:" NL "From: A at P" NL "Contents:" NL "Text item:" NL
	    "x" NL,
	    -1}},
	{"W CC_BAD_DATE: no date", "sent= ", "[text:x"}},
    {"/kb/Q281734/summer-time", "ccmail:%s?zone=Europe/Oslo",
	{{"A.CCM",
	    "Message:" NL "From: A at P" NL "Date: 1/20/97 12:00" NL
	    "Contents:" NL "Text item:" NL "x" NL "Message:" NL
	    "From: B at P" NL "Date: 7/20/97 12:00" NL "Contents:" NL
	    "Text item:" NL "y" NL,
	    -1}},
	{"sent=1997-01-20T12:00:00+01:00", "sent=1997-07-20T12:00:00+02:00"}},
    {"/kb/Q180641/order-of-dates/european", UTC,
	{{"A.CCM",
	    "Message:" NL "From: A at P" NL "Date: 3/9/97 14:05" NL
	    "Contents:" NL "Text item:" NL "x" NL "Message:" NL
	    "From: B at P" NL "Date: 23/9/97 14:05" NL "Contents:" NL
	    "Text item:" NL "y" NL,
	    -1}},
	{"sent=1997-09-03", "sent=1997-09-23",
	    "I CC_DATE_ORDER: dates are "
	    "taken as day/month/year"}},
    {"/kb/Q180641/order-of-dates/japanese", UTC,
	{{"A.CCM",
	    "Message:" NL "From: A at P" NL "Date: 97/3/29 14:05" NL
	    "Contents:" NL "Text item:" NL "x" NL,
	    -1}},
	{"sent=1997-03-29", "year/month/day"}},
    {"/kb/Q180641/order-of-dates/said", UTC "&dates=dmy",
	{{"A.CCM",
	    "Message:" NL "From: A at P" NL "Date: 3/9/97 14:05" NL
	    "Contents:" NL "Text item:" NL "x" NL,
	    -1}},
	{"sent=1997-09-03", "!CC_DATE_ORDER"}},
    {"/kb/Q180641/order-of-dates/open", UTC,
	{{"A.CCM",
	    "Message:" NL "From: A at P" NL "Date: 3/9/97 14:05" NL
	    "Contents:" NL "Text item:" NL "x" NL,
	    -1}},
	{"sent=1997-03-09", "W CC_DATE_ORDER"}},
    {"/kb/Q166614/fax", UTC,
	{{"A.CCM",
	    "Message:" NL "9" NL "From: A at P" NL "Contents:" NL "9" NL
	    "Fax item: page one" NL "4" NL "\012\005\001\001" NL "Fax item:" NL
	    "4" NL "\xb1\x68\xde\x3a" NL "File item: sent.pcx" NL "2" NL
	    "\012\005",
	    -1}},
	{"[file page one.pcx type=image/x-pcx:", "[file fax2.dcx",
	    "[file sent.pcx:"}},
    {"/kb/Q237886/name-of-the-item", UTC,
	{{"A.CCM",
	    "Message:" NL "9" NL "From: A at P" NL "Contents:" NL "9" NL
	    "File item: data.wk4 12-1-96 3:05AM" NL "1" NL "a" NL
	    "File item:" NL "1" NL "b" NL
	    "File item: Long name of 1997 plan.doc" NL "1" NL "c" NL
	    "File item: C:\\TMP\\x.txt 1/2/96" NL "1" NL "d",
	    -1}},
	{"[file data.wk4:a]", "[file attachment2.bin:b]", "I CC_NO_FILE_NAME",
	    "[file Long name of 1997 plan.doc:c]", "[file x.txt:d]"}},
    {"/kb/Q216473/rtf", UTC,
	{{"A.CCM",
	    "Message:" NL "9" NL "From: A at P" NL "Contents:" NL "9" NL
	    "Text item:" NL "14" NL "{\\rtf1 hello}" NL,
	    -1}},
	{"[rtf:{\\rtf1 hello}", "![text"}},
    {"/kb/Q181130/highlight", UTC,
	{{"A.CCM",
	    "Message:" NL "9" NL "From: A at P" NL "Contents:" NL "9" NL
	    "Text item:" NL "15" NL "see \x1eplight\x1fp it" NL,
	    -1}},
	{"[text:see light it\\r\\n]"}},
    {"/kb/Q280071/read-and-unread-with-highlight", UTC,
	{{"A.CCM",
	    TOP("A at P") "Status: Read" NL "Contents:" NL "Text item:" NL
			  "\x1epa\x1fp" NL TOP(
			      "B at P") "Status: Unread" NL "Contents:" NL
					"Text item:" NL "\x1epb\x1fp" NL,
	    -1}},
	{"flags=S [text:a", "flags= [text:b"}},
    {"/ccmail/unread", UTC "&unread=yes",
	{{"A.CCM", TOP("A at P") "Contents:" NL "Text item:" NL "a" NL, -1}},
	{"flags= [text:a"}},
    {"/kb/Q174255/client-settings", UTC,
	{{"A.CCM",
	    TOP("A at P") "Folder: Stationery" NL "Contents:" NL TOP(
		"A at P") "Folder: Rules" NL "Subject: mine" NL "Contents:" NL
		TOP("A at P") "Folder: Message Log" NL "Contents:" NL
		    TOP("A at P") "Folder: Trash" NL "Contents:" NL TOP(
			"A at P") "Folder: Inbox" NL "Contents:" NL,
	    -1}},
	{"I CC_SETTINGS: 1 empty", "!folder Stationery", "folder Rules ",
	    "folder Message Log sent", "folder Trash trash", "end INBOX 1 0"}},
    {"/kb/Q255882/codepage/850", UTC,
	{{"A.CCM",
	    TOP("M\x81ller at P") "Subject: Gr\x81\xe1\x65" NL "Contents:" NL
				  "Text item:" NL "\x84\x94\x81 f\x81r alle" NL,
	    -1}},
	{"from=M\xc3\xbcller<", "subject=Gr\xc3\xbc\xc3\x9f\x65",
	    "I CC_CODEPAGE: text is taken to be in code page 850"}},
    {"/kb/Q255882/codepage/1252", UTC,
	{{"A.CCM",
	    TOP("M\xfcller at P") "Subject: Gr\xfc\xdf\x65" NL "Contents:" NL
				  "Text item:" NL "f\xfcr alle" NL,
	    -1}},
	{"from=M\xc3\xbcller<", "code page 1252"}},
    /* Q198861: 5C as the second half of a character (here U+8868, U+80FD) */
    {"/kb/Q198861/codepage/932", UTC,
	{{"A.CCM",
	    TOP("\x95\x5c\x82\xcc\x94\x5c\x97\xcd at P") "Subject: "
							 "\x82\xb1\x82\xea\x82"
							 "\xcd\x95\x5c\x82\xc5"
							 "\x82\xb7" NL
							 "Contents:" NL
							 "Text item:" NL
							 "\x82\xa0\x82\xa2" NL,
	    -1}},
	{"from=\xe8\xa1\xa8\xe3\x81\xae\xe8\x83\xbd\xe5\x8a\x9b<",
	    "\xe3\x81\xaf\xe8\xa1\xa8\xe3\x81\xa7\xe3\x81\x99",
	    "code page 932"}},
    {"/kb/Q201278/codepage/said", UTC "&codepage=949",
	{{"A.CCM",
	    TOP("A at P") "Subject: \xb0\xa1\xb3\xaa" NL "Contents:" NL
			  "Text item:" NL "x" NL,
	    -1}},
	{"subject=\xea\xb0\x80\xeb\x82\x98"}},
    {"/ccmail/codepage/unknown", UTC "&codepage=4711",
	{{"A.CCM", TOP("A at P") "Contents:" NL, -1}},
	{"refused: ccmail: code page \"4711\" is not known"}},
    /* Q157631, Q193735: boards below one public folder, with the post's date */
    {"/kb/Q157631/boards", UTC,
	{{"BOARDS/JOBS.EXP",
	     TOP("A at P") "To: Jobs" NL "Contents:" NL "Text item:" NL "x" NL,
	     -1},
	    {"ANN.CCM", TOP("A at P") "Contents:" NL "Text item:" NL "y" NL,
		-1}},
	{"== ANN\n", "== PublicMessages public",
	    "folder Lotus cc:Mail Bulletin Boards/JOBS",
	    "end Lotus cc:Mail Bulletin Boards/JOBS 1 0"}},
    /* RN50 5.7.3: 80 octets of Shift-JIS, here as UTF-8 in the list */
    {"/kb/RN50-5.7.3/long-board-name", UTC,
	{{"MAILBOXES.CSV",
	     "file,kind,name\r\nB1.EXP,board,"
	     "\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88\xe3\x81\x8a"
	     "\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88\xe3\x81\x8a"
	     "\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88\xe3\x81\x8a"
	     "\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88\xe3\x81\x8a"
	     "\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88\xe3\x81\x8a"
	     "\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88\xe3\x81\x8a"
	     "\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88\xe3\x81\x8a"
	     "\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88\xe3\x81\x8a\r\n",
	     -1},
	    {"B1.EXP", TOP("A at P") "Contents:" NL "Text item:" NL "x" NL,
		-1}},
	{"\xe3\x81\x8a\xe3\x81\x82\xe3\x81\x84\xe3\x81\x86\xe3\x81\x88"
	 "\xe3\x81\x8a 1 0"}},
    /* Q194218, Q174749: a mailbox for everyone; and the command that is due */
    {"/kb/Q194218/user-without-mail", UTC "&post-office-path=N:\\PO",
	{{"MAILBOXES.CSV",
	     "file,name\r\nA.CCM,\"Brandt, Uwe\"\r\nB.CCM,No Mail\r\n"
	     "C.CCM,\"Odd \"\"one\"\"\"\r\n",
	     -1},
	    {"A.CCM", TOP("A at P") "Contents:" NL "Text item:" NL "x" NL, -1}},
	{"== (directory) nobody",
	    "W CC_NOT_EXPORTED: EXPORT /P<password> /BATCH /N\"No Mail\" "
	    "/DN:\\PO /DATE/1 /FILES/MACBIN2 /ITEMSIZE /FOLDER /MSGS/ALL "
	    "/@B.CCM",
	    "takes no name that holds a quotation mark",
	    "== No Mail\nfolder INBOX inbox\nend INBOX 0 0\n",
	    "== Brandt, Uwe\nfolder INBOX"}},
    /* Q229314, Q238850: names never become paths */
    {"/kb/Q229314/odd-post-office-name", UTC "&post-office=PO+1=[a]",
	{{"A.CCM", TOP("A at PO+1=[a]") "Contents:" NL, -1}},
	{"== CCMAIL:A AT PO+1=[a]"}},
    {"/kb/Q238850/illegal-post-office-name", UTC "&post-office=A/B:C*",
	{{"A.CCM", TOP("A at A/B:C*") "Contents:" NL, -1}},
	{"== CCMAIL:A AT A/B:C*", "from=A<CCMAIL:A at A/B:C*>"}},
    {"/ccmail/index/out-of-the-directory", UTC,
	{{"MAILBOXES.CSV", "file,name\r\n../x,Ann\r\n", -1}},
	{"refused: ", "inside of the directory"}},
    {"/kb/Q170011/native-post-office", UTC, {{"CLANDATA", "x", -1}},
	{"refused: ", "databases cannot be read: export it"}},
    /* which EXPORT belongs to which database (1) */
    {"/kb/Q174740/db6", UTC, {{"MLANDATA", "x", -1}},
	{"refused: ", "5.14 or later (DB6)"}},
    {"/kb/Q166256/db8", UTC, {{"ccpombox.01", "x", -1}, {"CLANDATA", "", 0}},
	{"refused: ", "6.0 or later (DB8"}},
    /* what nobody knows stays as it is, under its own name */
    {"/kb/Q198828/ole-object", UTC,
	{{"A.CCM",
	    TOP("A at P") "Contents:" NL "30" NL "OLE item: Chart" NL "4" NL
		"\xd0\xcf\x11\xe0",
	    -1}},
	{"[file Chart:\xd0\xcf\\x11\xe0]", "end INBOX 1 0"}},
    /* with the post's own date */
    {"/kb/Q193735/board-dates", UTC,
	{{"BOARDS/JOBS.EXP",
	    "Message:" NL "From: A at P" NL "Date: 12/31/99 23:59" NL
	    "Contents:" NL "Text item:" NL "x" NL "Message:" NL
	    "From: A at P" NL "Date: 12/30/00 8:00" NL "Contents:" NL
	    "Text item:" NL "y" NL,
	    -1}},
	{"sent=1999-12-31T23:59:00", "received=1999-12-31T23:59:00",
	    "sent=2000-12-30T08:00:00"}},
    {"/kb/Q194869/long-path",
	"ccmail:%s/a directory with blanks, and a name that is longer than any "
	"disk of MS-DOS would have taken?zone=0",
	{{"a directory with blanks, and a name that is longer than any disk of "
	  "MS-DOS would have taken/ANN.CCM",
	    TOP("A at P") "Contents:" NL "Text item:" NL "x" NL, -1}},
	{"== ANN\n", "[text:x", "end INBOX 1 0"}},
    {"/ccmail/nothing", UTC, {{"README", "x", -1}},
	{"refused: ccmail: no export in"}},
    /* 5.1: type letters; the other names are believed */
    {"/ccmail/directory", UTC "&directory=yes&post-office=NORTH",
	{{"CCMDIR.EXP",
	     "Name: SOUTH" NL "Locn: P" NL NL "Name: Brandt, Uwe" NL
	     "Locn: L" NL "Cmts: room 5; 4711" NL "Name: Far, Ann" NL
	     "Locn: l" NL "Addr: SOUTH" NL "Name: Web Desk" NL "Locn: A" NL
	     "Addr: desk@example.net" NL "Xxxx: odd" NL,
	     -1},
	    {"CCMLIST.EXP",
		"List: Harbour" NL "Memb: Smith, John" NL "  Far, Ann" NL, -1}},
	{"mailbox Common-Name=Brandt, Uwe Display-Name=Brandt, Uwe "
	 "Secondary-Proxy-Addresses=MIGRATE:CCMAIL:Brandt, Uwe AT NORTH "
	 "Comment=room 5; 4711",
	    "remote Common-Name=Far, Ann Display-Name=Far, Ann "
	    "Target-Address=CCMAIL:Far, Ann at SOUTH",
	    "Target-Address=SMTP:desk@example.net",
	    "dl Common-Name=Harbour Display-Name=Harbour "
	    "Member=Smith, John|Far, Ann",
	    "W CC_UNKNOWN_FIELD: 1 lines", "!Common-Name=SOUTH"}},
    {"/ccmail/directory/off-until-asked-for", UTC,
	{{"CCMDIR.EXP", "Name: Ann" NL "Locn: L" NL, -1}}, {"!Ann"}},
    /* Q214838: "Last, First" is one member; strangers stay in the list */
    {"/kb/Q214838/personal-lists", UTC "&directory=yes",
	{{"MAILBOXES.CSV",
	     "file,kind,name\r\nA.CCM,mail,Ann\r\nA.PML,lists,Ann\r\n", -1},
	    {"A.CCM", TOP("A at P") "Contents:" NL "Text item:" NL "x" NL, -1},
	    {"A.PML",
		"Name: Smith, John" NL "Addr: NORTH" NL "Name: Zed" NL
		"List: Team" NL "Memb: Smith, John" NL "Memb: Strange, Er" NL
		"Memb: Bo <bo@example.org>" NL,
		-1}},
	{"== Ann\n",
	    "entry Display-Name=Smith, John "
	    "Email-Address=CCMAIL:Smith, John at NORTH First=John "
	    "Last=Smith",
	    "entry unsendable Display-Name=Zed Email-Address=USER: Zed",
	    "list Display-Name=Team",
	    "(Smith, John CCMAIL:Smith, John at NORTH) (Strange, Er -:-) (Bo "
	    "SMTP:bo@example.org)"}},
    {"/kb/Q229754/empty-personal-lists", UTC "&directory=yes",
	{{"A.CCM", TOP("A at P") "Contents:" NL, -1}, {"LISTS/A.PML", "", -1}},
	{"W CC_NO_ENTRIES"}},
};

static void
row(gconstpointer data)
{
	old_check(&source_ccmail_driver, data);
}

static void
dates(void)
{
	static const struct {
		const char *text;
		enum ccmail_order order;
		const char *want; /* "" none; "~": mended */
	} table[] = {
	    /* Q193745: 1999, 2000, 2038, and what tools before 8.3 wrote */
	    {"12/31/99 23:59", CCMAIL_MDY, "1999-12-31 23:59"},
	    {"1/1/00 0:00", CCMAIL_MDY, "2000-01-01 00:00"},
	    {"1/19/38 3:14:08", CCMAIL_MDY, "2038-01-19 03:14"},
	    {"1/1/1900 8:00", CCMAIL_MDY, "2000-01-01 08:00"},
	    {"1/1/100 8:00", CCMAIL_MDY, "2000-01-01 08:00"},
	    {"2/29/1900", CCMAIL_MDY, "2000-02-29 00:00"},
	    {"3-9-97 12:05AM", CCMAIL_MDY, "1997-03-09 00:05"},
	    {"3-9-97 12:05 PM", CCMAIL_MDY, "1997-03-09 12:05"},
	    {"3/9/97 2:01p", CCMAIL_DMY, "1997-09-03 14:01"},
	    {"97/3/9 9:00", CCMAIL_YMD, "1997-03-09 09:00"},
	    {"1997/3/9 9:00", CCMAIL_MDY, "1997-03-09 09:00"},
	    {"2/31/99 9:00", CCMAIL_MDY, "~1999-02-28 09:00"},
	    {"23/9/97 9:00", CCMAIL_MDY, "~1997-09-23 09:00"},
	    {"3/9/97 99:99", CCMAIL_MDY, "~1997-03-09 00:00"},
	    {"0/0/00 0:00", CCMAIL_MDY, ""},
	    {"3/9", CCMAIL_MDY, ""},
	    {"", CCMAIL_MDY, ""},
	    {"99999999999/1/1", CCMAIL_MDY, ""},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		struct ccmail_date d;
		enum ccmail_date_result result =
		    ccmail_date_parse(table[i].text, table[i].order, &d);
		g_autofree char *got =
		    g_strdup_printf("%s%04d-%02d-%02d %02d:%02d",
			result == CCMAIL_DATE_MENDED ? "~" : "", d.year,
			d.month, d.day, d.hour, d.minute);

		if (result == CCMAIL_DATE_NONE)
			g_assert_cmpstr(table[i].want, ==, "");
		else
			g_assert_cmpstr(got, ==, table[i].want);
	}
}

static void
file_names(void)
{
	static const char *const table[][2] = {
	    {"name.ext 3/9/97 2:01PM", "name.ext"},	/* Q192700 */
	    {"name.ext 3-9-97 2:01PM", "name.ext"},	/* Q186216 */
	    {"sheet.wk4 12/1/96 10:30AM", "sheet.wk4"}, /* Q166610 */
	    {"sheet.wk4", "sheet.wk4"},
	    {"plan 1997.doc", "plan 1997.doc"},
	    {"plan 3/9/97 notes.doc", "97 notes.doc"}, /* '/' is no name's */
	    {"long file name.html 3/9/1997",
		"long file name.html"}, /* Q190297 */
	    {" x.y ", "x.y"},
	    {"", ""},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *got = ccmail_file_name(table[i][0]);

		g_assert_cmpstr(got, ==, table[i][1]);
	}
}

static void
macbinary(void)
{
	static const char *const resources[] = {"", "RSRC"};

	for (guint i = 0; i < 2; i++) {
		g_autoptr(GString) mac =
		    mac_file("Read Me", "data!", resources[i]);
		g_autoptr(GString) text = g_string_new(NULL);
		struct old_row r = {"/ccmail/macbinary", UTC, {{0}}, {0}};

		g_string_append_printf(text,
		    "Message:" NL "9" NL "From: A at P" NL "Contents:" NL "9" NL
		    "File item: readme.txt" NL "%zu" NL,
		    mac->len);
		g_string_append_len(text, mac->str, (gssize)mac->len);
		r.files[0] =
		    (struct old_file){"A.CCM", text->str, (gssize)text->len};
		r.wants[0] = "[file readme.txt:data!]";
		r.wants[1] =
		    i ? "[file ._readme.txt type=application/applefile:"
			"\\x00\\x05\\x16\\x07"
		      : "!applefile";
		r.wants[2] = i ? "TEXTttxt" : NULL;
		r.wants[3] = i ? "RSRC]" : NULL;
		old_check(&source_ccmail_driver, &r);
		/* One bit wrong: it is no MacBinary, and stays as it is. */
		text->str[text->len - mac->len + 3] ^= 1;
		r.wants[0] = "[file readme.txt:\\x00";
		r.wants[1] = "!applefile";
		r.wants[2] = r.wants[3] = NULL;
		old_check(&source_ccmail_driver, &r);
	}
}

/* Q223383: no fixed limits; and the same message many times is many. */
static void
many(void)
{
	g_autofree char *dir = set_dir_new(), *spool = set_dir_new();
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *out = NULL;
	struct old_file file = {"A.CCM", NULL, 0};

	for (guint i = 0; i < 100000; i++)
		g_string_append_printf(text,
		    "Message:" NL "60" NL "From: A at P" NL
		    "Date: 1/20/97 9:00" NL "Contents:" NL
		    "16" NL TEXT(2, "%02u"),
		    i % 100);
	file.data = text->str;
	file.len = (gssize)text->len;
	old_write(dir, &file);
	out = old_read(&source_ccmail_driver, UTC, dir, spool);
	g_assert_nonnull(strstr(out, "end INBOX 100000 0"));
	set_dir_remove(dir);
	set_dir_remove(spool);
}

/* Q223383: as many items in one message. */
static void
many_items(void)
{
	g_autofree char *dir = set_dir_new(), *spool = set_dir_new();
	g_autoptr(GString) text = g_string_new(TOP("A at P") "Contents:" NL);
	g_autofree char *out = NULL;
	struct old_file file = {"A.CCM", NULL, 0};

	for (guint i = 0; i < 100000; i++)
		g_string_append_printf(
		    text, "File item: %u.x" NL "1" NL "y" NL, i);
	file.data = text->str;
	file.len = (gssize)text->len;
	old_write(dir, &file);
	out = old_read(&source_ccmail_driver, UTC, dir, spool);
	g_assert_nonnull(strstr(out, "[file 0.x:y]"));
	g_assert_nonnull(strstr(out, "[file 99999.x:y]"));
	set_dir_remove(dir);
	set_dir_remove(spool);
}

/* A list of everybody, in a book of as many. */
static void
many_members(void)
{
	g_autofree char *dir = set_dir_new(), *spool = set_dir_new();
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *out = NULL;
	struct old_file file = {"LISTS/Ann.PML", NULL, 0};

	for (guint i = 0; i < 20000; i++)
		g_string_append_printf(
		    text, "Name: P%u, X" NL "Addr: NORTH" NL, i);
	g_string_append(text, "List: All" NL);
	for (guint i = 0; i < 20000; i++)
		g_string_append_printf(text, "Memb: P%u, X" NL, 19999 - i);
	file.data = text->str;
	file.len = (gssize)text->len;
	old_write(dir, &file);
	out = old_read(
	    &source_ccmail_driver, UTC "&directory=yes", dir, spool);
	g_assert_nonnull(strstr(out, "(P0, X CCMAIL:P0, X at NORTH)"));
	g_assert_nonnull(strstr(out, "(P19999, X CCMAIL:P19999, X at NORTH)"));
	set_dir_remove(dir);
	set_dir_remove(spool);
}

/* Every prefix, and every byte changed: no crash, no loop, balanced books. */
static void
damaged(void)
{
	static const char good[] =
	    "Message:" NL "        260" NL "From: Okafor, Ada at NORTHPO" NL
	    "Date: 3/9/97 14:05" NL "To: Brandt, Uwe at NORTHPO" NL
	    "Contents:" NL "        109" NL "Text item:" NL "         30" NL
	    "Please pick them up by noon." NL
	    "File item: keys.txt 3/9/97 2:01PM" NL "          6" NL "ABCD" NL
	    "Message:" NL "9" NL "From: B at P" NL "Contents:" NL
	    "9" NL TEXT(1, "q");
	g_autofree char *dir = set_dir_new(), *spool = set_dir_new();
	char bad[sizeof good];
	struct old_file file = {
	    "MAILBOXES.CSV", "file,name\r\nA.CCM,A\r\n", -1};

	old_write(dir, &file);
	file.name = "A.CCM";
	file.data = bad;
	for (gsize i = 0; i < 2 * (sizeof good - 1); i++) {
		g_autofree char *out = NULL;
		gsize at = i % (sizeof good - 1);

		memcpy(bad, good, sizeof good);
		bad[at] ^= (char)(1 << i % 8);
		file.len =
		    i < sizeof good - 1 ? (gssize)at : (gssize)sizeof good - 1;
		old_write(dir, &file);
		out = old_read(&source_ccmail_driver, UTC, dir, spool);
		g_assert_nonnull(strstr(out, "end INBOX"));
		g_assert_null(strstr(out, "lost:"));
	}
	set_dir_remove(dir);
	set_dir_remove(spool);
}

int
main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_test_add_data_func(rows[i].path, &rows[i], row);
	g_test_add_func("/kb/Q193745/dates", dates);
	g_test_add_func("/kb/Q166610/file-names", file_names);
	g_test_add_func("/ccmail/macbinary", macbinary);
	g_test_add_func("/kb/Q223383/many", many);
	g_test_add_func("/kb/Q223383/many-items", many_items);
	g_test_add_func("/ccmail/many-members", many_members);
	g_test_add_func("/ccmail/damaged", damaged);
	return g_test_run();
}
