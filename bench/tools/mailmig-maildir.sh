# IMAP -> local Maildir; compared without regard to layout
umask 077
printf '%s\n' "$SRC_PASS" > "$STATE/password"
echo "$STATE/md" > "$STATE/OUT"
exec "$MAILMIG" migrate --from "imap://$SRC_USER@$SRC_HOST:$SRC_PORT/" --to "maildir:$STATE/md" \
  --password-file "$STATE/password" --state "$STATE/run"
