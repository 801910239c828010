# IMAP -> IMAP with everything on: ledger, digests, events; 2 connection(s) a side
umask 077
printf '%s\n' "$SRC_PASS" > "$STATE/password"
exec "$MAILMIG" migrate --from "imap://$SRC_USER@$SRC_HOST:$SRC_PORT/" --to "imap://$DST_USER@$DST_HOST:$DST_PORT/" \
  --password-file "$STATE/password" --connections 2 --state "$STATE/run"
