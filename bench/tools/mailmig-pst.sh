# IMAP -> one .pst; run looks into it afterwards
umask 077
printf '%s\n' "$SRC_PASS" > "$STATE/password"
exec "$MAILMIG" migrate --from "imap://$SRC_USER@$SRC_HOST:$SRC_PORT/" --to "pst:$STATE/pst" \
  --password-file "$STATE/password" --state "$STATE/run"
