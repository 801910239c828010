# the first step: IMAP -> migration files, durable at every commit
umask 077
printf '%s\n' "$SRC_PASS" > "$STATE/password"
exec "$MAILMIG" extract --from "imap://$SRC_USER@$SRC_HOST:$SRC_PORT/" --to "files:$STATE/files" \
  --password-file "$STATE/password" --state "$STATE/run"
