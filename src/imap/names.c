/*
 * What a mailbox is for by its name, for servers that do not say it (RFC 6154):
 * names that mail programs and providers give in their users' languages
 * (Outlook and Exchange, Thunderbird, Apple Mail, Horde, Roundcube, Gmail,
 * Yahoo). Only where one word is unmistakable; a user's own folder must not
 * become the trash because of its name.
 */
#include "imap/session-private.h"

#include <string.h>

/* Per use: names joined by '|', any case; languages in alphabetical order of
 * their codes within each line's group. */
static const struct {
	guint32 use;
	const char *names;
} table[] = {
    {IMAP_USE_SENT,
	"Sent|Sent Items|Sent Messages|Sent Mail|Sent-mail|"
	"البريد المرسل|العناصر المرسلة|المرسلة|"		   /* ar */
	"Изпратени|Изпратени елементи|Изпратена поща|"		   /* bg */
	"Enviats|Elements enviats|"				   /* ca */
	"Odeslaná pošta|Odeslané|Odeslané zprávy|"		   /* cs */
	"Sendt|Sendt post|Sendte elementer|Sendte beskeder|"	   /* da, no */
	"Gesendet|Gesendete Elemente|Gesendete Objekte|"	   /* de */
	"Gesendete Nachrichten|Postausgang gesendet|"		   /* de */
	"Απεσταλμένα|Σταλμένα|"					   /* el */
	"Enviados|Elementos enviados|Mensajes enviados|"	   /* es, pt */
	"Correo enviado|"					   /* es */
	"Saadetud|Saadetud kirjad|Saadetud üksused|"		   /* et */
	"Bidalitakoak|"						   /* eu */
	"Lähetetyt|Lähetetyt viestit|"				   /* fi */
	"Envoyés|Éléments envoyés|Messages envoyés|"		   /* fr */
	"Courrier envoyé|Objets envoyés|"			   /* fr */
	"נשלח|פריטים שנשלחו|דואר שנשלח|"			   /* he */
	"Poslano|Poslane stavke|Poslani elementi|"		   /* hr, sl */
	"Elküldött|Elküldött elemek|Elküldött üzenetek|"	   /* hu */
	"Item Terkirim|Terkirim|Pesan Terkirim|"		   /* id */
	"Posta inviata|Inviata|Inviati|Elementi inviati|"	   /* it */
	"送信済み|送信済みアイテム|送信済みメール|送信済みトレイ|" /* ja */
	"보낸 편지함|보낸 메일함|"				   /* ko */
	"Išsiųsta|Išsiųsti laiškai|Išsiųstieji|"		   /* lt */
	"Nosūtītie|Nosūtītās ziņas|Nosūtītie vienumi|"		   /* lv */
	"Sendte|Sendte e-poster|"				   /* no */
	"Verzonden|Verzonden items|Verzonden berichten|"	   /* nl */
	"Wysłane|Elementy wysłane|Wysłane wiadomości|"		   /* pl */
	"Itens enviados|Mensagens enviadas|Enviadas|"		   /* pt */
	"Trimise|Elemente trimise|Mesaje trimise|"		   /* ro */
	"Отправленные|Отправленные элементы|Исходящие отправленные|" /* ru */
	"Odoslané|Odoslaná pošta|Odoslané položky|"		     /* sk */
	"Poslato|Послато|Послате ставке|"			     /* sr */
	"Skickat|Skickade|Skickade objekt|Skickade meddelanden|"     /* sv */
	"รายการที่ถูกส่ง|จดหมายที่ส่งแล้ว|"				     /* th */
	"Gönderilmiş|Gönderilmiş Öğeler|Gönderilenler|"		     /* tr */
	"Gönderilmiş Postalar|"					     /* tr */
	"Надіслані|Надіслані елементи|Відправлені|"		     /* uk */
	"Thư đã gửi|Mục đã Gửi|"				     /* vi */
	"已发送|已发送邮件|已发邮件|已寄出|寄件備份|寄件备份|"	     /* zh */
	"寄件匣備份|已傳送的郵件"},				     /* zh */
    {IMAP_USE_DRAFTS, "Drafts|Draft|"
		      "المسودات|مسودات|"		     /* ar */
		      "Чернови|"			     /* bg */
		      "Esborranys|"			     /* ca */
		      "Koncepty|Rozepsané|"		     /* cs, sk */
		      "Kladder|Udkast|"			     /* da */
		      "Entwürfe|Entwurf|"		     /* de */
		      "Πρόχειρα|"			     /* el */
		      "Borradores|Borrador|"		     /* es */
		      "Mustandid|"			     /* et */
		      "Zirriborroak|"			     /* eu */
		      "Luonnokset|"			     /* fi */
		      "Brouillons|Brouillon|"		     /* fr */
		      "טיוטות|"				     /* he */
		      "Skice|Nacrti|Osnutki|"		     /* hr, sl */
		      "Piszkozatok|"			     /* hu */
		      "Konsep|Draf|"			     /* id */
		      "Bozze|"				     /* it */
		      "下書き|下書きトレイ|"		     /* ja */
		      "임시 보관함|임시보관함|"		     /* ko */
		      "Juodraščiai|"			     /* lt */
		      "Melnraksti|"			     /* lv */
		      "Utkast|"				     /* no, sv */
		      "Concepten|Klad|"			     /* nl */
		      "Szkice|Kopie robocze|Wersje robocze|" /* pl */
		      "Rascunhos|Rascunho|"		     /* pt */
		      "Ciorne|Schițe|"			     /* ro */
		      "Черновики|"			     /* ru */
		      "Rozpísané|"			     /* sk */
		      "Недовршене|"			     /* sr */
		      "แบบร่าง|"				     /* th */
		      "Taslaklar|"			     /* tr */
		      "Чернетки|"			     /* uk */
		      "Thư nháp|Bản nháp|"		     /* vi */
		      "草稿|草稿箱|草稿匣"},		     /* zh */
    {IMAP_USE_TRASH,
	"Trash|Deleted|Deleted Items|Deleted Messages|Bin|Wastebasket|"
	"المحذوفات|العناصر المحذوفة|سلة المهملات|"	     /* ar */
	"Кошче|Изтрити|Изтрити елементи|"		     /* bg */
	"Paperera|Elements suprimits|"			     /* ca */
	"Koš|Odstraněná pošta|Odstraněné|"		     /* cs */
	"Papirkurv|Slettet post|Slettede elementer|Slettet|" /* da */
	"Papierkorb|Gelöscht|Gelöschte Elemente|"	     /* de */
	"Gelöschte Objekte|Gelöschte Nachrichten|"	     /* de */
	"Κάδος απορριμμάτων|Απορρίμματα|Διαγραμμένα|"	     /* el */
	"Papelera|Elementos eliminados|Eliminados|"	     /* es */
	"Mensajes eliminados|Correo eliminado|"		     /* es */
	"Prügikast|Kustutatud|Kustutatud üksused|"	     /* et */
	"Zakarrontzia|"					     /* eu */
	"Roskakori|Poistetut|Poistetut viestit|"	     /* fi */
	"Corbeille|Éléments supprimés|Messages supprimés|"   /* fr */
	"Poubelle|"					     /* fr */
	"אשפה|פריטים שנמחקו|"				     /* he */
	"Otpad|Smeće|Izbrisane stavke|Izbrisano|Smetnjak|"   /* hr, sl */
	"Kuka|Törölt elemek|Lomtár|Törölt|"		     /* hu */
	"Sampah|Item Dihapus|Tempat Sampah|"		     /* id */
	"Cestino|Posta eliminata|Elementi eliminati|"	     /* it */
	"ゴミ箱|ごみ箱|削除済みアイテム|削除済み|"	     /* ja */
	"휴지통|지운 편지함|"				     /* ko */
	"Šiukšlinė|Šiukšliadėžė|Panaikinta|"		     /* lt */
	"Miskaste|Atkritne|Dzēstie vienumi|"		     /* lv */
	"Papirkurven|Søppel|"				     /* no */
	"Prullenbak|Verwijderde items|Prullenmand|"	     /* nl */
	"Verwijderde berichten|"			     /* nl */
	"Kosz|Elementy usunięte|Usunięte|"		     /* pl */
	"Lixo|Lixeira|Itens excluídos|Itens eliminados|"     /* pt */
	"Coș de gunoi|Gunoi|Elemente șterse|"		     /* ro */
	"Корзина|Удаленные|Удалённые|Удаленные элементы|"    /* ru */
	"Kôš|Odstránená pošta|Odstránené položky|"	     /* sk */
	"Смеће|Обрисане ставке|"			     /* sr */
	"Papperskorg|Papperskorgen|Borttaget|"		     /* sv */
	"Borttagna objekt|"				     /* sv */
	"ถังขยะ|รายการที่ถูกลบ|"				     /* th */
	"Çöp|Çöp Kutusu|Silinmiş Öğeler|Silinmiş|"	     /* tr */
	"Кошик|Видалені|Видалені елементи|"		     /* uk */
	"Thùng rác|Mục đã Xóa|"				     /* vi */
	"已删除|已删除邮件|垃圾桶|刪除的郵件|已刪除的郵件"}, /* zh */
    {IMAP_USE_JUNK,
	"Junk|Spam|Junk E-mail|Junk Email|Junk Mail|Bulk Mail|Bulk|"
	"البريد غير الهام|البريد العشوائي|"		    /* ar */
	"Нежелана поща|Спам|"				    /* bg, ru */
	"Correu brossa|"				    /* ca */
	"Nevyžádaná pošta|Nevyžádané|"			    /* cs, sk */
	"Uønsket mail|Uønsket post|Søppelpost|"		    /* da, no */
	"Spamverdacht|Unerwünscht|Werbung/Spam|"	    /* de */
	"Ανεπιθύμητα|Ανεπιθύμητη αλληλογραφία|"		    /* el */
	"Correo no deseado|Correo basura|No deseado|"	    /* es */
	"Rämpspost|"					    /* et */
	"Zabor-posta|"					    /* eu */
	"Roskaposti|"					    /* fi */
	"Courrier indésirable|Indésirables|Pourriel|"	    /* fr */
	"דואר זבל|זבל|"					    /* he */
	"Neželjena pošta|Bezvrijedna pošta|Vsiljena pošta|" /* hr, sl */
	"Levélszemét|"					    /* hu */
	"Email Sampah|Surel Sampah|"			    /* id */
	"Posta indesiderata|Indesiderata|"		    /* it */
	"迷惑メール|"					    /* ja */
	"정크 메일|스팸 메일함|스팸메일함|스팸함|"	    /* ko */
	"Brukalas|Šlamštas|Pašto šiukšlės|"		    /* lt */
	"Mēstules|Surogātpasts|"			    /* lv */
	"Ongewenste e-mail|Ongewenst|Reclame|"		    /* nl */
	"Wiadomości-śmieci|Niechciane|Wiadomości śmieci|"   /* pl */
	"Lixo eletrônico|Lixo Eletrónico|E-mail de Lixo|"   /* pt */
	"Correio eletrônico não solicitado|"		    /* pt */
	"E-mail nedorit|Mesaje nedorite|"		    /* ro */
	"Нежелательная почта|"				    /* ru */
	"Нежељена пошта|"				    /* sr */
	"Skräppost|"					    /* sv */
	"อีเมลขยะ|"					    /* th */
	"Önemsiz E-posta|Önemsiz|İstenmeyen|"		    /* tr */
	"Небажана пошта|"				    /* uk */
	"Thư rác|Email Rác|"				    /* vi */
	"垃圾邮件|垃圾郵件|垃圾箱"},			    /* zh */
    {IMAP_USE_ARCHIVE, "Archive|Archives|"
		       "الأرشيف|أرشيف|"			   /* ar */
		       "Архив|"				   /* bg, ru */
		       "Arxiu|"				   /* ca */
		       "Archiv|Archív|"			   /* cs, de, sk */
		       "Arkiv|"				   /* da, no, sv */
		       "Αρχείο|Αρχειοθήκη|"		   /* el */
		       "Archivo|"			   /* es */
		       "Arhiiv|"			   /* et */
		       "Artxiboa|"			   /* eu */
		       "Arkisto|"			   /* fi */
		       "ארכיון|"			   /* he */
		       "Arhiva|Arhiv|"			   /* hr, ro, sl */
		       "Archívum|"			   /* hu */
		       "Arsip|"				   /* id */
		       "Archivio|"			   /* it */
		       "アーカイブ|"			   /* ja */
		       "보관|보관함|"			   /* ko */
		       "Archyvas|"			   /* lt */
		       "Arhīvs|"			   /* lv */
		       "Archief|"			   /* nl */
		       "Archiwum|"			   /* pl */
		       "Arquivo|Arquivo Morto|Arquivados|" /* pt */
		       "Архива|"			   /* sr */
		       "ที่เก็บถาวร|"			   /* th */
		       "Arşiv|"				   /* tr */
		       "Архів|"				   /* uk */
		       "Lưu trữ|"			   /* vi */
		       "存档|归档|封存|典藏"},		   /* zh */
};

/* Comparable: composed and without case. */
static char *
fold(const char *name, gssize len)
{
	g_autofree char *composed =
	    g_utf8_normalize(name, len, G_NORMALIZE_NFC);

	return composed ? g_utf8_casefold(composed, -1) : NULL;
}

static GHashTable *
make_folded(void)
{
	GHashTable *out =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_auto(GStrv) names = g_strsplit(table[i].names, "|", -1);

		for (guint j = 0; names[j]; j++) {
			char *key = fold(names[j], -1);

			/* The first use that claims a name keeps it. */
			if (g_hash_table_contains(out, key))
				g_free(key);
			else
				g_hash_table_insert(
				    out, key, GUINT_TO_POINTER(table[i].use));
		}
	}
	return out;
}

/* The whole table, folded: name to use. Made once: two sessions of a process may
 * ask, in two threads. */
static GHashTable *
folded(void)
{
	static GHashTable *uses;

	if (g_once_init_enter(&uses))
		g_once_init_leave(&uses, make_folded());
	return uses;
}

guint32
imap_use_from_name(const char *name)
{
	g_autofree char *key = fold(name, -1);

	return key ? GPOINTER_TO_UINT(g_hash_table_lookup(folded(), key)) : 0;
}

/* Top-level, or right below INBOX where servers put everything. */
static const char *
name_worth_asking(const struct imap_mailbox *m)
{
	if (m->path[1] == NULL)
		return m->path[0];
	if (m->path[2] == NULL && strcmp(m->path[0], "INBOX") == 0)
		return m->path[1];
	return NULL;
}

void
imap_guess_uses(GPtrArray *mailboxes)
{
	guint32 taken = 0;

	for (guint i = 0; i < mailboxes->len; i++) {
		const struct imap_mailbox *m = g_ptr_array_index(mailboxes, i);

		taken |= 1u << m->use;
	}
	for (guint i = 0; i < mailboxes->len; i++) {
		struct imap_mailbox *m = g_ptr_array_index(mailboxes, i);
		const char *name = name_worth_asking(m);
		guint32 use;

		if (m->use || !m->selectable || name == NULL)
			continue;
		use = imap_use_from_name(name);
		if (use == 0 || taken & 1u << use)
			continue;
		m->use = use;
		m->use_guessed = true;
		taken |= 1u << use;
	}
}
